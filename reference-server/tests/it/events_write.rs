//! The tracking API: what is stored of each call, and what the reply says of each event.

use std::io::Write as _;

use acd_platform::keys::Scope;
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;

const READ_AND_WRITE: [Scope; 2] = [Scope::EventsWrite, Scope::EventsRead];

/// The stored event with this message id.
async fn stored(server: &TestApp, message_id: &str) -> Value {
    let reply =
        server.http().get(&format!("/v1/events?message_id={message_id}")).bearer(&server.admin_key).send().await;
    let data = reply.json()["data"].clone();
    assert_eq!(data.as_array().unwrap().len(), 1, "{data}");
    data[0].clone()
}

#[tokio::test]
async fn the_address_of_a_browser_is_filled_in_for_a_publishable_key_alone() {
    let proxies = "127.0.0.0/8, 10.0.0.0/8".parse().unwrap();
    let server = TestApp::start_with(TestOptions { proxies, ..TestOptions::default() }).await;
    let (public, private) = (server.key("pct", &[Scope::EventsWrite]).await, server.key("pct", &READ_AND_WRITE).await);
    let browser = json!({ "userAgent": "Mozilla/5.0" });
    let says = |ip: Value| json!({ "userAgent": "Mozilla/5.0", "ip": ip });
    let refuses = json!({ "userAgent": "Mozilla/5.0", "consent": { "categoryPreferences": { "advertising": false } } });
    for (index, (key, context, forwarded, expected)) in [
        (&public, &browser, "9.9.9.9, 8.8.8.8, 10.0.0.7", json!("8.8.8.8")),
        (&public, &says(json!("1.1.1.1")), "8.8.8.8", json!("1.1.1.1")),
        (&public, &says(json!("0.0.0.0")), "8.8.8.8", json!("0.0.0.0")),
        (&public, &refuses, "8.8.8.8", Value::Null),
        (&public, &json!({ "library": { "name": "a server's" } }), "8.8.8.8", Value::Null),
        (&public, &browser, "192.168.0.1", Value::Null),
        (&private, &browser, "8.8.8.8", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        for (call, id) in [("page", format!("single-{index}")), ("batch", format!("batch-{index}"))] {
            let message = json!({ "type": "page", "messageId": id, "anonymousId": "v", "context": context });
            let (key_in_body, body) = match call {
                "batch" => (true, json!({ "batch": [message], "writeKey": key.expose() })),
                _ => (false, message),
            };
            let request = server.http().post(&format!("/v1/{call}")).header("x-forwarded-for", forwarded);
            let request = if key_in_body { request } else { request.bearer(key) };
            assert_eq!(request.json(&body).send().await.status, 200);
            assert_eq!(stored(&server, &id).await["context"]["ip"], expected, "{id}: {context} {forwarded}");
        }
    }
    let untrusting = TestApp::start().await;
    let key = untrusting.key("pct", &[Scope::EventsWrite]).await;
    let event = json!({ "messageId": "m", "anonymousId": "v", "context": browser });
    let request = untrusting.http().post("/v1/page").bearer(&key).header("x-forwarded-for", "8.8.8.8");
    assert_eq!(request.json(&event).send().await.status, 200);
    assert_eq!(stored(&untrusting, "m").await["context"]["ip"], Value::Null, "anybody can write the header");
}

#[tokio::test]
async fn each_call_stores_what_its_type_carries() {
    let server = TestApp::start().await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    for (call, body, kept) in [
        (
            "track",
            json!({ "event": "Order Completed", "properties": { "revenue": 12.5, "deep": { "list": [1, "é😀", null] } } }),
            json!({ "event": "Order Completed", "properties": { "revenue": 12.5, "deep": { "list": [1, "é😀", null] } } }),
        ),
        ("identify", json!({ "traits": { "plan": "pro" } }), json!({ "event": null, "traits": { "plan": "pro" } })),
        (
            "page",
            json!({ "name": "Pricing", "category": "Docs", "properties": { "path": "/p" } }),
            json!({ "event": "Pricing", "category": "Docs", "properties": { "path": "/p" } }),
        ),
        ("screen", json!({ "name": "Home" }), json!({ "event": "Home", "category": null })),
        (
            "group",
            json!({ "groupId": "acme", "traits": { "seats": 3 } }),
            json!({ "group_id": "acme", "traits": { "seats": 3 } }),
        ),
        ("alias", json!({ "previousId": "visitor" }), json!({ "previous_id": "visitor", "event": null })),
    ] {
        let mut event = json!({
            "messageId": format!("one-{call}"), "userId": "u-1", "anonymousId": "a-1",
            "context": { "locale": "de" }, "integrations": { "All": true },
            // Taken from the path, whatever the body says.
            "type": "track",
        });
        event.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let reply = server.http().post(&format!("/v1/{call}")).bearer(&key).json(&event).send().await;
        assert_eq!(reply.json(), json!({ "success": true, "accepted": 1, "duplicates": 0, "rejected": [] }), "{call}");

        let row = stored(&server, &format!("one-{call}")).await;
        assert_eq!((&row["type"], &row["product"]), (&json!(call), &json!("pct")));
        assert_eq!((&row["user_id"], &row["anonymous_id"]), (&json!("u-1"), &json!("a-1")));
        assert_eq!((&row["context"], &row["integrations"]), (&json!({ "locale": "de" }), &json!({ "All": true })));
        for (field, value) in kept.as_object().unwrap() {
            assert_eq!(&row[field], value, "{call}: {field}");
        }
    }
}

#[tokio::test]
async fn a_batch_gives_its_context_integrations_and_time_to_each_event_that_has_none() {
    let clock = ManualClock::at("2031-05-10T12:00:00Z");
    let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    let body = json!({
        "context": { "app": { "name": "shop" }, "locale": "en" },
        "integrations": { "All": false },
        // The client's clock is an hour slow.
        "sentAt": "2031-05-10T11:00:00Z",
        "batch": [
            { "type": "track", "event": "A", "userId": "u", "messageId": "plain", "timestamp": "2031-05-10T10:59:00Z" },
            { "type": "page", "anonymousId": "a", "messageId": "own", "context": { "locale": "fr" },
              "integrations": { "All": true }, "sentAt": "2031-05-10T12:00:00Z", "timestamp": "2031-05-10T11:59:00Z" },
        ],
    });
    let reply = server.http().post("/v1/batch").bearer(&key).json(&body).send().await;
    assert_eq!(reply.json()["accepted"], 2);
    let plain = stored(&server, "plain").await;
    assert_eq!(plain["context"], json!({ "app": { "name": "shop" }, "locale": "en" }));
    assert_eq!(plain["integrations"], json!({ "All": false }));
    let own = stored(&server, "own").await;
    assert_eq!(own["context"], json!({ "app": { "name": "shop" }, "locale": "fr" }));
    assert_eq!(own["integrations"], json!({ "All": true }));
    for event in [plain, own] {
        assert_eq!(event["timestamp"], "2031-05-10T11:59:00Z");
    }
}

#[tokio::test]
async fn the_reply_says_of_each_event_what_became_of_it_and_good_ones_are_stored() {
    let server = TestApp::start().await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    let good = |id: &str| json!({ "type": "track", "event": "Fine", "userId": "u", "messageId": id });
    let batch = json!({ "batch": [
        good("good-0"),
        { "type": "tracks", "event": "X", "userId": "u" },
        { "event": "X", "userId": "u", "messageId": "no-type" },
        { "type": "track", "userId": "u", "messageId": "no-event" },
        { "type": "track", "event": "X", "messageId": "nobody" },
        good("good-0"),
        { "type": "track", "event": "x".repeat(513), "userId": "u", "messageId": "long" },
        { "type": "track", "event": "X", "userId": "u", "messageId": "m".repeat(101) },
        { "type": "track", "event": "X", "userId": "u", "messageId": "when", "timestamp": "yesterday" },
        { "type": "track", "event": "X", "userId": "u", "properties": { "pad": "x".repeat(33_000) } },
        7,
        null,
        { "type": "track", "event": 7, "userId": "u" },
        { "type": "group", "userId": "u", "messageId": "no-group" },
        { "type": "alias", "userId": "u", "messageId": "no-previous" },
        good("good-15"),
    ] });
    let reply = server.http().post("/v1/batch").bearer(&key).json(&batch).send().await.json();
    assert_eq!((&reply["success"], &reply["accepted"], &reply["duplicates"]), (&json!(false), &json!(2), &json!(1)));
    let told: Vec<(u64, &str, Option<&str>)> = reply["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            assert!(!one["detail"].as_str().unwrap().is_empty());
            (one["index"].as_u64().unwrap(), one["code"].as_str().unwrap(), one["message_id"].as_str())
        })
        .collect();
    let long_id = "m".repeat(101);
    assert_eq!(
        told,
        [
            (1, "invalid_type", None),
            (2, "invalid_type", Some("no-type")),
            (3, "missing_field", Some("no-event")),
            (4, "no_user_anon_id", Some("nobody")),
            (6, "field_too_long", Some("long")),
            (7, "field_too_long", Some(long_id.as_str())),
            (8, "invalid_timestamp", Some("when")),
            (9, "event_too_large", None),
            (10, "invalid_event", None),
            (11, "invalid_event", None),
            (12, "invalid_event", None),
            (13, "missing_field", Some("no-group")),
            (14, "missing_field", Some("no-previous")),
        ]
    );
    let list = server.http().get("/v1/events").bearer(&key).send().await.json();
    let mut ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|event| event["message_id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, ["good-0", "good-15"]);
}

#[tokio::test]
async fn a_request_without_any_good_event_is_a_400_that_lists_why() {
    let server = TestApp::start().await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    let batch = json!({ "batch": [{ "type": "track", "event": "X", "messageId": "m" }, {}] });
    let reply = server.http().post("/v1/batch").bearer(&key).json(&batch).send().await;
    let problem = reply.problem(400, "all_rejected");
    assert_eq!(problem["rejected"][0]["code"], "no_user_anon_id");
    assert_eq!(problem["rejected"][1]["index"], 1);

    let reply = server.http().post("/v1/track").bearer(&key).json(&json!({ "event": "X" })).send().await;
    assert_eq!(reply.problem(400, "invalid_event")["reason"], "no_user_anon_id");
    let empty = server.http().post("/v1/batch").bearer(&key).json(&json!({ "batch": [] })).send().await;
    assert_eq!(empty.json(), json!({ "success": true, "accepted": 0, "duplicates": 0, "rejected": [] }));
}

#[tokio::test]
async fn an_event_without_a_message_id_gets_one_of_its_own() {
    let server = TestApp::start().await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    for _ in 0..2 {
        let event = json!({ "event": "Nameless", "userId": "u" });
        assert_eq!(server.http().post("/v1/track").bearer(&key).json(&event).send().await.json()["accepted"], 1);
    }
    let list = server.http().get("/v1/events?event=Nameless").bearer(&key).send().await.json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|e| e["message_id"].as_str().unwrap()).collect();
    assert!(matches!(ids.as_slice(), [one, other] if one != other && one.starts_with("srv_")), "{ids:?}");
}

