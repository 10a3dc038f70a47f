//! Who gets a webhook in, and what becomes of one that cannot be read.

use acd_core::{Runtime, Secret};
use acd_platform::jobs::{JobState, ListJobs};
use acd_server::ads::{Meta, MetaSettings};
use acd_testing::MetaSimulator;
use chrono::TimeDelta;
use serde_json::json;

use super::{Hub, body};
use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;
use crate::support::wait::until;

#[tokio::test]
async fn only_who_knows_the_verify_token_is_answered() {
    let hub = Hub::start().await;
    let token = hub.server.app.ads.meta().unwrap().inbound().unwrap().verify_token.expose().to_owned();
    let ask = async |query: &str| hub.server.http().get(&format!("/v1/webhooks/meta{query}")).send().await;
    let good = format!("?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
    let reply = ask(&good).await;
    assert_eq!((reply.status, reply.text()), (200, "1158201444"));
    for bad in
        ["".to_owned(), "?hub.mode=subscribe".to_owned(), good.replace(&token, "x"), good.replace("=subscribe", "=x")]
    {
        ask(&bad).await.problem(403, "challenge_refused");
    }
}

#[tokio::test]
async fn what_meta_did_not_sign_is_refused_without_a_trace() {
    let hub = Hub::start().await;
    let told = body(&hub.world().page, &[]);
    let post = |signature: &str| {
        hub.server.http().post("/v1/webhooks/meta").header("x-hub-signature-256", signature).body(told.clone())
    };
    hub.server.http().post("/v1/webhooks/meta").body(told.clone()).send().await.problem(400, "invalid_signature");
    for signature in ["", "sha256=", "sha256=00", "sha1=00", &format!("sha256={}", "0".repeat(64)), &"x".repeat(5_000)]
    {
        post(signature).send().await.problem(400, "invalid_signature");
    }
    hub.tell_signed("another secret", &told).await.problem(400, "invalid_signature");
    assert_eq!(hub.count("select count(*) from shared.meta_webhook").await, 0);
    assert_eq!(hub.count("select count(*) from shared_jobs where kind = 'acd.webhooks.meta'").await, 0);

    let full = |bytes: usize| body(&"9".repeat(bytes - body("", &[]).len()), &[]);
    assert_eq!(hub.tell(&full(4 << 20)).await.status, 200, "more than other routes take");
    hub.tell(&full((4 << 20) + 1)).await.problem(413, "body_too_large");
}

#[tokio::test]
async fn a_secret_that_is_being_replaced_signs_on() {
    let simulator = MetaSimulator::start().await.unwrap();
    let server = TestApp::start().await;
    let settings = MetaSettings {
        token: Secret::from(simulator.world().access_token.as_str()),
        app_secret: Some(Secret::from("the new one")),
        version: Default::default(),
        base_url: Some(simulator.url()),
        verify_token: Some(Secret::from("ours")),
        former_app_secrets: vec![Secret::from("the old one")],
    };
    let printed = format!("{settings:?}");
    assert!(!printed.contains("the old one") && !printed.contains("ours"), "{printed}");
    let meta = Meta::connect(server.app.db.clone(), settings.clone()).unwrap();
    let verifier = &meta.inbound().unwrap().verifier;
    let sign = |secret: &str| {
        let signer = acd_core::webhook::WebhookSigner::new(acd_core::webhook::Scheme::Meta, [Secret::from(secret)]);
        signer.unwrap().sign("", Runtime::system().wall(), b"{}").unwrap()
    };
    assert!(verifier.verify(&sign("the new one"), "{}").is_ok() && verifier.verify(&sign("the old one"), "{}").is_ok());
    assert!(verifier.verify(&sign("another"), "{}").is_err());
    let without = MetaSettings { verify_token: None, ..settings };
    assert!(Meta::connect(server.app.db.clone(), without).unwrap().inbound().is_none());
}

#[tokio::test]
async fn a_server_without_a_way_to_meta_takes_no_webhooks() {
    let server = TestApp::start_with(TestOptions::default()).await;
    server.http().post("/v1/webhooks/meta").body("{}").send().await.problem(503, "meta_not_connected");
}

#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_kept_with_the_cause() {
    let hub = Hub::start().await;
    for odd in ["", "null", "[1]", "{\"object\":\"page\"}", "not json", &"[".repeat(100_000)] {
        assert_eq!(hub.tell(odd).await.status, 200, "Meta would only send it again");
    }
    let admin = hub.server.admin();
    let dead =
        ListJobs { state: Some(JobState::Dead), kind: Some("acd.webhooks.meta".to_owned()), ..ListJobs::default() };
    let dead = until("all are given up", async || {
        let jobs = admin.jobs().list(&dead).await.unwrap().data;
        (jobs.len() == 6).then_some(jobs)
    })
    .await;
    assert!(dead.iter().all(|job| job.attempt == 1 && job.error.is_some()));
    assert_eq!(hub.count("select count(*) from shared.meta_webhook where error is not null").await, 6);
}

#[tokio::test]
async fn what_was_read_is_forgotten_after_its_time() {
    let clock = ManualClock::at("2031-05-20T12:00:00Z");
    let hub = Hub::at(clock.clock()).await;
    let feed = json!({ "field": "feed", "value": { "item": "post", "verb": "add" } });
    hub.tell(&body(&hub.world().page, &[feed])).await;
    hub.all_read().await;
    // Each by the schedule of the platform's own.
    let left = async |later: TimeDelta, sql: &'static str, rows: i64| {
        clock.advance(later);
        until("it is cleaned up", async || (hub.count(sql).await == rows).then_some(())).await;
    };
    let (messages, changes) = ("select count(*) from shared.meta_webhook", "select count(*) from ads_notifications");
    let cleaned = "select count(*) from shared_jobs where kind = 'acd.webhooks.clean_up' and state = 'succeeded'";
    // The first run is due since the migration, and would be one with a later one.
    left(TimeDelta::zero(), cleaned, 1).await;
    left(TimeDelta::days(6), cleaned, 2).await;
    assert_eq!((hub.count(messages).await, hub.count(changes).await), (1, 1));
    left(TimeDelta::days(9), messages, 0).await;
    assert_eq!(hub.count(changes).await, 1);
    left(TimeDelta::days(76), changes, 0).await;
}
