//! Jobs beside the official graphile-worker, in turns on one durable cluster: `cargo xtask bench jobs`.

mod graphile;
mod ours;
#[path = "../ingest/table.rs"]
mod table;

use std::time::{SystemTime, UNIX_EPOCH};

use acd_server::kernel::embedded::{DATABASE, Durability, EmbeddedCluster, EmbeddedOptions};
use acd_server::kernel::migrate::Migrator;
use sqlx::{Connection, PgConnection};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

const ROUNDS: usize = 5;
const UNBATCHED_JOBS: usize = 5_000;
const BATCHED_JOBS: usize = 30_000;
const LATENCY_JOBS: usize = 200;

/// How a round is set up.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Ten side by side, each claims one job and finishes one in a call.
    Unbatched,
    /// Ten side by side with no other setting: ours gathers what waits while a call is made, graphile-worker does not unless told.
    Unset,
    /// In batches, as each side does best.
    Batched,
}

impl Mode {
    fn jobs(self) -> usize {
        match self {
            Self::Unbatched | Self::Unset => UNBATCHED_JOBS,
            Self::Batched => BATCHED_JOBS,
        }
    }
}

/// Milliseconds since 1970, the clock that both sides share.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1_000.0
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("acd-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn run(folder: &std::path::Path) -> Result<()> {
    let options = EmbeddedOptions { data_dir: folder.to_owned(), durability: Durability::Durable };
    let cluster = EmbeddedCluster::start(options).await?;
    let at = cluster.connect_options(DATABASE);
    let pool = sqlx::PgPool::connect_lazy_with(at.clone());
    Migrator::new(None)?.up(&pool, None).await?;
    pool.close().await;
    let mut sql = PgConnection::connect_with(&at).await?;
    let url = cluster.url(DATABASE);

    let rows = [
        ("a job at a time", Mode::Unbatched),
        ("ten side by side and nothing else set", Mode::Unset),
        ("in batches", Mode::Batched),
    ];
    let mut rates = Vec::new();
    for (name, mode) in rows {
        let (mut our, mut their) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let ours = ours::rate(&at, &mut sql, mode).await?;
            let graphile = graphile::rate(&url, &mut sql, mode).await?;
            println!("{name}, round {round}: {ours:.0} and {graphile:.0} jobs a second");
            // The first round warms caches; it is not counted.
            if round > 0 {
                our.push(ours);
                their.push(graphile);
            }
        }
        rates.push((name, our, their));
    }
    let (mut our, mut their) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our.push(1_000.0 * ours::latency(&at, LATENCY_JOBS).await?);
        their.push(1_000.0 * graphile::latency(&url, LATENCY_JOBS).await?);
    }
    table::title();
    for (name, our, their) in rates {
        table::row(&format!("jobs that do nothing, {name} (1/s)"), "graphile-worker (1/s)", &our, &their, "> 1");
    }
    table::row("enqueued until started, median (µs)", "graphile-worker (µs)", &our, &their, "< 1");
    sql.close().await?;
    cluster.stop().await?;
    Ok(())
}

/// The middle of some measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
