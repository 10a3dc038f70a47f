//! What becomes a touch or a conversion, once each, whatever is sent.

use acd_platform::attribution::{GetReport, ListPath, PathEntry};
use serde_json::{Value, json};
use sqlx::query_scalar;

use super::{NOON, Two, identify, landing, sale, usd};
use crate::support::app::{TestApp, TestOptions};

async fn count(two: &Two, sql: &'static str) -> i64 {
    query_scalar(sql).fetch_one(&two.server.database.pool()).await.unwrap()
}

#[tokio::test]
async fn a_visit_is_one_touch_at_its_earliest_event() {
    let two = Two::start().await;
    let replica =
        TestApp::over(two.server.database.clone(), TestOptions { clock: two.clock.clock(), ..TestOptions::default() })
            .await;
    let url = "https://p.test/?utm_source=meta&utm_campaign=spring";
    let campaign = json!({ "campaign": { "source": "meta", "name": "spring" } });
    let later = json!({ "type": "track", "event": "Seen", "anonymousId": "v", "timestamp": "2031-05-20T10:20:00Z", "context": campaign });
    two.send(&two.pct, json!([later, landing("v", "2031-05-20T10:05:00Z", url)])).await;
    two.send(&two.pct, json!([landing("v", "2031-05-20T10:10:00Z", url)])).await;
    // An earlier event that arrives last, at a server that knows nothing of the others.
    let early = json!({ "batch": [landing("v", "2031-05-20T10:01:00Z", url)] });
    replica.http().post("/v1/batch").bearer(&two.pct.key).json(&early).send().await.json();
    two.send(&two.pct, json!([landing("v", "2031-05-20T10:31:00Z", url)])).await;
    two.send(&two.pct, json!([landing("v", "2031-05-20T10:31:00Z", &format!("{url}&gclid=a"))])).await;
    let person = two.person(&two.pct, "anonymous_id=v").await;
    let path = two.pct.client.attribution().path(person, &ListPath::default()).await.unwrap();
    let times: Vec<String> = path.entries.iter().map(|entry| entry.at().format("%H:%M").to_string()).collect();
    assert_eq!(times, ["10:01", "10:31", "10:31"]);
}

#[tokio::test]
async fn an_app_is_led_to_by_links_and_by_what_is_credited_with_its_installation() {
    let two = Two::start().await;
    let calls = [
        (
            "08:00",
            "Application Installed",
            json!({ "version": "1", "install_referrer": "utm_source=newsletter" }),
            json!({}),
        ),
        (
            "09:00",
            "Application Installed",
            json!({ "install_referrer": "utm_source=google-play&utm_medium=organic" }),
            json!({}),
        ),
        ("10:00", "Deep Link Opened", json!({ "url": "shop://cart?utm_source=meta&fbclid=AbC" }), json!({})),
        ("11:00", "Application Opened", json!({}), json!({ "referrer": { "url": "https://p.test/?gclid=AbC" } })),
        ("11:30", "Install Attributed", json!({ "campaign": { "source": "TikTok", "name": "Spring" } }), json!({})),
    ];
    let events = calls.map(|(time, event, properties, context)| {
        json!({ "type": "track", "event": event, "anonymousId": "v", "timestamp": format!("2031-05-20T{time}:00Z"),
            "properties": properties, "context": context })
    });
    two.send(&two.pct, json!(events)).await;
    let person = two.person(&two.pct, "anonymous_id=v").await;
    let path = two.pct.client.attribution().path(person, &ListPath::default()).await.unwrap();
    let told = path.entries.iter().map(|entry| match entry {
        PathEntry::Touch(touch) => {
            (touch.at.format("%H:%M").to_string(), touch.origin.source.clone().unwrap_or_default())
        }
        other => panic!("{other:?}"),
    });
    let expected = [("08:00", "newsletter"), ("10:00", "meta"), ("11:00", "google"), ("11:30", "tiktok")];
    assert_eq!(told.collect::<Vec<_>>(), expected.map(|(time, source)| (time.to_owned(), source.to_owned())));
}

