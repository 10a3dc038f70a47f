//! One ad account shared by three greedy products on two replicas, against naive retry on the same simulator:
//! `cargo xtask bench hub`. Time runs faster than on the wall, for everybody alike.

mod fast;

use std::future::IntoFuture;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acd_core::limits::{Limits, OnLimit};
use acd_core::{ErrorKind, RetryConfig, Runtime};
use acd_meta::ads::campaigns::{CreateCampaign, Objective, UpdateCampaign};
use acd_meta::{AdAccountId, CampaignId, MetaClient, MetaLimits};
use acd_server::ads::pool::SharedPools;
use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::kernel::embedded::{DATABASE, Durability, EmbeddedCluster, EmbeddedOptions};
use acd_server::kernel::migrate::Migrator;
use acd_testing::{MetaSimulator, MetaTier};
use tokio_util::sync::CancellationToken;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How much faster time runs.
const PACE: u32 = 30;
const WINDOW: Duration = Duration::from_secs(300);
/// Points in a window, of an app with limited access.
const CAP: u64 = 60;
/// What a write costs.
const WRITE: u64 = 3;
/// Windows that are measured, after one that is not.
const WINDOWS: u32 = 8;
const DAY: Duration = Duration::from_secs(86_400);
/// Product, weight, and calls at a time on each replica: who calls more often gets no more for that.
const PRODUCTS: [(&str, i32, usize); 3] = [("pct", 250, 1), ("everreach", 150, 4), ("waitlistlab", 100, 2)];

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("acd-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn run(folder: &Path) -> Result<()> {
    let options = EmbeddedOptions { data_dir: folder.to_owned(), durability: Durability::Durable };
    let cluster = EmbeddedCluster::start(options).await?;
    let database = cluster.connect_options(DATABASE);
    let db = Db::new(database.clone(), PoolSettings::default());
    Migrator::new(None)?.up(db.pool(), None).await?;
    println!("{:<14} {:>12} {:>10} {:>26}", "", "of the cap", "refusals", "shares (wanted 50/30/20)");

    let world = World::start().await?;
    for (product, weight, _) in PRODUCTS {
        sqlx::query("insert into ads_account_products (account, product, weight) values ($1, $2, $3)")
            .bind(world.account().to_string())
            .bind(product)
            .bind(weight)
            .execute(db.pool())
            .await?;
    }
    let stop = CancellationToken::new();
    let mut clients = Vec::new();
    let mut keepers = Vec::new();
    for _ in 0..2 {
        let db = Db::new(database.clone(), PoolSettings::default());
        let pools = SharedPools::new(db, world.runtime.clone(), MetaLimits::default());
        clients.push(world.client(pools.limits())?);
        keepers.push(tokio::spawn(pools.keep(stop.clone())));
    }
    let figures = world.measure(&clients, patient).await;
    show("shared pool", &figures);
    stop.cancel();
    for keeper in keepers {
        keeper.await?;
    }

    let world = World::start().await?;
    let clients = [world.client(Limits::new())?, world.client(Limits::new())?];
    show("naive retry", &world.measure(&clients, naive).await);
    db.pool().close().await;
    cluster.stop().await?;
    Ok(())
}

struct World {
    runtime: Runtime,
    simulator: MetaSimulator,
    campaign: CampaignId,
}

struct Figures {
    writes: [u64; 3],
    refused: u64,
}

