//! Typed handlers in this process.

use std::sync::Arc;
use std::time::Duration;

use acd_platform::JobId;
use acd_platform::ProductSlug;
use acd_platform::jobs::{AttemptOutcome, JobState, SetJobLimit};
use acd_server::jobs::{CleanUp, Handler, JobContext, JobError, NewJob, Policy, Workers, enqueue};
use acd_server::kernel::db::PoolSettings;
use acd_server::kernel::principal::Principal;
use acd_server::kernel::request_id::RequestId;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::query_scalar;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::support::{ALL, at, show, state};
use crate::support::app::{TestApp, TestOptions};
use crate::support::cluster::fresh_database;
use crate::support::pooler::Pooler;
use crate::support::wait::until;

/// What the test wants of a job.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Do {
    Succeed,
    FailOnce,
    Never,
    Panic,
    Hang,
    UntilCancelled,
}

#[derive(Clone, Default)]
struct Obedient {
    started: Arc<Notify>,
}

impl Handler for Obedient {
    const KIND: &'static str = "test.obedient";
    const POLICY: Policy = Policy {
        timeout: Duration::from_millis(300),
        max_attempts: 2,
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
    };
    type Payload = Do;

    async fn run(&self, context: &JobContext, wanted: Do) -> Result<Option<Value>, JobError> {
        self.started.notify_one();
        match wanted {
            Do::Succeed => Ok(Some(json!({ "attempt": context.attempt, "product": context.product }))),
            Do::FailOnce if context.attempt > 1 => Ok(None),
            Do::FailOnce => Err(JobError::retry("not yet")),
            Do::Never => Err(JobError::permanent("no such account")),
            Do::Panic => panic!("on purpose"),
            Do::Hang => std::future::pending().await,
            Do::UntilCancelled => {
                context.progress(40, "waiting");
                context.cancelled().cancelled().await;
                Err(JobError::cancelled())
            }
        }
    }
}

/// Waits for as long as it takes.
#[derive(Clone, Default)]
struct Patient {
    started: Arc<Notify>,
    finish: Arc<Notify>,
}

impl Handler for Patient {
    const KIND: &'static str = "test.patient";
    type Payload = ();

    async fn run(&self, _: &JobContext, (): ()) -> Result<Option<Value>, JobError> {
        self.started.notify_one();
        self.finish.notified().await;
        Ok(None)
    }
}

/// Is done at once.
struct Nothing;

impl Handler for Nothing {
    const KIND: &'static str = "test.nothing";
    type Payload = ();

    async fn run(&self, _: &JobContext, (): ()) -> Result<Option<Value>, JobError> {
        Ok(None)
    }
}

fn pct() -> ProductSlug {
    "pct".parse().unwrap()
}

