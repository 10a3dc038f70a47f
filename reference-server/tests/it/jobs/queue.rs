//! One job on its way through the queue, over HTTP.

use acd_platform::ErrorKind;
use acd_platform::jobs::{
    AttemptOutcome, EnqueueJob, EnqueueJobs, HeartbeatJobs, HeldJob, JobState, LeaseStanding, ListJobs, ReleaseJobs,
    ReleasedJob, RetryJobs,
};
use acd_platform::keys::Scope;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::query_scalar;

use super::support::{ALL, at, claim, done, fail, failed, job, payload, show, state};
use crate::support::app::TestApp;

const START: &str = "2026-11-01T12:00:00Z";

#[tokio::test]
async fn a_job_is_claimed_done_and_shown() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let made = acd.jobs().enqueue(&job("email.send")).await.unwrap();
    assert!(made.is_new && made.job.state == JobState::Pending && made.job.created_at == clock.now());
    clock.advance(TimeDelta::seconds(3));
    let claimed = claim(&acd, "email.send", 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!((claimed[0].id, claimed[0].attempt), (made.job.id, 1));
    assert_eq!(claimed[0].payload, json!({ "to": "ada@x.test" }));
    assert_eq!(claimed[0].lease_until, clock.now() + TimeDelta::seconds(30));
    assert_eq!(state(&acd, made.job.id).await, JobState::Running);
    assert!(claim(&acd, "email.send", 10).await.is_empty(), "it is held");

    let mut all = done(&claimed);
    all.jobs[0].result = Some(json!({ "message": "m-1" }));
    let told = acd.jobs().complete(&all).await.unwrap();
    assert_eq!((told.jobs[0].lease, told.jobs[0].state), (LeaseStanding::Held, Some(JobState::Succeeded)));
    let again = acd.jobs().complete(&all).await.unwrap();
    assert_eq!((again.jobs[0].lease, again.jobs[0].state), (LeaseStanding::Lost, None), "said once, counted once");
    let shown = show(&acd, made.job.id).await;
    assert_eq!(shown.job.result, Some(json!({ "message": "m-1" })));
    assert_eq!((shown.job.worker.as_deref(), shown.job.attempt), (Some("tester"), 1));
    assert_eq!(shown.attempts, []);
    let list = acd.jobs().list(&ListJobs { state: Some(JobState::Succeeded), ..ListJobs::default() }).await.unwrap();
    assert_eq!(list.data, [shown.job]);
}

#[tokio::test]
async fn a_failed_attempt_is_kept_with_its_cause_and_tried_again_after_its_backoff() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let wanted = EnqueueJob { max_attempts: Some(3), backoff_ms: Some(1_000), ..job("a.b") };
    let id = acd.jobs().enqueue(&wanted).await.unwrap().job.id;
    for attempt in 1..=3 {
        let claimed = claim(&acd, "a.b", 1).await;
        assert_eq!(claimed[0].attempt, attempt);
        let error = format!("refused \0{attempt}");
        acd.jobs().fail(&fail(failed(&claimed[0], &error))).await.unwrap();
        if attempt < 3 {
            let waits = show(&acd, id).await.job;
            let whole = TimeDelta::milliseconds(1_000 << (attempt - 1));
            let wait = waits.run_at - clock.now();
            assert!(waits.state == JobState::Scheduled && wait > whole / 2 && wait <= whole, "{attempt}: {wait}");
            assert!(claim(&acd, "a.b", 1).await.is_empty(), "its time has not come");
            clock.advance(whole);
            app.app.jobs.keep_up().await.unwrap();
        }
    }
    let dead = show(&acd, id).await;
    assert_eq!((dead.job.state, dead.job.error.as_deref()), (JobState::Dead, Some("refused 3")));
    let history: Vec<_> = dead.attempts.iter().map(|a| (a.attempt, a.outcome, a.error.as_str())).collect();
    let out = AttemptOutcome::Failed;
    assert_eq!(history, [(1, out, "refused 1"), (2, out, "refused 2"), (3, out, "refused 3")]);
    let told: i64 =
        query_scalar("select count(*) from events_outbox where topic = 'job.dead' and payload ->> 'id' = $1")
            .bind(id.to_string())
            .fetch_one(&app.database.pool())
            .await
            .unwrap();
    assert_eq!(told, 1, "an alert is raised");

    let again = acd.jobs().retry(id).await.unwrap();
    assert_eq!((again.state, again.finished_at), (JobState::Pending, None));
    let claimed = claim(&acd, "a.b", 1).await;
    assert_eq!(claimed[0].attempt, 4);
    acd.jobs().fail(&fail(failed(&claimed[0], "once more"))).await.unwrap();
    assert_eq!(state(&acd, id).await, JobState::Scheduled, "it has its three attempts anew");
}

