//! Who is who: ids that belong together, merges while events arrive, and what a product may know.

use std::collections::BTreeSet;

use acd_core::Secret;
use acd_platform::keys::Scope;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::query_scalar;

use crate::support::app::{TestApp, TestOptions};

const SCOPES: [Scope; 3] = [Scope::EventsWrite, Scope::EventsRead, Scope::PersonsRead];

async fn send(server: &TestApp, key: &Secret, call: &str, event: Value) {
    let reply = server.http().post(&format!("/v1/{call}")).bearer(key).json(&event).send().await;
    assert_eq!(reply.json()["accepted"], 1, "{event}");
}

/// The person of a query such as `user_id=ann`.
async fn person(server: &TestApp, key: &Secret, query: &str) -> Value {
    server.http().get(&format!("/v1/persons/lookup?{query}")).bearer(key).send().await.json()
}

async fn id_of(server: &TestApp, key: &Secret, query: &str) -> String {
    person(server, key, query).await["id"].as_str().unwrap().to_owned()
}

/// The message ids of a person's whole timeline, sorted.
async fn timeline(server: &TestApp, key: &Secret, person: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/persons/{person}/events?limit=9{cursor}");
        let page = server.http().get(&path).bearer(key).send().await.json();
        found.extend(page["data"].as_array().unwrap().iter().map(|e| e["message_id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                found.sort_unstable();
                return found;
            }
        }
    }
}

#[tokio::test]
async fn identify_joins_visitor_user_and_address_with_everything_done_before() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    send(&server, &key, "page", json!({ "anonymousId": "visitor", "messageId": "before" })).await;
    server.http().get("/v1/persons/lookup?anonymous_id=visitor").bearer(&key).send().await.problem(404, "not_found");

    let ann = json!({ "userId": "ann", "anonymousId": "visitor", "messageId": "who",
        "traits": { "email": " Ann@Example.com", "plan": "free" } });
    send(&server, &key, "identify", ann).await;
    send(&server, &key, "track", json!({ "event": "E", "userId": "ann", "messageId": "after" })).await;
    let known = person(&server, &key, "user_id=ann").await;
    for query in ["anonymous_id=visitor", "email=ANN@example.com"] {
        assert_eq!(person(&server, &key, query).await, known, "{query}");
    }
    assert_eq!(known["traits"]["pct"]["plan"], "free");
    assert_eq!(timeline(&server, &key, known["id"].as_str().unwrap()).await, ["after", "before", "who"]);

    send(&server, &key, "identify", json!({ "userId": "ann", "traits": { "plan": "pro" } })).await;
    let traits = &person(&server, &key, "user_id=ann").await["traits"]["pct"];
    assert_eq!(traits, &json!({ "email": " Ann@Example.com", "plan": "pro" }), "later traits go over earlier ones");
}

#[tokio::test]
async fn two_persons_merge_while_events_arrive_and_no_event_is_orphaned() {
    let server = TestApp::start().await;
    let replica = TestApp::over(server.database.clone(), TestOptions::default()).await;
    let key = server.key("pct", &SCOPES).await;
    for (user, visitor) in [("one", "visitor-1"), ("two", "visitor-2")] {
        send(&server, &key, "identify", json!({ "userId": user, "anonymousId": visitor, "messageId": user })).await;
    }
    let before = [id_of(&server, &key, "user_id=one").await, id_of(&server, &key, "user_id=two").await];
    assert_ne!(before[0], before[1]);

    let ids = ["userId:one", "userId:two", "anonymousId:visitor-1", "anonymousId:visitor-2"];
    let events = (0..80).map(|at| {
        let (server, (field, id)) =
            (if at % 2 == 0 { &server } else { &replica }, ids[at / 2 % 4].split_once(':').unwrap());
        send(server, &key, "track", json!({ "event": "E", field: id, "messageId": format!("m-{at}") }))
    });
    let merge = send(&replica, &key, "alias", json!({ "userId": "one", "previousId": "two", "messageId": "merge" }));
    let (early, late): (Vec<_>, Vec<_>) = events.enumerate().partition(|(at, _)| *at < 40);
    tokio::join!(join_all(early.into_iter().map(|(_, e)| e)), merge, join_all(late.into_iter().map(|(_, e)| e)));

    let survivor = id_of(&server, &key, "user_id=one").await;
    for query in ["user_id=two", "anonymous_id=visitor-1", "anonymous_id=visitor-2"] {
        assert_eq!(id_of(&server, &key, query).await, survivor, "{query}");
    }
    assert_eq!(survivor, *before.iter().min().unwrap(), "the older one survives");
    let mut expected: BTreeSet<String> = (0..80).map(|at| format!("m-{at}")).collect();
    expected.extend(["one", "two", "merge"].map(str::to_owned));
    for id in &before {
        let found = timeline(&server, &key, id).await;
        assert_eq!(found.len(), expected.len(), "by {id}: each event once");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "by {id}");
    }
    let orphans: i64 = query_scalar(
        "select count(*) from shared_events as e where not exists (
            select from shared.identity_link as l join shared.person as p on p.id = l.person_id
            where l.product = e.product and l.external_id = coalesce(e.user_id, e.anonymous_id)
                and l.provider = case when e.user_id is null then 'anonymous' else 'user' end
                and p.merged_into is null)",
    )
    .fetch_one(&server.database.pool())
    .await
    .unwrap();
    assert_eq!(orphans, 0);
}

