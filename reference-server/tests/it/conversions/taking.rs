//! What is taken, what is not, and what of it lies in the database.

use acd_platform::keys::Scope;
use acd_platform::meta_events::{MetaEventOutcome, MetaEventsReply};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::hub::{Hub, lead};
use crate::users::refusal;

fn outcomes(reply: &MetaEventsReply) -> Vec<&'static str> {
    reply.results.iter().map(|result| result.outcome.as_str()).collect()
}

#[tokio::test]
async fn an_event_is_hashed_stored_sent_and_its_outcome_read() {
    let hub = Hub::open().await;
    let taken = hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    assert_eq!((taken.outcome, taken.cause), (MetaEventOutcome::Accepted, None));
    let stored: String = sqlx::query_scalar("select attribution_events::text from attribution_events")
        .fetch_one(&hub.server.database.pool())
        .await
        .unwrap();
    assert!(!stored.to_lowercase().contains("example.com") && !stored.contains("650"), "{stored}");

    hub.send_due().await;
    assert_eq!(hub.at_meta(), [("e1".to_owned(), true)]);
    let sent = hub.pct.meta_events().get(taken.id.unwrap()).await.unwrap();
    assert_eq!((sent.state.as_str(), sent.attempts, sent.cause), ("sent", 1, None));
    assert!(sent.fbtrace_id.is_some() && sent.settled_at.is_some());
    let person: Option<Value> = sqlx::query_scalar("select payload -> 'user_data' from attribution_events")
        .fetch_one(&hub.server.database.pool())
        .await
        .unwrap();
    assert_eq!(person, None, "what is settled keeps nothing of the person");
}

#[tokio::test]
async fn each_event_of_a_batch_is_answered_by_its_place() {
    let hub = Hub::open().await;
    let mut old = hub.lead("e2");
    old.event = lead("e2", hub.clock.now() - TimeDelta::days(8));
    let stranger = hub.lead("e3").user("bob");
    let mut unreadable = hub.lead("e4");
    unreadable.event.insert("event_time".to_owned(), "yesterday".into());
    let batch = [hub.lead("e1"), old, stranger, unreadable, hub.lead("e1")];
    let reply = hub.pct.meta_events().send_many(&batch).await.unwrap();
    assert_eq!(outcomes(&reply), ["accepted", "invalid", "refused", "invalid", "duplicate"]);
    assert_eq!(reply.accepted, 1);
    assert_eq!(reply.results.iter().map(|result| result.index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert!(reply.results[1].cause.as_deref().unwrap().contains("7 days"));
}

#[tokio::test]
async fn a_repetition_counts_as_one_for_48_hours() {
    let hub = Hub::open().await;
    let send = async |id| hub.pct.meta_events().send(&hub.lead(id)).await.unwrap().outcome.as_str();
    assert_eq!([send("e1").await, send("e1").await, send("e2").await], ["accepted", "duplicate", "accepted"]);
    hub.send_due().await;
    hub.clock.advance(TimeDelta::hours(48) - TimeDelta::seconds(1));
    assert_eq!(send("e1").await, "duplicate");
    hub.clock.advance(TimeDelta::seconds(1));
    assert_eq!([send("e1").await, send("e1").await], ["accepted", "duplicate"]);
}

#[tokio::test]
async fn the_same_events_at_once_are_stored_once() {
    let hub = Hub::open().await;
    let batch: Vec<_> = (0..50).map(|id| hub.lead(&format!("e{id}"))).collect();
    let turned: Vec<_> = batch.iter().rev().cloned().collect();
    let sends =
        (0..10).map(|turn| hub.pct.meta_events().send_many(if turn % 2 == 0 { &batch } else { &turned }).into_future());
    let accepted: u32 =
        futures_util::future::join_all(sends).await.into_iter().map(|reply| reply.unwrap().accepted).sum();
    assert_eq!((accepted, hub.conversions().await.len()), (50, 50));
}

#[tokio::test]
async fn what_is_hostile_is_refused_and_harms_nothing() {
    let hub = Hub::open().await;
    let http = hub.server.http();
    let post = async |path: &str, body: Value| {
        let reply = http.post(path).bearer(&hub.key).json(&body).send().await;
        (reply.status, reply.text().to_owned())
    };
    let event = |change: Value| {
        let mut event = hub.lead("e1").event;
        event.extend(change.as_object().cloned().unwrap());
        json!({ "event": event, "user_id": "ann" })
    };
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    for body in [
        json!([]),
        json!({}),
        json!({ "event": [] }),
        json!({ "event": {}, "extra": 1 }),
        event(json!({ "event_id": "a\0b" })),
        event(json!({ "event_id": "" })),
        event(json!({ "event_id": "x".repeat(300) })),
        event(json!({ "event_name": "x".repeat(300) })),
        event(json!({ "event_time": 99_999_999_999_999_i64 })),
        event(json!({ "event_time": -1 })),
        event(json!({ "user_data": { "em": "'; drop table attribution_events; --" } })),
        event(json!({ "custom_data": { "value": -1 } })),
        event(json!({ "custom_data": { "note": deep } })),
        event(json!({ "event_source_url": "https://x.test/?email=ann@example.com" })),
        json!({ "event": hub.lead("e1").event, "user_id": "" }),
        json!({ "event": hub.lead("e1").event, "user_id": "a\0" }),
        json!({ "event": hub.lead("e1").event, "user_id": "ann", "consent": { "world_peace": true } }),
    ] {
        let (status, text) = post("/v1/meta/event", body.clone()).await;
        assert!((400..500).contains(&status), "{body}: {status} {text}");
        assert!(!text.contains("ann@example.com") && !text.contains("drop table"), "{text}");
    }
    let many = |count: usize| json!({ "events": vec![json!({}); count] });
    for (body, expected) in [(many(0), 422), (many(1_001), 422), (many(1_000), 200), (json!({ "events": {} }), 422)] {
        assert_eq!(post("/v1/meta/events", body).await.0, expected);
    }
    let huge = json!({ "events": ["x".repeat(5 << 20)] });
    assert_eq!(post("/v1/meta/events", huge).await.0, 413);
    assert!(hub.conversions().await.is_empty());

    let reader = hub.server.product("pct", &[Scope::ConversionsRead]).await;
    assert_eq!(refusal(reader.meta_events().send(&hub.lead("e1")).await), (403, "missing_scope".to_owned()));
    assert_eq!(refusal(hub.server.admin().meta_events().send(&hub.lead("e1")).await).1, "product_key_required");
    let taken = hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    let other = hub.server.product("portal28", &super::hub::ALL).await;
    assert_eq!(refusal(other.meta_events().get(taken.id.unwrap()).await).0, 404);
    assert!(other.meta_events().list(&Default::default()).await.unwrap().data.is_empty());
}