#[tokio::test]
async fn a_worker_says_when_to_try_again_and_when_it_is_of_no_use() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let jobs = EnqueueJobs { jobs: vec![job("a.b"), job("a.b"), job("a.b")] };
    let made = acd.jobs().enqueue_batch(&jobs).await.unwrap().jobs;
    let claimed = claim(&acd, "a.b", 3).await;
    let mut failures: Vec<_> = claimed.iter().map(|job| failed(job, "no")).collect();
    failures[0].retry_after_ms = Some(60_000);
    failures[1].retry_after_ms = Some(0);
    failures[2].is_permanent = true;
    let told = acd.jobs().fail(&acd_platform::jobs::FailJobs { jobs: failures }).await.unwrap();
    let states: Vec<_> = told.jobs.iter().map(|job| job.state.unwrap()).collect();
    assert_eq!(states, [JobState::Scheduled, JobState::Pending, JobState::Dead]);
    let waits = show(&acd, claimed[0].id).await.job;
    assert_eq!(waits.run_at, clock.now() + TimeDelta::minutes(1));
    assert_eq!(made.len(), 3);
}

#[tokio::test]
async fn a_lease_that_ends_gives_the_job_to_another_and_its_first_holder_counts_no_more() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let id = acd.jobs().enqueue(&job("a.b")).await.unwrap().job.id;
    let first = claim(&acd, "a.b", 1).await;
    clock.advance(TimeDelta::seconds(20));
    let beat = |progress| HeartbeatJobs {
        jobs: vec![HeldJob {
            id,
            lease_id: first[0].lease_id,
            progress: Some(progress),
            progress_note: Some("half".to_owned()),
        }],
        lease_seconds: Some(30),
    };
    let told = acd.jobs().heartbeat(&beat(50)).await.unwrap();
    assert_eq!(told.jobs[0].lease, LeaseStanding::Held);
    clock.advance(TimeDelta::seconds(29));
    app.app.jobs.keep_up().await.unwrap();
    let held = show(&acd, id).await.job;
    assert_eq!((held.state, held.progress, held.progress_note.as_deref()), (JobState::Running, Some(50), Some("half")));

    clock.advance(TimeDelta::seconds(1));
    app.app.jobs.keep_up().await.unwrap();
    let second = claim(&acd, "a.b", 1).await;
    assert_eq!((second[0].id, second[0].attempt), (id, 2));
    assert_eq!(acd.jobs().heartbeat(&beat(60)).await.unwrap().jobs[0].lease, LeaseStanding::Lost);
    assert_eq!(acd.jobs().complete(&done(&first)).await.unwrap().jobs[0].lease, LeaseStanding::Lost);
    assert_eq!(acd.jobs().complete(&done(&second)).await.unwrap().jobs[0].lease, LeaseStanding::Held);
    let shown = show(&acd, id).await;
    assert_eq!(shown.job.state, JobState::Succeeded);
    assert_eq!((shown.attempts[0].attempt, shown.attempts[0].outcome), (1, AttemptOutcome::Lost));
    assert!(shown.attempts[0].error.contains("tester"), "{}", shown.attempts[0].error);
}