#[tokio::test]
async fn many_merges_at_once_end_in_one_person() {
    let server = TestApp::start().await;
    let replica = TestApp::over(server.database.clone(), TestOptions::default()).await;
    let key = server.key("pct", &SCOPES).await;
    // A ring of aliases, sent to both replicas in no order: every writer meets persons that another is merging.
    let sends = (0..24).map(|at| {
        let server = if at % 2 == 0 { &server } else { &replica };
        let event = json!({ "userId": format!("u-{at}"), "previousId": format!("u-{}", (at + 7) % 24), "messageId": format!("m-{at}") });
        send(server, &key, "alias", event)
    });
    join_all(sends).await;
    let first = id_of(&server, &key, "user_id=u-0").await;
    for at in 1..24 {
        assert_eq!(id_of(&server, &key, &format!("user_id=u-{at}")).await, first, "u-{at}");
    }
    assert_eq!(timeline(&server, &key, &first).await.len(), 24);
}

#[tokio::test]
async fn an_alias_may_arrive_before_the_id_it_names() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    send(&server, &key, "alias", json!({ "userId": "new", "previousId": "old", "messageId": "alias" })).await;
    send(&server, &key, "track", json!({ "event": "E", "userId": "old", "messageId": "as user" })).await;
    send(&server, &key, "track", json!({ "event": "E", "anonymousId": "old", "messageId": "as visitor" })).await;
    let new = id_of(&server, &key, "user_id=new").await;
    assert_eq!(id_of(&server, &key, "user_id=old").await, new);
    assert_eq!(timeline(&server, &key, &new).await, ["alias", "as user", "as visitor"]);
}

#[tokio::test]
async fn a_browser_that_two_users_share_does_not_make_them_one() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    send(&server, &key, "identify", json!({ "userId": "ann", "anonymousId": "shared", "traits": { "plan": "pro" } }))
        .await;
    send(&server, &key, "identify", json!({ "userId": "ben", "anonymousId": "shared" })).await;
    send(
        &server,
        &key,
        "track",
        json!({ "event": "E", "userId": "ben", "anonymousId": "shared", "messageId": "bens" }),
    )
    .await;
    let (ann, ben) = (person(&server, &key, "user_id=ann").await, person(&server, &key, "user_id=ben").await);
    assert_ne!(ann["id"], ben["id"]);
    assert_eq!(ben["traits"], json!({}), "nothing of the other's");
    assert_eq!(person(&server, &key, "anonymous_id=shared").await["id"], ann["id"], "it stays with whom it was first");
    let bens = timeline(&server, &key, ben["id"].as_str().unwrap()).await;
    assert!(bens.contains(&"bens".to_owned()) && bens.len() == 2, "{bens:?}");
    assert!(!timeline(&server, &key, ann["id"].as_str().unwrap()).await.contains(&"bens".to_owned()));
}

#[tokio::test]
async fn one_address_joins_products_and_each_sees_its_own_side() {
    let server = TestApp::start().await;
    let (own, foreign) = (server.key("pct", &SCOPES).await, server.key("gapradar", &SCOPES).await);
    let stranger = server.key("vellopad", &SCOPES).await;
    let traits = |more: &str| json!({ "email": "ann@example.com", "seen_in": more });
    send(&server, &own, "identify", json!({ "userId": "ann", "messageId": "a", "traits": traits("pct") })).await;
    send(&server, &foreign, "identify", json!({ "userId": "77", "messageId": "b", "traits": traits("gapradar") }))
        .await;

    let admin = server.admin_key.clone();
    let whole = person(&server, &admin, "email=ann@example.com").await;
    assert_eq!(whole["traits"].as_object().unwrap().len(), 2);
    assert_eq!(timeline(&server, &admin, whole["id"].as_str().unwrap()).await, ["a", "b"]);
    for (key, product, user, event) in [(&own, "pct", "ann", "a"), (&foreign, "gapradar", "77", "b")] {
        let side = person(&server, key, "email=ann@example.com").await;
        assert_eq!(side["id"], whole["id"]);
        assert_eq!(side["traits"], json!({ product: { "email": "ann@example.com", "seen_in": product } }));
        let mut links: Vec<_> = side["links"].as_array().unwrap().iter().map(|l| l["external_id"].clone()).collect();
        links.sort_by_key(ToString::to_string);
        let mut expected = [json!(user), json!("ann@example.com")];
        expected.sort_by_key(ToString::to_string);
        assert_eq!(links, expected);
        assert_eq!(timeline(&server, key, side["id"].as_str().unwrap()).await, [event]);
    }
    let path = format!("/v1/persons/{}", whole["id"].as_str().unwrap());
    for path in [path.as_str(), &format!("{path}/events"), "/v1/persons/lookup?email=ann@example.com"] {
        server.http().get(path).bearer(&stranger).send().await.problem(404, "not_found");
    }
    server
        .http()
        .get("/v1/persons/lookup?user_id=77&product=gapradar")
        .bearer(&own)
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn an_address_alone_does_not_make_two_users_of_one_product_one() {
    let server = TestApp::start().await;
    let key = server.key("pct", &SCOPES).await;
    let traits = json!({ "email": "office@example.com" });
    for user in ["ann", "ben"] {
        send(&server, &key, "identify", json!({ "userId": user, "traits": traits })).await;
    }
    assert_ne!(id_of(&server, &key, "user_id=ann").await, id_of(&server, &key, "user_id=ben").await);
}