async fn put(app: &TestApp, job: NewJob) -> JobId {
    let mut tx = app.app.db.scoped(&Principal::service(RequestId::new())).await.unwrap();
    let id = enqueue(&mut tx, &app.app.clock, Some(&pct()), &job, &RequestId::new()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(workers: Workers) -> Self {
        let stop = CancellationToken::new();
        Self { task: tokio::spawn(workers.run(stop.clone())), stop }
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn keeping_up(app: &TestApp) -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn(app.app.jobs.clone().keep_up_until(stop.clone()));
    stop
}

#[tokio::test]
async fn each_way_in_which_a_handler_ends_is_kept() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let keeping = keeping_up(&app);
    let workers = Workers::builder(app.app.jobs.clone()).handle(Obedient::default()).poll(Duration::from_millis(20));
    let running = Running::start(workers.build());
    let failed = |error: &'static str| (AttemptOutcome::Failed, error);
    let slow = "it took longer than 0.3 s, which its kind may";
    for (wanted, state, attempts) in [
        (Do::Succeed, JobState::Succeeded, vec![]),
        (Do::FailOnce, JobState::Succeeded, vec![failed("not yet")]),
        (Do::Never, JobState::Dead, vec![failed("no such account")]),
        (Do::Panic, JobState::Dead, vec![failed("the handler panicked: on purpose"); 2]),
        (Do::Hang, JobState::Dead, vec![(AttemptOutcome::TimedOut, slow); 2]),
    ] {
        let id = put(&app, NewJob::of::<Obedient>(&wanted).unwrap()).await;
        let ended = until("the job ended", async || {
            let shown = show(&acd, id).await;
            shown.job.finished_at.is_some().then_some(shown)
        })
        .await;
        assert_eq!(ended.job.state, state, "{wanted:?}");
        let history: Vec<_> = ended.attempts.iter().map(|one| (one.outcome, one.error.as_str())).collect();
        assert_eq!(history, attempts, "{wanted:?}");
        if wanted == Do::Succeed {
            assert_eq!(ended.job.result, Some(json!({ "attempt": 1, "product": "pct" })));
        }
    }
    running.end().await;
    keeping.cancel();
}

#[tokio::test]
async fn a_payload_that_does_not_fit_its_kind_is_given_up_at_once() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let wanted = acd_platform::jobs::EnqueueJob::new("test.obedient", super::support::payload(&json!({ "a": 1 })));
    let id = acd.jobs().enqueue(&wanted).await.unwrap().job.id;
    let running = Running::start(Workers::builder(app.app.jobs.clone()).handle(Obedient::default()).build());
    until("it is given up", async || (state(&acd, id).await == JobState::Dead).then_some(())).await;
    assert!(show(&acd, id).await.job.error.unwrap().contains("does not fit"));
    running.end().await;
}

#[tokio::test]
async fn a_running_job_says_how_far_it_is_and_ends_when_it_is_called_off() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let handler = Patience(Obedient::default());
    let listening = CancellationToken::new();
    tokio::spawn(app.app.jobs.wakes().clone().listen(app.database.options.clone(), listening.clone()));
    let workers = Workers::builder(app.app.jobs.clone()).handle(handler.clone()).lease(Duration::from_secs(6));
    let running = Running::start(workers.build());
    let id = put(&app, NewJob::of::<Patience>(&Do::UntilCancelled).unwrap()).await;
    handler.0.started.notified().await;
    let progress = until("its progress is kept", async || show(&acd, id).await.job.progress).await;
    assert_eq!(progress, 40);
    acd.jobs().cancel(id).await.unwrap();
    until("it is called off", async || (state(&acd, id).await == JobState::Cancelled).then_some(())).await;
    running.end().await;
    listening.cancel();
}

/// The same without a short time limit.
#[derive(Clone)]
struct Patience(Obedient);

impl Handler for Patience {
    const KIND: &'static str = "test.patience";
    type Payload = Do;

    async fn run(&self, context: &JobContext, wanted: Do) -> Result<Option<Value>, JobError> {
        self.0.run(context, wanted).await
    }
}

#[tokio::test]
async fn workers_that_stop_finish_what_they_can_and_hand_back_the_rest() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let handler = Patient::default();
    let builder = || Workers::builder(app.app.jobs.clone()).handle(handler.clone());

    let running = Running::start(builder().grace(Duration::from_secs(60)).build());
    let finished = put(&app, NewJob::of::<Patient>(&()).unwrap()).await;
    handler.started.notified().await;
    running.stop.cancel();
    let waiting = put(&app, NewJob::of::<Patient>(&()).unwrap()).await;
    handler.finish.notify_one();
    running.end().await;
    assert_eq!(state(&acd, finished).await, JobState::Succeeded);
    assert_eq!(state(&acd, waiting).await, JobState::Pending, "nothing is begun any more");

    let running = Running::start(builder().grace(Duration::ZERO).build());
    handler.started.notified().await;
    running.end().await;
    let back = show(&acd, waiting).await;
    assert_eq!((back.job.state, back.job.attempt, back.attempts.len()), (JobState::Pending, 0, 0));
}