#[tokio::test]
async fn a_job_that_kills_its_worker_each_time_is_given_up() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let id = acd.jobs().enqueue(&EnqueueJob { max_attempts: Some(2), ..job("a.b") }).await.unwrap().job.id;
    for _ in 0..2 {
        assert_eq!(claim(&acd, "a.b", 1).await.len(), 1);
        clock.advance(TimeDelta::seconds(31));
        app.app.jobs.keep_up().await.unwrap();
    }
    assert_eq!(state(&acd, id).await, JobState::Dead);
}

#[tokio::test]
async fn a_job_given_back_is_there_at_once_and_the_attempt_does_not_count() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let id = acd.jobs().enqueue(&EnqueueJob { max_attempts: Some(1), ..job("a.b") }).await.unwrap().job.id;
    for _ in 0..3 {
        let claimed = claim(&acd, "a.b", 1).await;
        assert_eq!((claimed[0].id, claimed[0].attempt), (id, 1));
        let undone = ReleasedJob { id, lease_id: claimed[0].lease_id };
        acd.jobs().release(&ReleaseJobs { jobs: vec![undone] }).await.unwrap();
    }
    assert_eq!(show(&acd, id).await.attempts, []);
}

#[tokio::test]
async fn a_job_is_called_off_at_once_while_it_waits_and_by_its_worker_while_it_runs() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let waiting = acd.jobs().enqueue(&job("a.b")).await.unwrap().job.id;
    assert_eq!(acd.jobs().cancel(waiting).await.unwrap().state, JobState::Cancelled);
    assert_eq!(acd.jobs().cancel(waiting).await.unwrap().state, JobState::Cancelled, "again changes nothing");
    assert!(claim(&acd, "a.b", 1).await.is_empty());

    let running = acd.jobs().enqueue(&job("a.b")).await.unwrap().job.id;
    let claimed = claim(&acd, "a.b", 1).await;
    let asked = acd.jobs().cancel(running).await.unwrap();
    assert!(asked.state == JobState::Running && asked.cancel_requested_at.is_some());
    let held = HeldJob { id: running, lease_id: claimed[0].lease_id, progress: None, progress_note: None };
    let told = acd.jobs().heartbeat(&HeartbeatJobs { jobs: vec![held], lease_seconds: None }).await.unwrap();
    assert_eq!(told.jobs[0].lease, LeaseStanding::CancelRequested);
    acd.jobs().fail(&fail(failed(&claimed[0], "stopped half-way"))).await.unwrap();
    assert_eq!(state(&acd, running).await, JobState::Cancelled, "a failure after that is no reason to try again");

    let finished = acd.jobs().enqueue(&job("a.b")).await.unwrap().job.id;
    let claimed = claim(&acd, "a.b", 1).await;
    acd.jobs().complete(&done(&claimed)).await.unwrap();
    let refused = acd.jobs().cancel(finished).await.unwrap_err();
    assert_eq!(refused.code(), Some("job_finished"));
    let refused = acd.jobs().retry(finished).await.unwrap_err();
    assert_eq!(refused.code(), Some("job_not_failed"));
}

