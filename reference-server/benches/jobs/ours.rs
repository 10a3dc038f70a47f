//! Our side: workers in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use acd_server::jobs::{Handler, JobContext, JobError, Jobs, NewJob, Wakes, Workers, enqueue};
use acd_server::kernel::clock::Clock;
use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::kernel::principal::Principal;
use acd_server::kernel::request_id::RequestId;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Mode, Result, median, now};

#[derive(Clone)]
struct Nothing {
    left: Arc<AtomicUsize>,
    all: Arc<Notify>,
    started: mpsc::UnboundedSender<Instant>,
}

impl Handler for Nothing {
    const KIND: &'static str = "bench.nothing";
    type Payload = Value;

    async fn run(&self, _: &JobContext, _: Value) -> Result<Option<Value>, JobError> {
        // Nobody listens where latency is not what is measured.
        let _ = self.started.send(Instant::now());
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.all.notify_one();
        }
        Ok(None)
    }
}

struct Side {
    jobs: Jobs,
    db: Db,
    clock: Clock,
    stop: CancellationToken,
    listening: CancellationToken,
    tasks: JoinSet<()>,
}

impl Side {
    fn start(at: &PgConnectOptions) -> Self {
        let db = Db::new(at.clone(), PoolSettings { max: 24, ..PoolSettings::default() });
        let clock = Clock::system();
        let jobs = Jobs::new(db.clone(), clock.clone(), Wakes::default());
        let (stop, listening) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        tasks.spawn(jobs.wakes().clone().listen(at.clone(), listening.clone()));
        // As in every server.
        tasks.spawn(jobs.clone().keep_up_until(listening.clone()));
        Self { jobs, db, clock, stop, listening, tasks }
    }

    /// Returns the time when the last end was written.
    async fn end(mut self, mut workers: JoinSet<()>) -> f64 {
        self.stop.cancel();
        while workers.join_next().await.is_some() {}
        let end = now();
        self.listening.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.db.pool().close().await;
        end
    }
}

/// Jobs a second, from the commit that puts them in until the last end is written.
pub(super) async fn rate(at: &PgConnectOptions, sql: &mut PgConnection, mode: Mode) -> Result<f64> {
    sqlx::raw_sql("truncate shared_jobs cascade; checkpoint").execute(&mut *sql).await?;
    let side = Side::start(at);
    let (started, _) = mpsc::unbounded_channel();
    let handler = Nothing { left: Arc::new(AtomicUsize::new(mode.jobs())), all: Arc::new(Notify::new()), started };
    let mut workers = JoinSet::new();
    let builder = || Workers::builder(side.jobs.clone()).handle(handler.clone());
    match mode {
        Mode::Unbatched => {
            for _ in 0..10 {
                workers.spawn(builder().concurrency(1).batch(1).build().run(side.stop.clone()));
            }
        }
        Mode::Unset => {
            workers.spawn(builder().concurrency(10).build().run(side.stop.clone()));
        }
        Mode::Batched => {
            // Room for a batch that is claimed while the one before is run and written.
            workers.spawn(builder().concurrency(1_000).batch(500).build().run(side.stop.clone()));
        }
    }
    settle().await;
    sqlx::raw_sql("begin").execute(&mut *sql).await?;
    sqlx::query("insert into shared_jobs (product, kind) select 'pct', 'bench.nothing' from generate_series(1, $1)")
        .bind(i32::try_from(mode.jobs())?)
        .execute(&mut *sql)
        .await?;
    let begin = now();
    sqlx::raw_sql("commit").execute(&mut *sql).await?;
    handler.all.notified().await;
    let end = side.end(workers).await;
    let left: i64 = sqlx::query_scalar("select count(*) from shared_jobs where kind = $1 and state <> 'succeeded'")
        .bind(Nothing::KIND)
        .fetch_one(&mut *sql)
        .await?;
    if left != 0 {
        return Err(format!("{left} jobs are not done").into());
    }
    Ok(mode.jobs() as f64 / (end - begin) * 1_000.0)
}

/// The median of the milliseconds from the call that puts a job in until its handler starts.
pub(super) async fn latency(at: &PgConnectOptions, jobs: usize) -> Result<f64> {
    let side = Side::start(at);
    let (started, mut starts) = mpsc::unbounded_channel();
    let handler = Nothing { left: Arc::new(AtomicUsize::new(0)), all: Arc::new(Notify::new()), started };
    let mut workers = JoinSet::new();
    let builder = Workers::builder(side.jobs.clone()).handle(handler).concurrency(10);
    workers.spawn(builder.build().run(side.stop.clone()));
    settle().await;
    let principal = Principal::service(RequestId::new());
    let product = "pct".parse()?;
    let job = NewJob::of::<Nothing>(&Value::Object(serde_json::Map::new()))?;
    let mut waits = Vec::new();
    for at in 0..jobs + 20 {
        let asked = Instant::now();
        let mut tx = side.db.scoped(&principal).await?;
        enqueue(&mut tx, &side.clock, Some(&product), &job, &principal.request_id).await?;
        tx.commit().await?;
        let start = starts.recv().await.ok_or("the workers are gone")?;
        // The first ones warm both sides up.
        if at >= 20 {
            waits.push((start - asked).as_secs_f64() * 1_000.0);
        }
        // What ends the job is not part of the next one's wait.
        pause(5).await;
    }
    side.end(workers).await;
    Ok(median(waits))
}

/// Lets connections open and listeners listen.
async fn settle() {
    pause(500).await;
}

#[expect(clippy::disallowed_methods, reason = "the other side is idle in real time as well")]
async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
