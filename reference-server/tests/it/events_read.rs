//! Reading events: filters, paging, counts, views, and who may see what.

use std::collections::BTreeSet;

use acd_core::Secret;
use acd_platform::events::{CountEvents, Event, ListEvents};
use acd_platform::keys::Scope;
use acd_platform::{PlatformClient, UserId};
use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;

const SCOPES: [Scope; 2] = [Scope::EventsWrite, Scope::EventsRead];

async fn send(server: &TestApp, key: &Secret, events: Vec<Value>) {
    let count = events.len();
    let reply = server.http().post("/v1/batch").bearer(key).json(&json!({ "batch": events })).send().await;
    assert_eq!(reply.json()["accepted"], count);
}

fn tracks(ids: impl Iterator<Item = usize>) -> Vec<Value> {
    ids.map(|at| json!({ "type": "track", "event": "Seen", "userId": "u", "messageId": format!("m-{at}") })).collect()
}

async fn all(client: &PlatformClient, query: ListEvents) -> Vec<Event> {
    client.events().list_all(query).items().collect(100_000).await.unwrap()
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.message_id.as_str()).collect()
}

#[tokio::test]
async fn a_walk_over_pages_meets_every_event_once_while_new_ones_arrive() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    send(&server, &key, tracks(0..100)).await;
    let events = server.client(&key);
    let mut query = ListEvents { limit: Some(7), ..ListEvents::default() };
    let mut seen = Vec::new();
    for number in 0.. {
        let page = events.events().list(&query).await.unwrap();
        assert!(page.data.len() <= 7);
        seen.extend(page.data);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
        send(&server, &key, tracks(1_000 + number..1_001 + number)).await;
    }
    let distinct: BTreeSet<&str> = ids(&seen).into_iter().collect();
    let expected: Vec<String> = (0..100).map(|at| format!("m-{at}")).collect();
    assert_eq!((seen.len(), distinct), (100, expected.iter().map(String::as_str).collect()));
    assert!(seen.is_sorted_by(|newer, older| newer.id > older.id), "newest first");
}

#[tokio::test]
async fn each_filter_gives_its_own_events_and_filters_add_up() {
    let clock = ManualClock::at("2031-05-10T12:00:00Z");
    let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    let key = server.key("pct", &SCOPES).await;
    let track =
        |id: &str, event: &str, who: &str| json!({ "type": "track", "event": event, who: "x", "messageId": id });
    send(&server, &key, vec![track("0", "A", "userId"), track("1", "A", "anonymousId")]).await;
    clock.set("2031-05-11T12:00:00Z");
    send(
        &server,
        &key,
        vec![track("2", "B", "userId"), json!({ "type": "page", "name": "A", "userId": "y", "messageId": "3" })],
    )
    .await;
    let client = server.client(&key);
    let text = |value: &str| Some(value.to_owned());
    let noon = |day: u32| Some(format!("2031-05-{day}T12:00:00Z").parse().unwrap());
    let base = ListEvents::default;
    for (query, expected) in [
        (base(), vec!["0", "1", "2", "3"]),
        (ListEvents { kind: text("track"), ..base() }, vec!["0", "1", "2"]),
        (ListEvents { event: text("A"), ..base() }, vec!["0", "1", "3"]),
        (ListEvents { user_id: text("x"), ..base() }, vec!["0", "2"]),
        (ListEvents { anonymous_id: text("x"), ..base() }, vec!["1"]),
        (ListEvents { message_id: text("2"), ..base() }, vec!["2"]),
        (ListEvents { received_from: noon(11), ..base() }, vec!["2", "3"]),
        (ListEvents { received_to: noon(11), ..base() }, vec!["0", "1"]),
        (ListEvents { received_from: noon(10), received_to: noon(10), ..base() }, vec![]),
        (ListEvents { kind: text("track"), event: text("A"), user_id: text("x"), ..base() }, vec!["0"]),
        (ListEvents { product: Some("pct".parse().unwrap()), ..base() }, vec!["0", "1", "2", "3"]),
        (ListEvents { event: text("a"), ..base() }, vec![]),
    ] {
        let events = all(&client, query.clone()).await;
        let mut found = ids(&events);
        found.sort_unstable();
        assert_eq!(found, expected, "{query:?}");
    }
    clock.set("2031-05-11T12:00:00.001Z");
    let counts = client.events().counts(&CountEvents::default()).await.unwrap();
    let told: Vec<_> = counts.counts.iter().map(|one| (one.kind.as_str(), one.event.as_deref(), one.count)).collect();
    assert_eq!(counts.total, 4);
    assert_eq!(told, [("track", Some("A"), 2), ("page", Some("A"), 1), ("track", Some("B"), 1)]);
    let first_day = CountEvents { received_to: noon(11), ..CountEvents::default() };
    assert_eq!(client.events().counts(&first_day).await.unwrap().total, 2);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    for (path, status, code) in [
        ("/v1/events?limit=0", 400, "invalid_query"),
        ("/v1/events?limit=1001", 400, "invalid_query"),
        ("/v1/events?cursor=x", 400, "invalid_cursor"),
        ("/v1/events?users=x", 400, "invalid_query"),
        ("/v1/events?received_from=0000-00-00", 400, "invalid_query"),
        ("/v1/events?product=gapradar", 404, "not_found"),
        ("/v1/events/counts?received_from=2031-05-10T00:00:00Z&received_to=2031-05-09T00:00:00Z", 400, "invalid_query"),
        ("/v1/events/evt_1", 404, "not_found"),
        ("/v1/events/evt_00000000000000000000000000000000", 404, "not_found"),
    ] {
        server.http().get(path).bearer(&key).send().await.problem(status, code);
    }
}