/// What a worker does all day.
struct Worker {
    meta: MetaClient,
    campaign: CampaignId,
    runtime: Runtime,
    done: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl World {
    async fn start() -> Result<Self> {
        let runtime = fast::runtime(PACE);
        let simulator = MetaSimulator::builder().runtime(runtime.clone()).tier(MetaTier::Limited).start().await?;
        let account = AdAccountId::from(simulator.world().ad_account.as_str());
        let new = CreateCampaign {
            is_adset_budget_sharing_enabled: Some(false),
            ..CreateCampaign::new("c", Objective::Traffic, [])
        };
        let token = simulator.world().access_token.clone();
        let meta = MetaClient::builder(token).base_url(simulator.url()).build()?;
        let campaign = meta.campaigns().create(&account, &new).await?.id;
        Ok(Self { runtime, simulator, campaign })
    }

    fn account(&self) -> AdAccountId {
        AdAccountId::from(self.simulator.world().ad_account.as_str())
    }

    fn client(&self, limits: Limits) -> Result<MetaClient> {
        let runtime = self.runtime.clone();
        let builder = MetaClient::builder(self.simulator.world().access_token.clone());
        let builder = builder.base_url(self.simulator.url()).limits(limits).http(move |http| http.runtime(runtime));
        Ok(builder.build()?.for_account(&self.account()))
    }

    /// Counts what workers get done in the measured windows.
    async fn measure<W: Future<Output = ()> + Send + 'static>(
        &self,
        clients: &[MetaClient],
        work: impl Fn(Worker) -> W,
    ) -> Figures {
        let refused = Arc::new(AtomicU64::new(0));
        let done: [Arc<AtomicU64>; 3] = std::array::from_fn(|_| Arc::default());
        let mut workers = tokio::task::JoinSet::new();
        for meta in clients {
            for ((product, _, at_a_time), done) in PRODUCTS.iter().zip(&done) {
                for _ in 0..*at_a_time {
                    workers.spawn(work(Worker {
                        meta: meta.for_caller(*product),
                        campaign: self.campaign.clone(),
                        runtime: self.runtime.clone(),
                        done: Arc::clone(done),
                        refused: Arc::clone(&refused),
                    }));
                }
            }
        }
        let read = || (done.each_ref().map(|done| done.load(Ordering::Relaxed)), refused.load(Ordering::Relaxed));
        // Away from the window's edge, where a burst would count or not by a hair.
        self.runtime.sleep(WINDOW + WINDOW / 2).await;
        let (before, refused_before) = read();
        self.runtime.sleep(WINDOW * WINDOWS).await;
        let (after, refused_after) = read();
        workers.shutdown().await;
        Figures { writes: std::array::from_fn(|at| after[at] - before[at]), refused: refused_after - refused_before }
    }
}

async fn write(worker: &Worker) -> std::result::Result<(), acd_core::Error> {
    let change = UpdateCampaign { name: Some("n".to_owned()), ..UpdateCampaign::new() };
    let call = worker.meta.campaigns().update(&worker.campaign, &change);
    let call = call.http(|call| {
        call.on_limit(OnLimit::Wait(DAY)).timeout(2 * DAY).retry(RetryConfig::disabled()).without_breaker()
    });
    let result = call.into_future().await.map(drop);
    match &result {
        Ok(()) => worker.done.fetch_add(1, Ordering::Relaxed),
        Err(error) if error.kind() == ErrorKind::Throttled => worker.refused.fetch_add(1, Ordering::Relaxed),
        Err(_) => 0,
    };
    result
}

/// Waits for its turn.
async fn patient(worker: Worker) {
    loop {
        if let Err(error) = write(&worker).await {
            eprintln!("{error}");
        }
    }
}

/// Tries, and doubles its pause from one second to a minute after each refusal, as clients do that know no limit.
async fn naive(worker: Worker) {
    let mut pause = Duration::from_secs(1);
    loop {
        if write(&worker).await.is_ok() {
            pause = Duration::from_secs(1);
            continue;
        }
        let jitter = worker.runtime.random_unit().unwrap_or(0.5);
        worker.runtime.sleep(pause.mul_f64(0.5 + jitter)).await;
        pause = (pause * 2).min(Duration::from_secs(64));
    }
}

fn show(name: &str, figures: &Figures) {
    let all: u64 = figures.writes.iter().sum();
    let cap = CAP * u64::from(WINDOWS);
    let share = |part: u64| 100.0 * part as f64 / all.max(1) as f64;
    let [a, b, c] = figures.writes.map(share);
    let used = 100.0 * (all * WRITE) as f64 / cap as f64;
    println!("{name:<14} {used:>10.1} % {:>10} {:>26}", figures.refused, format!("{a:.1} / {b:.1} / {c:.1}"));
}