#[tokio::test]
async fn an_event_counts_once_however_often_it_is_sent() {
    let two = Two::start().await;
    two.pct.sells().await;
    let mut order = sale("ann", NOON, "1", 5.0);
    order["messageId"] = json!("m-1");
    let mut visit = landing("v", NOON, "https://p.test/?utm_source=meta");
    visit["messageId"] = json!("m-2");
    let batch = json!({ "batch": [order, visit, order] });
    for _ in 0..3 {
        let sends = (0..4).map(|_| two.server.http().post("/v1/batch").bearer(&two.pct.key).json(&batch).send());
        for reply in futures_util::future::join_all(sends).await {
            reply.json();
        }
    }
    assert_eq!(count(&two, "select count(*) from shared_conversions").await, 1);
    assert_eq!(count(&two, "select count(*) from shared_touches").await, 1);
}

#[tokio::test]
async fn an_import_tells_as_much_as_live_events() {
    let two = Two::start().await;
    two.pct.sells().await;
    let lines = [
        landing("v", "2031-01-15T10:00:00Z", "https://p.test/?utm_source=meta"),
        identify("ann", "v", "ann@example.com"),
        sale("ann", "2031-01-16T10:00:00Z", "1", 5.0),
    ]
    .map(|line| line.to_string())
    .join("\n");
    for _ in 0..2 {
        let product = "pct".parse().unwrap();
        acd_server::events::import(&two.server.app.db, &product, two.clock.now(), lines.as_bytes()).await.unwrap();
    }
    let from = Some("2031-01-01T00:00:00Z".parse().unwrap());
    let report = two.pct.report(GetReport { from, ..GetReport::default() }).await;
    assert_eq!((report.rows.len(), report.total), (1, usd(1, 0, 500, 0)));
}

#[tokio::test]
async fn hostile_values_are_stored_harmlessly_or_not_at_all() {
    let two = Two::start().await;
    two.pct.sells().await;
    let long = "x".repeat(8_000);
    let sends: Vec<Value> = vec![
        landing("v", NOON, "https://p.test/?utm_source=%00&utm_medium=%FF%FE&utm_campaign=a%00b"),
        landing(
            "v",
            NOON,
            &format!("https://p.test/?utm_source={long}&fbclid={long}&utm_campaign=')%3B drop table x--"),
        ),
        landing("v", NOON, "https://p.test/?utm_source=meta&ad_id={{ad.id}}&utm_term=\u{202e}"),
        landing("v", NOON, "::::?utm_source=a?utm_source=b#"),
        json!({ "type": "page", "anonymousId": "v", "context": { "page": { "url": ["https://p.test/?gclid=a"] }, "campaign": [1], "fbc": {} } }),
        json!({ "type": "page", "anonymousId": "v", "context": { "page": "?utm_source=a", "campaign": { "source": { "a": 1 } } } }),
        json!({ "type": "page", "anonymousId": "v", "properties": { "url": "https://p.test/?gclid=from-properties" } }),
        json!({ "type": "track", "event": "Order Completed", "userId": "u", "properties": { "revenue": 1e308, "currency": "USD", "order_id": long } }),
        json!({ "type": "track", "event": "Order Completed", "userId": "u", "properties": { "revenue": "-5", "currency": "'; --" } }),
        json!({ "type": "track", "event": "Order Completed", "userId": "u", "properties": { "revenue": [], "currency": {}, "order_id": null } }),
        json!({ "type": "track", "event": "Order Completed", "userId": "u" }),
        json!({ "type": "track", "event": "Order Completed", "userId": "u", "properties": { "revenue": 10_000_000_000_000_u64, "currency": "usd" } }),
    ];
    two.send(&two.pct, json!(sends)).await;
    two.clock.advance(chrono::TimeDelta::minutes(1));
    let report = two.pct.report(GetReport::default()).await;
    assert_eq!(report.total, usd(5, 0, 1_000_000_000_000_000, 0), "each is counted; one has an amount");
    let person = two.person(&two.pct, "anonymous_id=v").await;
    let path = two.pct.client.attribution().path(person, &ListPath::default()).await.unwrap();
    let mut sources: Vec<Option<String>> = path
        .entries
        .iter()
        .filter_map(|entry| match entry {
            PathEntry::Touch(touch) => Some(touch.origin.source.clone()),
            _ => None,
        })
        .collect();
    sources.sort();
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(sources, [None, text("a?utm_source=b"), text("google"), text("meta"), text(&long[..255])]);
}