#[tokio::test]
async fn an_event_is_there_for_its_product_its_user_and_an_administrator_alone() {
    let server = TestApp::start().await;
    let (own, foreign) = (server.key("pct", &SCOPES).await, server.key("gapradar", &SCOPES).await);
    let (user, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let event = |id: &str, user: &str| json!({ "type": "track", "event": "E", "userId": user, "messageId": id });
    send(&server, &own, vec![event("mine", &user.to_string()), event("other", &stranger.to_string())]).await;
    send(&server, &foreign, vec![event("elsewhere", &user.to_string())]).await;
    // A visitor who chose a user's id as their own anonymous one is not that user.
    let disguised = json!({ "type": "track", "event": "E", "anonymousId": user, "messageId": "disguised" });
    send(&server, &own, vec![disguised]).await;

    for (credentials, expected) in [
        (own.clone(), vec!["disguised", "mine", "other"]),
        (foreign.clone(), vec!["elsewhere"]),
        (server.user_token(UserId::from(user)), vec!["elsewhere", "mine"]),
        (server.user_token(UserId::from(Uuid::now_v7())), vec![]),
        (server.admin_key.clone(), vec!["disguised", "elsewhere", "mine", "other"]),
    ] {
        let client = server.client(&credentials);
        let events = all(&client, ListEvents::default()).await;
        let mut found = ids(&events);
        found.sort_unstable();
        assert_eq!(found, expected);
        let counts = client.events().counts(&CountEvents::default()).await.unwrap();
        assert_eq!(counts.total, u64::try_from(expected.len()).unwrap());
    }
    let mine = all(&server.client(&own), ListEvents { message_id: Some("mine".into()), ..ListEvents::default() }).await;
    let path = format!("/v1/events/{}", mine[0].id);
    assert_eq!(server.http().get(&path).bearer(&own).send().await.json()["message_id"], "mine");
    server.http().get(&path).bearer(&foreign).send().await.problem(404, "not_found");
    let stranger = server.user_token(UserId::from(stranger));
    server.http().get(&path).bearer(&stranger).send().await.problem(404, "not_found");

    let of_one = ListEvents { product: Some("gapradar".parse().unwrap()), ..ListEvents::default() };
    assert_eq!(ids(&all(&server.admin(), of_one).await), ["elsewhere"]);
}

#[tokio::test]
async fn the_views_hold_the_same_rows_as_the_api() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    let base =
        |kind: &str| json!({ "type": kind, "userId": "u", "messageId": kind, "timestamp": "2026-01-01T00:00:00Z" });
    let with = |kind: &str, more: Value| {
        let mut event = base(kind);
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let context = json!({
        "campaign": { "source": "meta", "medium": "cpc", "name": "spring", "term": "t", "content": "c" },
        "page": { "url": "https://shop.test/", "referrer": "https://ad.test/" },
    });
    send(
        &server,
        &key,
        vec![
            with("track", json!({ "event": "E", "properties": { "n": 1 }, "context": context })),
            with("identify", json!({ "traits": { "plan": "pro" } })),
            with("page", json!({ "name": "P", "category": "C", "context": context })),
            with("screen", json!({ "name": "S" })),
            with("group", json!({ "groupId": "g", "traits": { "n": 2 } })),
            with("alias", json!({ "previousId": "p" })),
        ],
    )
    .await;
    let pool = server.database.pool();
    let events = all(&server.client(&key), ListEvents::default()).await;
    assert_eq!(events.len(), 6);
    for event in events {
        let view = match event.kind.as_str() {
            "identify" => "identifies".to_owned(),
            "alias" => "aliases".to_owned(),
            kind => format!("{kind}s"),
        };
        let sql = sqlx::AssertSqlSafe(format!("select to_jsonb(v) from events.{view} as v"));
        let row: Value = query_scalar(sql).fetch_one(&pool).await.unwrap();
        let api = serde_json::to_value(&event).unwrap();
        assert_eq!(row["id"], json!(event.id.uuid()));
        let mut compared = 0;
        for (field, value) in row.as_object().unwrap() {
            let same = match field.as_str() {
                "id" | "timestamp" | "received_at" => continue,
                "name" => &api["event"],
                "utm_source" => &api["context"]["campaign"]["source"],
                "utm_medium" => &api["context"]["campaign"]["medium"],
                "utm_campaign" => &api["context"]["campaign"]["name"],
                "utm_term" => &api["context"]["campaign"]["term"],
                "utm_content" => &api["context"]["campaign"]["content"],
                "url" | "referrer" => &api["context"]["page"][field],
                _ => &api[field],
            };
            assert_eq!(value, same, "{view}.{field}");
            compared += 1;
        }
        assert!(compared >= 4, "{view}");
    }
    let daily: i64 =
        query_scalar("select sum(events)::bigint from events.daily_counts").fetch_one(&pool).await.unwrap();
    assert_eq!(daily, 6);
}

#[tokio::test]
async fn a_file_of_past_events_can_be_imported_twice() {
    let server = TestApp::start().await;
    let product = "pct".parse().unwrap();
    let now = server.app.clock.now();
    let mut file: Vec<String> = (1..=12)
        .flat_map(|month| (0..5).map(move |at| (month, at)))
        .map(|(month, at)| {
            format!(
                r#"{{"type":"track","event":"Old","userId":"u-{at}",{} "timestamp":"2019-{month:02}-15T00:00:00Z"}}"#,
                // A line without an id is known by its content.
                if at % 2 == 0 { format!(r#""messageId":"{month}-{at}","#) } else { String::new() }
            )
        })
        .collect();
    file.insert(3, "{\"type\":\"track\"".to_owned());
    file.insert(7, String::new());
    file.push(r#"{"type":"track","event":"Later","userId":"u","timestamp":"2999-01-01T00:00:00Z"}"#.to_owned());
    let file = file.join("\n");
    let import = async || acd_server::events::import(&server.app.db, &product, now, file.as_bytes()).await.unwrap();
    let first = import().await;
    assert_eq!((first.accepted, first.duplicates), (60, 0));
    assert_eq!(first.rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 63]);
    let again = import().await;
    assert_eq!((again.accepted, again.duplicates), (0, 60));

    let key = server.key("pct", &[Scope::EventsRead, Scope::PersonsRead]).await;
    let year = ListEvents { received_to: Some("2020-01-01T00:00:00Z".parse().unwrap()), ..ListEvents::default() };
    let events = all(&server.client(&key), year).await;
    assert_eq!(events.len(), 60);
    assert!(events.iter().all(|event| Some(event.timestamp) == event.original_timestamp));
    let person = server.http().get("/v1/persons/lookup?user_id=u-3").bearer(&key).send().await.json();
    let path = format!("/v1/persons/{}/events", person["id"].as_str().unwrap());
    assert_eq!(server.http().get(&path).bearer(&key).send().await.json()["data"].as_array().unwrap().len(), 12);
}
