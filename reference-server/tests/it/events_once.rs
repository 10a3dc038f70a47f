//! An event is stored once: under concurrency, across replicas, inside a batch and across a month's end.

use acd_core::Secret;
use acd_platform::keys::Scope;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;
use crate::support::http::Http;

const WRITE: [Scope; 1] = [Scope::EventsWrite];

async fn send(http: &Http, key: &Secret, ids: &[String]) -> Value {
    let event = |id: &String| json!({ "type": "track", "event": "Once", "userId": "u", "messageId": id });
    let body = json!({ "batch": ids.iter().map(event).collect::<Vec<_>>() });
    http.post("/v1/batch").bearer(key).json(&body).send().await.json()
}

async fn rows(server: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from shared_events").fetch_one(&server.database.pool()).await.unwrap()
}

fn sum(replies: &[Value], field: &str) -> u64 {
    replies.iter().map(|reply| reply[field].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn of_64_concurrent_duplicates_one_is_stored() {
    let server = TestApp::start().await;
    let key = server.key("pct", &WRITE).await;
    let (http, ids) = (server.http(), ["same".to_owned()]);
    let replies = join_all((0..64).map(|_| send(&http, &key, &ids))).await;
    assert_eq!((sum(&replies, "accepted"), sum(&replies, "duplicates")), (1, 63));
    assert_eq!(rows(&server).await, 1);
}

#[tokio::test]
async fn of_64_concurrent_duplicates_sent_to_two_replicas_one_is_stored() {
    let one = TestApp::start().await;
    let other = TestApp::over(one.database.clone(), TestOptions::default()).await;
    let key = one.key("pct", &WRITE).await;
    let (https, ids) = ([one.http(), other.http()], ["same".to_owned()]);
    let replies = join_all((0..64).map(|at| send(&https[at % 2], &key, &ids))).await;
    assert_eq!((sum(&replies, "accepted"), sum(&replies, "duplicates")), (1, 63));
    assert_eq!(rows(&one).await, 1);
}

#[tokio::test]
async fn overlapping_batches_sent_to_two_replicas_store_each_event_once() {
    let one = TestApp::start().await;
    let other = TestApp::over(one.database.clone(), TestOptions::default()).await;
    let key = one.key("pct", &WRITE).await;
    let https = [one.http(), other.http()];
    // Each batch holds 30 of 60 ids in an order of its own: writers meet the same rows from opposite ends.
    let batches: Vec<Vec<String>> = (0..24)
        .map(|number| {
            let ids = (0..30).map(|at| format!("id-{}", (number * 7 + at) % 60));
            if number % 2 == 0 { ids.collect() } else { ids.rev().collect() }
        })
        .collect();
    let sends = batches.iter().enumerate().map(|(at, ids)| send(&https[at % 2], &key, ids));
    let replies = join_all(sends).await;
    assert_eq!((sum(&replies, "accepted"), sum(&replies, "duplicates")), (60, 24 * 30 - 60));
    assert_eq!(rows(&one).await, 60);
}

#[tokio::test]
async fn a_batch_that_repeats_itself_stores_each_event_once() {
    let server = TestApp::start().await;
    let key = server.key("pct", &WRITE).await;
    let ids: Vec<String> = (0..50).map(|at| format!("id-{}", at % 5)).collect();
    let reply = send(&server.http(), &key, &ids).await;
    assert_eq!((&reply["accepted"], &reply["duplicates"]), (&json!(5), &json!(45)));
    assert_eq!(rows(&server).await, 5);
}

#[tokio::test]
async fn the_same_id_in_two_products_means_two_events() {
    let server = TestApp::start().await;
    let ids = ["same".to_owned()];
    for product in ["pct", "gapradar"] {
        let key = server.key(product, &WRITE).await;
        assert_eq!(send(&server.http(), &key, &ids).await["accepted"], 1);
    }
    assert_eq!(rows(&server).await, 2);
}

#[tokio::test]
async fn a_repeat_in_the_next_month_is_a_duplicate() {
    let clock = ManualClock::at("2031-03-10T00:00:00Z");
    let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    let key = server.key("pct", &WRITE).await;
    for (first, again) in [
        ("2031-03-10T00:00:00Z", "2031-03-31T23:59:59.999Z"),
        ("2031-03-31T23:57:00Z", "2031-04-01T00:03:00Z"),
        ("2031-03-31T23:59:59.999Z", "2031-04-01T00:00:00Z"),
        ("2031-04-01T00:00:00Z", "2031-05-31T12:00:00Z"),
    ] {
        let ids = [format!("at {first}")];
        clock.set(first);
        assert_eq!(send(&server.http(), &key, &ids).await["accepted"], 1, "{first}");
        clock.set(again);
        assert_eq!(send(&server.http(), &key, &ids).await["duplicates"], 1, "{first}, again {again}");
    }
    assert_eq!(rows(&server).await, 4);
}

#[tokio::test]
async fn replicas_whose_clocks_lie_on_both_sides_of_a_months_end_store_an_event_once() {
    let (before, after) = (ManualClock::at("2031-03-31T23:59:59Z"), ManualClock::at("2031-04-01T00:00:01Z"));
    let one = TestApp::start_with(TestOptions { clock: before.clock(), ..TestOptions::default() }).await;
    let options = TestOptions { clock: after.clock(), ..TestOptions::default() };
    let other = TestApp::over(one.database.clone(), options).await;
    let key = one.key("pct", &WRITE).await;
    let https = [one.http(), other.http()];
    for (late, early) in
        [("2031-03-31T23:59:59Z", "2031-04-01T00:00:01Z"), ("2031-03-31T23:58:01Z", "2031-04-01T00:01:59Z")]
    {
        before.set(late);
        after.set(early);
        let ids: Vec<Vec<String>> = (0..8).map(|at| vec![format!("{late} {at}")]).collect();
        let sends = (0..64).map(|at| send(&https[at % 2], &key, &ids[at / 8]));
        let replies = join_all(sends).await;
        assert_eq!((sum(&replies, "accepted"), sum(&replies, "duplicates")), (8, 56));
    }
    assert_eq!(rows(&one).await, 16);
}