#[tokio::test]
async fn a_number_is_read_back_to_the_last_bit() {
    let server = TestApp::start().await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    let numbers = json!([
        0.1,
        1e23,
        2.5e-7,
        -1.797_693_134_862_315_7e308,
        5e-324,
        2.225_073_858_507_201_4e-308,
        u64::MAX,
        i64::MIN,
        9_007_199_254_740_993_u64,
        8.41,
        1e300,
        123_456_789.123_456_78,
    ]);
    let event = json!({ "event": "E", "userId": "u", "messageId": "exact", "properties": { "numbers": numbers } });
    assert_eq!(server.http().post("/v1/track").bearer(&key).json(&event).send().await.json()["accepted"], 1);
    let stored = stored(&server, "exact").await["properties"]["numbers"].clone();
    for (was, is) in numbers.as_array().unwrap().iter().zip(stored.as_array().unwrap()) {
        assert_eq!((was.as_f64(), was.as_i64()), (is.as_f64(), is.as_i64()), "{was} {is}");
    }
}

#[tokio::test]
async fn a_gzip_body_is_unpacked() {
    let server = TestApp::start().await;
    let key = server.key("pct", &READ_AND_WRITE).await;
    let batch = json!({ "batch": [{ "type": "page", "userId": "u", "messageId": "packed" }] });
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(batch.to_string().as_bytes()).unwrap();
    let call = server.http().post("/v1/batch").bearer(&key).header("content-encoding", "gzip");
    assert_eq!(call.body(packed.finish().unwrap()).send().await.json()["accepted"], 1);
    assert_eq!(stored(&server, "packed").await["type"], "page");
}

