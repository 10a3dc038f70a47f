//! Ingestion beside what bounds it, in one run on one durable cluster: `cargo xtask bench ingest`.

mod copy;
mod http;
#[path = "../support/http.rs"]
mod load;
mod pgbench;
mod row_security;
mod single;
mod table;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use acd_server::kernel::embedded::{DATABASE, Durability, EmbeddedCluster, EmbeddedOptions};
use sqlx::{Connection, PgConnection};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ROUNDS: usize = 5;
const BATCH_ROWS: usize = 60_000;
const SINGLE_SECONDS: u64 = 4;
const CLIENTS: usize = 64;

#[tokio::main(flavor = "current_thread")]
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
    let address = "127.0.0.1:4499";
    let key =
        acd(folder, address).args(["keys", "create", "--product", "portal28", "--scope", "events:write"]).output()?;
    let key = String::from_utf8(key.stdout)?.trim().to_owned();
    let mut server = Server(acd(folder, address).arg("serve").stdout(Stdio::null()).spawn()?);
    load::wait_until_ready(address).await?;
    let mut sql = PgConnection::connect_with(&cluster.connect_options(DATABASE)).await?;

    let mut batch = Vec::new();
    let mut copy = Vec::new();
    let mut batch_open = Vec::new();
    for round in 0..=ROUNDS {
        empty(&mut sql).await?;
        let rate = http::batches(address, &key, BATCH_ROWS, 8).await?;
        let stored = count(&mut sql).await?;
        if stored != BATCH_ROWS {
            return Err(format!("{stored} rows are stored of {BATCH_ROWS} acknowledged").into());
        }
        let rows = copy::read(&mut sql).await?;
        empty(&mut sql).await?;
        let copy_rate = copy::write(&mut sql, &rows).await?;
        empty(&mut sql).await?;
        row_security::off(&mut sql).await?;
        let open_rate = http::batches(address, &key, BATCH_ROWS, 8).await?;
        row_security::on(&mut sql).await?;
        // The first round warms caches and finds the persons; it is not counted.
        if round > 0 {
            batch.push(rate);
            copy.push(copy_rate);
            batch_open.push(open_rate);
        }
    }

    let mut single = Vec::new();
    let mut bench = Vec::new();
    for _ in 0..ROUNDS {
        empty(&mut sql).await?;
        single.push(single::singles(address, &key, CLIENTS, Duration::from_secs(SINGLE_SECONDS)).await?);
        empty(&mut sql).await?;
        bench.push(pgbench::run(&cluster.url(DATABASE), folder, CLIENTS, SINGLE_SECONDS)?);
    }

    let (guarded, open) = row_security::primary_key_reads(&mut sql).await?;

    table::title();
    table::row("batches of 100 (rows/s)", "bare COPY (rows/s)", &batch, &copy, ">= 0.5");
    table::row("single track, 64 connections (rows/s)", "pgbench, 64 clients (rows/s)", &single, &bench, ">= 3");
    table::row("batches, row security on (rows/s)", "the same, off (rows/s)", &batch, &batch_open, ">= 0.9");
    table::row(
        "reads by primary key, row security on (1/s)",
        "the same, off (1/s)",
        &guarded.whole,
        &open.whole,
        ">= 0.9",
    );
    table::row("the read statement alone, on (1/s)", "the same, off (1/s)", &guarded.bare, &open.bare, ">= 0.9");

    server.0.kill()?;
    server.0.wait()?;
    sql.close().await?;
    cluster.stop().await?;
    Ok(())
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Also when a measurement failed: the port must be free for the next run.
        let _ = self.0.kill();
    }
}

fn acd(folder: &std::path::Path, address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acd"));
    command.env("ACD_DATA_DIR", folder).env("ACD_LISTEN", address).env("ACD_LOG", "warn").env_remove("DATABASE_URL");
    command
}

async fn empty(sql: &mut PgConnection) -> Result<()> {
    sqlx::query("truncate shared_events").execute(&mut *sql).await?;
    sqlx::query("checkpoint").execute(&mut *sql).await?;
    Ok(())
}

async fn count(sql: &mut PgConnection) -> Result<usize> {
    let count: i64 = sqlx::query_scalar("select count(*) from shared_events").fetch_one(sql).await?;
    Ok(usize::try_from(count)?)
}
