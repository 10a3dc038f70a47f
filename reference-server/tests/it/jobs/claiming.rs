//! Whose turn it is, and several who claim at once.

use std::collections::{BTreeMap, BTreeSet};

use acd_platform::JobId;
use acd_platform::jobs::{EnqueueJob, EnqueueJobs};
use acd_server::jobs::{Handler, JobContext, JobError, Workers};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

use super::support::{ALL, at, claim, done, job, payload};
use crate::support::app::TestApp;
use crate::support::wait::until;

const START: &str = "2026-11-01T12:00:00Z";

#[tokio::test]
async fn twenty_who_claim_at_once_share_the_jobs_and_no_job_is_claimed_twice() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![job("a.b"); 300] }).await.unwrap();
    let mut seen = BTreeSet::new();
    let mut rounds = 0;
    while seen.len() < 300 {
        let claims = join_all((0..20).map(|_| claim(&acd, "a.b", 7))).await;
        for claimed in claims.into_iter().flatten() {
            assert!(seen.insert(claimed.id), "{} was claimed twice", claimed.id);
        }
        rounds += 1;
        assert!(rounds < 20, "after {rounds} rounds {} of 300 are claimed", seen.len());
    }
    assert!(claim(&acd, "a.b", 500).await.is_empty());
}

#[tokio::test]
async fn within_a_product_higher_priorities_come_first_and_then_the_oldest() {
    let (app, clock) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let mut ids = Vec::new();
    for priority in [0, 5, -5, 5, 0] {
        let made = acd.jobs().enqueue(&EnqueueJob { priority: Some(priority), ..job("a.b") }).await.unwrap();
        ids.push(made.job.id);
        clock.advance(chrono::TimeDelta::seconds(1));
    }
    let mut order = Vec::new();
    while let Some(next) = claim(&acd, "a.b", 1).await.pop() {
        order.push(next.id);
    }
    assert_eq!(order, [ids[1], ids[3], ids[0], ids[4], ids[2]]);
}

#[tokio::test]
async fn of_jobs_with_one_unique_key_put_in_at_once_there_is_one_until_it_is_finished() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let unique = EnqueueJob { unique_key: Some("ada".to_owned()), ..job("a.b") };
    let made = join_all((0..20).map(|_| acd.jobs().enqueue(&unique).into_future())).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    let ids: BTreeSet<JobId> = made.iter().map(|made| made.job.id).collect();
    assert_eq!((ids.len(), made.iter().filter(|made| made.is_new).count()), (1, 1));
    let held = claim(&acd, "a.b", 9).await;
    assert_eq!(held.len(), 1);
    assert!(!acd.jobs().enqueue(&unique).await.unwrap().is_new, "while it runs too");
    let batch = acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![unique.clone(), unique.clone()] }).await.unwrap();
    assert!(batch.jobs.iter().all(|made| !made.is_new && made.job.id == held[0].id));
    let elsewhere = app.product("gapradar", &ALL).await;
    assert!(elsewhere.jobs().enqueue(&unique).await.unwrap().is_new, "a key is the product's own");
    acd.jobs().complete(&done(&held)).await.unwrap();
    assert!(acd.jobs().enqueue(&unique).await.unwrap().is_new);
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_job() {
    let (app, _) = at(START).await;
    let acd = app.product("pct", &ALL).await;
    let enqueue = |job: EnqueueJob| acd.jobs().enqueue(&job).idempotency_key("order-1").into_future();
    let made = join_all((0..10).map(|_| enqueue(job("a.b")))).await;
    let ids: BTreeSet<JobId> = made.into_iter().map(|made| made.unwrap().job.id).collect();
    assert_eq!(ids.len(), 1);
    let other = enqueue(EnqueueJob::new("a.b", payload(&json!({ "to": "someone else" })))).await.unwrap_err();
    assert_eq!(other.code(), Some("idempotency_key_reused"));
    let batch = EnqueueJobs { jobs: vec![job("a.c"); 3] };
    for is_new in [true, false] {
        let made = acd.jobs().enqueue_batch(&batch).idempotency_key("batch-1").await.unwrap();
        assert!(made.jobs.iter().all(|made| made.is_new == is_new));
    }
    assert_eq!(claim(&acd, "a.c", 9).await.len(), 3);
}

/// Notes whose job it did.
struct Note(Arc<Mutex<Vec<String>>>);

impl Handler for Note {
    const KIND: &'static str = "a.note";
    type Payload = Value;

    async fn run(&self, context: &JobContext, _: Value) -> Result<Option<Value>, JobError> {
        let product = context.product.as_ref().unwrap().to_string();
        self.0.lock().unwrap().push(product);
        Ok(None)
    }
}

/// Fills the queue of three products, the first with a hundred times the jobs of the others, and does it all.
async fn order_of_work(batch: usize, concurrency: usize) -> Vec<String> {
    let app = TestApp::start().await;
    for (product, jobs) in [("pct", 500), ("gapradar", 5), ("portal28", 5)] {
        let acd = app.product(product, &ALL).await;
        let job = EnqueueJob { priority: Some(if product == "pct" { 100 } else { -100 }), ..job("a.note") };
        acd.jobs().enqueue_batch(&EnqueueJobs { jobs: vec![job; jobs] }).await.unwrap();
    }
    let noted: Arc<Mutex<Vec<String>>> = Arc::default();
    let stop = CancellationToken::new();
    let workers = Workers::builder(app.app.jobs.clone()).handle(Note(Arc::clone(&noted)));
    let running = tokio::spawn(workers.batch(batch).concurrency(concurrency).build().run(stop.clone()));
    until("all jobs are done", async || (noted.lock().unwrap().len() == 510).then_some(())).await;
    stop.cancel();
    running.await.unwrap();
    std::mem::take(&mut *noted.lock().unwrap())
}

#[tokio::test]
async fn no_product_starves_another_whatever_it_puts_into_the_queue() {
    for (batch, concurrency, within) in [(30, 30, 60), (1, 1, 100), (4, 16, 100)] {
        let order = order_of_work(batch, concurrency).await;
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, product) in order.iter().enumerate() {
            last.insert(product, at);
        }
        // Five jobs of three products in fair turns are done after 15; chance decides among equals.
        for product in ["gapradar", "portal28"] {
            assert!(last[product] < within, "batches of {batch}: {product} was done after {} jobs", last[product]);
        }
    }
}