#[tokio::test]
async fn a_browser_of_any_origin_may_send() {
    let server = TestApp::start().await;
    let reply = server
        .http()
        .call(http::Method::OPTIONS, "/v1/batch")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")));
    let allowed = reply.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{allowed}");
}

/// The client's times of one event, in milliseconds from when the server receives it.
#[derive(Clone, Debug)]
struct Times {
    original: Option<i64>,
    sent: Option<i64>,
}

fn times() -> impl Strategy<Value = Times> {
    let minute = 60_000_i64;
    let day = 1_440 * minute;
    // Around now, around both bounds, and clocks that are years off.
    let offset = prop_oneof![
        -2 * minute..2 * minute,
        -7 * day - 1_000..-7 * day + 1_000,
        5 * minute - 1_000..5 * minute + 1_000,
        -3_650 * day..3_650 * day,
    ];
    let lag = prop_oneof![0..10 * minute, -10 * minute..8 * day];
    (proptest::option::weighted(0.9, offset), proptest::option::weighted(0.8, lag))
        .prop_map(|(original, lag)| Times { original, sent: lag.map(|lag| original.unwrap_or(0) + lag) })
}

#[test]
fn the_time_of_an_event_is_corrected_exactly_by_the_skew_rule_and_clamped() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clock = ManualClock::at("2031-05-10T12:00:00.123Z");
    let options = TestOptions { clock: clock.clock(), ..TestOptions::default() };
    let (server, key) = runtime.block_on(async {
        let server = TestApp::start_with(options).await;
        let key = server.key("pct", &READ_AND_WRITE).await;
        (server, key)
    });
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&proptest::collection::vec(times(), 1..60), |all| {
        // What arrived later comes first in the list.
        clock.advance(TimeDelta::milliseconds(1));
        let received = clock.now();
        let wire = |offset: i64| (received + TimeDelta::milliseconds(offset)).to_rfc3339();
        let mut events = Vec::new();
        let mut expected = Vec::new();
        for Times { original, sent } in all {
            let id = Uuid::now_v7().to_string();
            let mut event = json!({ "type": "screen", "userId": "u", "messageId": id });
            if let Some(original) = original {
                event["timestamp"] = wire(original).into();
            }
            if let Some(sent) = sent {
                event["sentAt"] = wire(sent).into();
            }
            // receivedAt - (sentAt - originalTimestamp), in the week before and the five minutes after.
            let happened = match (original, sent) {
                (Some(original), Some(sent)) => original - sent,
                (Some(original), None) => original,
                (None, _) => 0,
            };
            let happened = TimeDelta::milliseconds(happened).clamp(TimeDelta::days(-7), TimeDelta::minutes(5));
            let kept = |offset: Option<i64>| offset.map(|offset| received + TimeDelta::milliseconds(offset));
            expected.push((id, received + happened, kept(original), kept(sent)));
            events.push(event);
        }
        let rows = runtime.block_on(async {
            let reply = server.http().post("/v1/batch").bearer(&key).json(&json!({ "batch": events })).send().await;
            assert_eq!(reply.json()["accepted"], events.len());
            let path = format!("/v1/events?limit={}", events.len());
            server.http().get(&path).bearer(&key).send().await.json()["data"].clone()
        });
        let time = |row: &Value, field: &str| row[field].as_str().map(|text| text.parse::<DateTime<Utc>>().unwrap());
        for (id, happened, original, sent) in expected {
            let row = rows.as_array().unwrap().iter().find(|row| row["message_id"] == id.as_str()).unwrap();
            prop_assert_eq!(time(row, "timestamp"), Some(happened), "{}", row);
            prop_assert_eq!(time(row, "original_timestamp"), original);
            prop_assert_eq!(time(row, "sent_at"), sent);
            prop_assert_eq!(time(row, "received_at"), Some(received));
        }
        Ok(())
    });
    outcome.unwrap();
}