#[tokio::test]
async fn a_worker_ends_a_job_in_the_transaction_that_brings_the_next_also_under_a_limit_of_one_at_a_time() {
    const JOBS: i64 = 6;
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let limit = SetJobLimit { key: "alone".to_owned(), max_running: Some(1), ..SetJobLimit::default() };
    acd.jobs().set_limit(&limit).await.unwrap();
    let pool = app.database.pool();
    for limit in [None, Some("alone")] {
        for _ in 0..JOBS {
            let job = NewJob::of::<Nothing>(&()).unwrap();
            put(&app, limit.into_iter().fold(job, NewJob::limit_key)).await;
        }
        let running = Running::start(Workers::builder(app.app.jobs.clone()).handle(Nothing).concurrency(1).build());
        until("all are done", async || {
            let sql = "select count(*) from shared_jobs where kind = 'test.nothing' and state <> 'succeeded'";
            let left: i64 = query_scalar(sql).fetch_one(&pool).await.unwrap();
            (left == 0).then_some(())
        })
        .await;
        running.end().await;
        // What is written in one call is written with one time.
        let sql = "select count(*) from (
                select started_at, lag(finished_at) over (order by started_at) as ended from shared_jobs
                where kind = 'test.nothing' and limit_key is not distinct from $1) as j
            where started_at = ended";
        let together: i64 = query_scalar(sql).bind(limit).fetch_one(&pool).await.unwrap();
        assert_eq!(together, JOBS - 1, "limit: {limit:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_job_is_written_although_no_other_can_be_claimed() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let handler = Patient::default();
    let workers = Workers::builder(app.app.jobs.clone()).handle(handler.clone()).concurrency(1);
    let running = Running::start(workers.poll(Duration::from_millis(20)).build());
    let first = put(&app, NewJob::of::<Patient>(&()).unwrap()).await;
    handler.started.notified().await;
    let (pool, from, to) = (app.database.pool(), "claim_jobs", "claim_no_jobs");
    let rename = async |from: &str, to: &str| {
        let sql = format!("alter function acd.{from} rename to {to}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    };
    rename(from, to).await;
    handler.finish.notify_one();
    until("it is done", async || (state(&acd, first).await == JobState::Succeeded).then_some(())).await;
    rename(to, from).await;
    let second = put(&app, NewJob::of::<Patient>(&()).unwrap()).await;
    handler.finish.notify_one();
    until("so is the next", async || (state(&acd, second).await == JobState::Succeeded).then_some(())).await;
    running.end().await;
}

#[tokio::test]
async fn a_job_outlives_its_lease_while_its_worker_lives_and_not_when_it_dies() {
    let (app, clock) = at("2026-11-01T12:00:00Z").await;
    let acd = app.product("pct", &ALL).await;
    let keeping = keeping_up(&app);
    // By the real clock, too, a worker that is not let run loses what it holds.
    let lease = Duration::from_secs(6);
    let length = TimeDelta::from_std(lease).unwrap();
    let builder = |handler: &Patient| Workers::builder(app.app.jobs.clone()).handle(handler.clone()).lease(lease);
    let (first, second) = (Patient::default(), Patient::default());
    let running = Running::start(builder(&first).build());
    let id = put(&app, NewJob::of::<Patient>(&()).unwrap()).await;
    first.started.notified().await;
    let began = show(&acd, id).await.job.lease_until.unwrap();
    while clock.now() < began {
        clock.advance(length / 2);
        let extended = clock.now() + length;
        until("its lease is extended", async || (show(&acd, id).await.job.lease_until? == extended).then_some(()))
            .await;
    }
    assert_eq!(show(&acd, id).await.job.attempt, 1);
    // Dropped, not asked: as if its process were gone.
    running.task.abort();
    assert!(running.task.await.unwrap_err().is_cancelled());
    let other = Running::start(builder(&second).poll(Duration::from_millis(20)).build());
    clock.advance(length);
    second.started.notified().await;
    second.finish.notify_one();
    until("it is done", async || (state(&acd, id).await == JobState::Succeeded).then_some(())).await;
    let shown = show(&acd, id).await;
    assert_eq!((shown.job.attempt, shown.attempts[0].outcome), (2, AttemptOutcome::Lost));
    other.end().await;
    keeping.cancel();
}

#[tokio::test]
async fn jobs_are_done_behind_a_transaction_pooler_told_of_past_it_or_looked_for() {
    let database = fresh_database().await;
    let pooler = Pooler::start().await;
    let pool = PoolSettings { named_statements: false, max: 6, per_product: 4, ..PoolSettings::default() };
    let options = TestOptions { pool, ..TestOptions::default() };
    let app = TestApp::over(database.by(pooler.over(&database)), options).await;
    let acd = app.product("pct", &ALL).await;
    let listening = CancellationToken::new();
    for is_told in [false, true] {
        // So long that a test which waits for it fails.
        let poll = if is_told { Duration::from_secs(600) } else { Duration::from_millis(20) };
        if is_told {
            tokio::spawn(app.app.jobs.wakes().clone().listen(database.options.clone(), listening.clone()));
            until("it listens", async || {
                let sql = "select count(*) from pg_stat_activity where application_name = 'acd jobs'
                    and datname = current_database() and query = 'LISTEN \"acd_jobs\"'";
                let listeners: i64 = query_scalar(sql).fetch_one(&database.pool()).await.unwrap();
                (listeners == 1).then_some(())
            })
            .await;
        }
        let workers = Workers::builder(app.app.jobs.clone()).handle(Obedient::default()).poll(poll);
        let running = Running::start(workers.build());
        let id = put(&app, NewJob::of::<Obedient>(&Do::Succeed).unwrap()).await;
        until("it is done", async || (state(&acd, id).await == JobState::Succeeded).then_some(())).await;
        running.end().await;
    }
    listening.cancel();
}

#[tokio::test]
async fn a_job_exists_only_when_the_change_that_caused_it_does() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let mut tx = app.app.db.scoped(&Principal::service(RequestId::new())).await.unwrap();
    let job = NewJob::of::<Patient>(&()).unwrap().unique_key("once");
    let id = enqueue(&mut tx, &app.app.clock, Some(&pct()), &job, &RequestId::new()).await.unwrap();
    let again = enqueue(&mut tx, &app.app.clock, Some(&pct()), &job, &RequestId::new()).await.unwrap();
    assert_eq!(id, again);
    drop(tx);
    assert_eq!(acd.jobs().get(id).await.unwrap_err().code(), Some("not_found"));
    let made = put(&app, job).await;
    assert_eq!(state(&acd, made).await, JobState::Pending);
}

#[tokio::test]
async fn finished_jobs_are_deleted_when_they_were_kept_long_enough() {
    // Later than the platform's own schedule, which is due since the migration.
    let (app, clock) = at("2099-01-01T00:00:00Z").await;
    let acd = app.product("pct", &ALL).await;
    let running = Running::start(
        Workers::builder(app.app.jobs.clone())
            .handle(Obedient::default())
            .handle(CleanUp::new(app.app.jobs.clone(), TimeDelta::days(7), TimeDelta::days(30)))
            .poll(Duration::from_millis(20))
            .build(),
    );
    let done = put(&app, NewJob::of::<Obedient>(&Do::Succeed).unwrap()).await;
    let dead = put(&app, NewJob::of::<Obedient>(&Do::Never).unwrap()).await;
    until("both ended", async || {
        let ended = state(&acd, done).await == JobState::Succeeded && state(&acd, dead).await == JobState::Dead;
        ended.then_some(())
    })
    .await;
    let pool = app.database.pool();
    let left = async || -> Vec<String> {
        query_scalar("select state from shared_jobs where product = 'pct' order by 1").fetch_all(&pool).await.unwrap()
    };
    // The platform's own schedule makes the job that cleans up.
    for (days, states) in [(6, vec!["dead", "succeeded"]), (2, vec!["dead"]), (23, vec![])] {
        clock.advance(TimeDelta::days(days));
        app.app.jobs.keep_up().await.unwrap();
        until("it is cleaned up", async || {
            let open: i64 = query_scalar(
                "select count(*) from shared_jobs where kind = 'acd.jobs.clean_up' and state <> 'succeeded'",
            )
            .fetch_one(&pool)
            .await
            .unwrap();
            (open == 0).then_some(())
        })
        .await;
        assert_eq!(left().await, states, "after {days} more days");
    }
    running.end().await;
}