#[tokio::test]
async fn dead_jobs_get_another_chance_in_bulk_by_what_is_known_of_them() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    for (kind, error) in [("a.one", "timeout"), ("a.one", "refused"), ("a.two", "timeout"), ("a.two", "timeout")] {
        acd.jobs().enqueue(&EnqueueJob { max_attempts: Some(1), ..job(kind) }).await.unwrap();
        let claimed = claim(&acd, kind, 1).await;
        acd.jobs().fail(&fail(failed(&claimed[0], error))).await.unwrap();
    }
    let other = app.product("gapradar", &ALL).await;
    let retry = |kind: Option<&str>, error: Option<&str>| RetryJobs {
        kind: kind.map(str::to_owned),
        error_contains: error.map(str::to_owned),
        ..RetryJobs::default()
    };
    assert_eq!(other.jobs().retry_many(&retry(None, None)).await.unwrap().retried, 0, "another product's are its own");
    let told = acd.jobs().retry_many(&retry(Some("a.two"), Some("time"))).await.unwrap();
    assert_eq!((told.retried, told.has_more), (2, false));
    assert_eq!(claim(&acd, "a.two", 9).await.len(), 2);
    assert_eq!(acd.jobs().retry_many(&retry(None, Some("refused"))).await.unwrap().retried, 1);
    assert_eq!(acd.jobs().retry_many(&retry(None, None)).await.unwrap().retried, 1);
}

#[tokio::test]
async fn a_product_reaches_no_other_products_jobs() {
    let (app, _) = at(START).await;
    let (acd, other) = (app.product("pct", &ALL).await, app.product("gapradar", &ALL).await);
    let id = acd.jobs().enqueue(&job("a.b")).await.unwrap().job.id;
    assert!(claim(&other, "a.b", 9).await.is_empty());
    let claimed = claim(&acd, "a.b", 1).await;
    assert_eq!(other.jobs().complete(&done(&claimed)).await.unwrap().jobs[0].lease, LeaseStanding::Lost);
    for refused in [
        other.jobs().get(id).await.map(drop),
        other.jobs().cancel(id).await.map(drop),
        other.jobs().retry(id).await.map(drop),
        other.jobs().enqueue(&EnqueueJob { product: Some("pct".parse().unwrap()), ..job("a.b") }).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(other.jobs().list(&ListJobs::default()).await.unwrap().data.is_empty());
    let reader = app.product("pct", &[Scope::JobsRead]).await;
    assert_eq!(reader.jobs().enqueue(&job("a.b")).await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(app.admin().jobs().get(id).await.unwrap().job.product, Some("pct".parse().unwrap()));
}

#[tokio::test]
async fn depth_wait_and_throughput_are_measured() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let mut jobs = EnqueueJobs { jobs: vec![job("a.b"); 5] };
    jobs.jobs[4].run_at = Some(clock.now() + TimeDelta::hours(1));
    acd.jobs().enqueue_batch(&jobs).await.unwrap();
    clock.advance(TimeDelta::seconds(8));
    let claimed = claim(&acd, "a.b", 2).await;
    acd.jobs().complete(&done(&claimed[..1])).await.unwrap();
    clock.advance(TimeDelta::seconds(2));
    let queues = acd.jobs().queues(&Default::default()).await.unwrap().queues;
    assert_eq!(queues.len(), 1);
    let queue = &queues[0];
    assert_eq!((queue.pending, queue.scheduled, queue.running, queue.dead), (2, 1, 1, 0));
    assert_eq!((queue.oldest_wait_seconds, queue.mean_wait_seconds), (10.0, 8.0));
    assert_eq!(queue.succeeded_last_minute, 1);
    let metrics = app.http().get("/metrics").bearer(&app.admin_key).send().await;
    let line = r#"acd_jobs_pending{product="pct",kind="a.b"} 2"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
    assert!(metrics.text().contains("acd_jobs_wait_seconds"));
}

#[tokio::test]
async fn whoever_waits_for_a_job_gets_it_when_it_comes() {
    let app = TestApp::start().await;
    let acd = app.product("pct", &ALL).await;
    let waiter = acd.clone();
    let waiting = tokio::spawn(async move {
        let wanted = acd_platform::jobs::ClaimJobs { wait_seconds: Some(20), ..super::support::wanted("a.b", 1) };
        waiter.jobs().claim(&wanted).await.unwrap().jobs
    });
    let made = acd.jobs().enqueue(&EnqueueJob::new("a.b", payload(&json!({})))).await.unwrap();
    assert_eq!(waiting.await.unwrap()[0].id, made.job.id);
}
