//! Limits by key.

use acd_platform::jobs::{ClaimedJob, EnqueueJob, EnqueueJobs, SetJobLimit};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::support::{ALL, at, claim, done, job};

const START: &str = "2026-11-01T12:00:00Z";

fn limited(key: &str) -> EnqueueJob {
    EnqueueJob { limit_key: Some(key.to_owned()), ..job("a.b") }
}

#[tokio::test]
async fn no_more_run_at_a_time_than_the_limit_allows_however_many_claim() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let limit = SetJobLimit { key: "account-1".to_owned(), max_running: Some(3), ..SetJobLimit::default() };
    acd.jobs().set_limit(&limit).await.unwrap();
    acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![limited("account-1"); 20] }).await.unwrap();
    let mut finished = 0;
    while finished < 20 {
        let claims = join_all((0..8).map(|_| claim(&acd, "a.b", 5))).await;
        let mut held: Vec<ClaimedJob> = claims.into_iter().flatten().collect();
        held.extend(claim(&acd, "a.b", 5).await);
        assert!((1..=3).contains(&held.len()), "{} run", held.len());
        finished += held.len();
        acd.jobs().complete(&done(&held)).await.unwrap();
    }
}

#[tokio::test]
async fn no_stretch_of_time_sees_more_starts_than_the_burst_and_its_share_of_the_rate() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let limit = SetJobLimit {
        key: "account-1".to_owned(),
        rate_count: Some(10),
        rate_period_ms: Some(1_000),
        burst: Some(4),
        ..SetJobLimit::default()
    };
    acd.jobs().set_limit(&limit).await.unwrap();
    acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![limited("account-1"); 100] }).await.unwrap();
    let mut starts = Vec::new();
    for step in 0..60 {
        let claims = join_all((0..4).map(|_| claim(&acd, "a.b", 50))).await;
        let held: Vec<ClaimedJob> = claims.into_iter().flatten().collect();
        starts.extend(std::iter::repeat_n(step * 50, held.len()));
        if !held.is_empty() {
            acd.jobs().complete(&done(&held)).await.unwrap();
        }
        clock.advance(TimeDelta::milliseconds(50));
    }
    for (first, from) in starts.iter().enumerate() {
        for (last, to) in starts.iter().enumerate().skip(first) {
            let allowed = 4 + (to - from) / 100;
            assert!(last - first < allowed as usize + 1, "{} starts within {} ms", last - first + 1, to - from);
        }
    }
    // 3 s at 10 a second, and the burst: nothing that was allowed is lost either.
    assert!((32..=34).contains(&starts.len()), "{} started", starts.len());
}

#[tokio::test]
async fn what_a_limit_holds_back_holds_back_nothing_else() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    for key in ["one", "two"] {
        let limit = SetJobLimit { key: key.to_owned(), max_running: Some(1), ..SetJobLimit::default() };
        acd.jobs().set_limit(&limit).await.unwrap();
    }
    let mut jobs = vec![EnqueueJob { priority: Some(100), ..limited("one") }; 50];
    jobs.push(limited("two"));
    jobs.push(job("a.b"));
    acd.jobs().enqueue_batch(&EnqueueJobs { jobs }).await.unwrap();
    assert_eq!(claim(&acd, "a.b", 10).await.len(), 3, "one under each limit, and the one without");
}

#[tokio::test]
async fn a_limit_belongs_to_its_product_and_stays_while_jobs_name_it() {
    let (app, _) = at(START).await;
    let (acd, other) = (app.product("pct", &ALL).await, app.product("gapradar", &ALL).await);
    let limit = SetJobLimit { key: "one".to_owned(), max_running: Some(1), ..SetJobLimit::default() };
    let made = acd.jobs().set_limit(&limit).await.unwrap();
    let changed = acd.jobs().set_limit(&SetJobLimit { max_running: Some(2), ..limit }).await.unwrap();
    assert_eq!((changed.id, changed.max_running), (made.id, Some(2)));
    assert_eq!(other.jobs().enqueue(&limited("one")).await.unwrap_err().code(), Some("unknown_limit"));
    assert!(other.jobs().limits().await.unwrap().limits.is_empty());
    assert_eq!(other.jobs().delete_limit(made.id).await.unwrap_err().code(), Some("not_found"));
    let held = acd.jobs().enqueue(&limited("one")).await.unwrap();
    assert_eq!(acd.jobs().delete_limit(made.id).await.unwrap_err().code(), Some("limit_in_use"));
    acd.jobs().cancel(held.job.id).await.unwrap();
    acd.jobs().delete_limit(made.id).await.unwrap();
    assert_eq!(acd.jobs().enqueue(&limited("one")).await.unwrap_err().code(), Some("unknown_limit"));
}
