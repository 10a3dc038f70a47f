//! What a job costs PostgreSQL, whatever its planner believes of the queue.

use acd_platform::jobs::{ClaimedJob, EnqueueJobs, HeartbeatJobs, HeldJob};
use acd_server::jobs::{Handler, JobContext, JobError, Workers};
use serde_json::Value;
use sqlx::{query, query_scalar};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::support::{ALL, claim, done, job};
use crate::support::app::TestApp;
use crate::support::wait::until;

const JOBS: usize = 2_000;
/// Index entries read for a job by all that is done with it: a look-up reads one, a queue that is read through `JOBS`.
const READ_FOR_A_JOB: i64 = 30;

/// Tells that it ran.
struct Tell(mpsc::UnboundedSender<()>);

impl Handler for Tell {
    const KIND: &'static str = "a.tell";
    type Payload = Value;

    async fn run(&self, _: &JobContext, _: Value) -> Result<Option<Value>, JobError> {
        self.0.send(()).map_err(JobError::retry)?;
        Ok(None)
    }
}

#[tokio::test]
async fn statements_that_were_planned_for_an_empty_queue_read_no_more_of_a_long_one_than_they_need() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let (ran, mut runs) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    // Many jobs a call, and one that ends a job and claims the next.
    let workers =
        |concurrency| Workers::builder(app.app.jobs.clone()).handle(Tell(ran.clone())).concurrency(concurrency);
    let pool = app.database.pool();
    let state = |state: &'static str| {
        let sql = "select count(*) from shared_jobs where product is not null and state = $1";
        let pool = pool.clone();
        async move { query_scalar::<_, i64>(sql).bind(state).fetch_one(&pool).await.unwrap() }
    };
    // As it is after a night: the planner knows for certain that there is nothing.
    query("delete from shared_jobs").execute(&pool).await.unwrap();
    query("vacuum analyze shared_jobs").execute(&pool).await.unwrap();
    let running = [100, 1].map(|concurrency| tokio::spawn(workers(concurrency).build().run(stop.clone())));
    let first = acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![job("a.tell"), job("a.b")] }).await.unwrap();
    assert_eq!(first.jobs.len(), 2);
    acd.jobs().complete(&done(&claim(&acd, "a.b", 10).await)).await.unwrap();
    until("one of each is done", async || (state("succeeded").await == 2).then_some(())).await;

    for kind in ["a.tell", "a.b"] {
        for _ in 0..JOBS / 1_000 {
            acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![job(kind); 1_000] }).await.unwrap();
        }
    }
    loop {
        let held = claim(&acd, "a.b", 100).await;
        if held.is_empty() {
            break;
        }
        let beat =
            |job: &ClaimedJob| HeldJob { id: job.id, lease_id: job.lease_id, progress: Some(50), progress_note: None };
        acd.jobs()
            .heartbeat(&HeartbeatJobs { jobs: held.iter().map(beat).collect(), lease_seconds: None })
            .await
            .unwrap();
        acd.jobs().complete(&done(&held)).await.unwrap();
    }
    for _ in 0..=JOBS {
        runs.recv().await.unwrap();
    }
    stop.cancel();
    for workers in running {
        workers.await.unwrap();
    }
    assert_eq!(state("succeeded").await, 2 * i64::try_from(JOBS).unwrap() + 2);
    assert!(runs.try_recv().is_err(), "none ran twice");

    // Connections tell what they read when they end, at the latest.
    app.app.db.pool().close().await;
    let read = until("all is told", async || {
        let sql =
            "select count(*) from pg_stat_activity where application_name like 'acd%' and datname = current_database()";
        let open: i64 = query_scalar(sql).fetch_one(&pool).await.unwrap();
        let sql = "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'shared_jobs'";
        let read: i64 = query_scalar(sql).fetch_one(&pool).await.unwrap();
        (open == 0 && read > 0).then_some(read)
    })
    .await;
    let jobs = 2 * i64::try_from(JOBS).unwrap();
    assert!(read < READ_FOR_A_JOB * jobs, "{} index entries were read for a job", read / jobs);
}
