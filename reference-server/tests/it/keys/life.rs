//! Where a key may stand in a request, and how it ends: overlap, expiry, revocation.

use std::time::{Duration, Instant};

use acd_core::Secret;
use acd_platform::keys::{ApiKey, CreateApiKey, NewApiKey, RotateApiKey, Scope};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;
use crate::support::http::Reply;
use crate::support::wait::until;

async fn start() -> (TestApp, ManualClock) {
    let clock = ManualClock::at("2031-05-10T12:00:00Z");
    (TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await, clock)
}

async fn make(server: &TestApp, expires_at: Option<DateTime<Utc>>) -> (ApiKey, Secret) {
    let scopes = vec![Scope::EventsWrite, Scope::EventsRead];
    let wanted = CreateApiKey { name: "key".into(), product: Some("pct".parse().unwrap()), scopes, expires_at };
    opened(server.admin().keys().create(&wanted).await.unwrap())
}

fn opened(made: NewApiKey) -> (ApiKey, Secret) {
    (made.key, Secret::new(made.secret.unwrap()))
}

async fn read(server: &TestApp, key: &Secret) -> Reply {
    server.http().get("/v1/events").bearer(key).send().await
}

#[tokio::test]
async fn a_write_key_may_stand_where_segments_clients_put_it() {
    let (server, _) = start().await;
    let (_, key) = make(&server, None).await;
    let event = |id: &str| json!({ "type": "track", "event": "E", "userId": "u", "messageId": id });
    let mut keyed = event("body");
    keyed["writeKey"] = key.expose().into();
    let batch = json!({ "batch": [event("batch body")], "writeKey": key.expose() });
    let http = server.http();
    for call in [
        http.post("/v1/track").bearer(&key).json(&event("bearer")),
        http.post("/v1/track").basic(&key).json(&event("basic")),
        http.post("/v1/track").json(&keyed),
        http.post("/v1/batch").json(&batch),
        http.post("/v1/batch").basic(&key).json(&json!({ "batch": [event("batch basic")] })),
    ] {
        assert_eq!(call.send().await.json()["accepted"], 1);
    }
    let stored = read(&server, &key).await;
    assert_eq!(stored.json()["data"].as_array().unwrap().len(), 5);
    assert!(!stored.text().contains(key.expose()), "the key in the body is not part of the event");
}

#[tokio::test]
async fn a_rotated_key_works_on_for_the_overlap_beside_its_successor() {
    let (server, clock) = start().await;
    let (old, old_key) = make(&server, None).await;
    read(&server, &old_key).await.json();
    let how = RotateApiKey { overlap_seconds: Some(600) };
    let (new, new_key) = opened(server.admin().keys().rotate(old.id, &how).await.unwrap());
    assert_eq!((new.rotated_from, &new.scopes, &new.name), (Some(old.id), &old.scopes, &old.name));
    clock.advance(TimeDelta::seconds(599));
    read(&server, &old_key).await.json();
    read(&server, &new_key).await.json();
    clock.advance(TimeDelta::seconds(1));
    read(&server, &old_key).await.problem(401, "key_expired");
    read(&server, &new_key).await.json();

    let again = server.admin().keys().rotate(old.id, &how).await.unwrap_err();
    assert_eq!((again.status().unwrap().as_u16(), again.code()), (409, Some("key_ended")));
    let at_once = RotateApiKey { overlap_seconds: Some(0) };
    let (_, last_key) = opened(server.admin().keys().rotate(new.id, &at_once).await.unwrap());
    read(&server, &new_key).await.problem(401, "key_expired");
    read(&server, &last_key).await.json();
}

#[tokio::test]
async fn an_overlap_is_a_day_by_default_thirty_at_most_and_never_lengthens_a_life() {
    let (server, clock) = start().await;
    let (old, _) = make(&server, None).await;
    server.admin().keys().rotate(old.id, &RotateApiKey::default()).await.unwrap();
    let ends = async |id| {
        let page = server.admin().keys().list(&Default::default()).await.unwrap();
        page.data.into_iter().find(|key| key.id == id).unwrap().expires_at
    };
    assert_eq!(ends(old.id).await, Some(clock.now() + TimeDelta::days(1)));

    let tomorrow = Some(clock.now() + TimeDelta::hours(3));
    let (short, _) = make(&server, tomorrow).await;
    let month = RotateApiKey { overlap_seconds: Some(2_592_000) };
    let (next, _) = opened(server.admin().keys().rotate(short.id, &month).await.unwrap());
    assert_eq!((ends(short.id).await, next.expires_at), (tomorrow, tomorrow));

    let path = format!("/v1/keys/{}/rotate", next.id);
    let longer = server.http().post(&path).bearer(&server.admin_key).json(&json!({ "overlap_seconds": 2_592_001 }));
    longer.send().await.problem(422, "invalid_overlap");
}

#[tokio::test]
async fn a_key_ends_at_its_time() {
    let (server, clock) = start().await;
    let (_, key) = make(&server, Some(clock.now() + TimeDelta::hours(1))).await;
    clock.advance(TimeDelta::minutes(59));
    read(&server, &key).await.json();
    clock.advance(TimeDelta::minutes(1));
    read(&server, &key).await.problem(401, "key_expired");
}

#[tokio::test]
async fn a_revoked_key_ends_at_once_here_and_within_a_second_elsewhere() {
    let (server, clock) = start().await;
    let options = TestOptions { clock: clock.clock(), ..TestOptions::default() };
    let replica = TestApp::over(server.database.clone(), options).await;
    let (id, key) = make(&server, None).await;
    // Both believe the key without asking.
    read(&server, &key).await.json();
    read(&replica, &key).await.json();
    server.admin().keys().revoke(id.id).await.unwrap();
    let revoked = Instant::now();
    read(&server, &key).await.problem(401, "key_revoked");
    until("the replica refuses the key", async || {
        let asked = Instant::now();
        let reply = read(&replica, &key).await;
        if reply.status == 200 {
            assert!(asked - revoked < Duration::from_secs(1), "believed {:?} after", asked - revoked);
            return None;
        }
        reply.problem(401, "key_revoked");
        Some(())
    })
    .await;

    server.admin().keys().revoke(id.id).await.unwrap();
    let page = server.admin().keys().list(&Default::default()).await.unwrap();
    let listed = page.data.into_iter().find(|one| one.id == id.id).unwrap();
    assert_eq!(listed.revoked_at, Some(clock.now()));
}

#[tokio::test]
async fn a_revoked_key_ends_at_once_under_load() {
    let (server, _) = start().await;
    let (id, key) = make(&server, None).await;
    let (http, loaded) = (server.http(), key.clone());
    let load = tokio::spawn(async move {
        let mut answered = 0_u32;
        loop {
            let replies = (0..16).map(|_| http.get("/v1/events").bearer(&loaded).send());
            let replies = futures_util::future::join_all(replies).await;
            answered += 1;
            if replies.iter().all(|reply| reply.status == 401) {
                return answered;
            }
        }
    });
    read(&server, &key).await.json();
    server.admin().keys().revoke(id.id).await.unwrap();
    for _ in 0..20 {
        read(&server, &key).await.problem(401, "key_revoked");
    }
    assert!(load.await.unwrap() > 0);
}
