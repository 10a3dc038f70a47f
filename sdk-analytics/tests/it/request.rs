use acd_analytics::{Alias, Context, Group, Identify, Page, Screen, Track};
use acd_core::testing::ManualClock;
use serde_json::json;

use crate::support::{Act, Server, builder, pass_time};

#[tokio::test]
async fn the_six_calls_arrive_as_segment_has_them() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let context = Context::default().app("shop", "1.2").locale("de-DE").timezone("Europe/Berlin");
    let client = builder(&server, &clock).context(context).build().unwrap();
    let own = Context::default().with("page", json!({ "path": "/" }));
    client.track(Track::new("Order Completed").user_id("u").properties(json!({ "revenue": 19.5 }))).unwrap();
    client.identify(Identify::new().user_id("u").anonymous_id("a").traits(json!({ "plan": "pro" }))).unwrap();
    client.page(Page::new().anonymous_id("a").name("Home").context(&own)).unwrap();
    client.screen(Screen::new().anonymous_id("a").category("Start")).unwrap();
    client.group(Group::new("g").user_id("u")).unwrap();
    client.alias(Alias::new("a", "u")).unwrap();
    client.flush().await.unwrap();

    let request = &server.arrived()[0];
    // Base64 of `wk_test:`.
    assert_eq!(request.headers["authorization"], "Basic d2tfdGVzdDo=");
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.body["sentAt"], "2026-01-01T00:00:00.000Z");
    let context = &request.body["context"];
    assert_eq!(context["library"]["name"], "acd-analytics");
    assert_eq!(context["app"], json!({ "name": "shop", "version": "1.2" }));
    assert_eq!((&context["locale"], &context["timezone"]), (&json!("de-DE"), &json!("Europe/Berlin")));
    let events = request.events();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["track", "identify", "page", "screen", "group", "alias"]);
    assert_eq!(events[0]["properties"]["revenue"], 19.5);
    assert_eq!(events[2]["context"], json!({ "page": { "path": "/" } }));
    assert!(events.iter().all(|event| event["timestamp"] == "2026-01-01T00:00:00.000Z"));
}

#[tokio::test]
async fn each_attempt_carries_the_time_it_leaves_at() {
    let (server, clock) = (Server::new([Act::Status(503, Some(("retry-after", "7")))]), ManualClock::new());
    let client = builder(&server, &clock).build().unwrap();
    client.track(Track::new("E").user_id("u")).unwrap();
    client.flush().await.unwrap_err();
    pass_time(&clock, || server.arrived().len() == 2).await;
    let (first, second) = (&server.arrived()[0].body, &server.arrived()[1].body);
    assert_eq!(
        (&first["sentAt"], &second["sentAt"]),
        (&json!("2026-01-01T00:00:00.000Z"), &json!("2026-01-01T00:00:07.000Z"))
    );
    assert_eq!(first["batch"], second["batch"], "the events themselves are the same");
}

#[tokio::test]
async fn the_write_key_is_printed_nowhere() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let builder = builder(&server, &clock);
    assert!(!format!("{builder:?}").contains("wk_test"));
    assert!(!format!("{:?}", builder.build().unwrap()).contains("wk_test"));
}
