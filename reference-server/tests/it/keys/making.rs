//! Making keys: the secret is seen once and stored nowhere, and no key makes one that may do more than itself.

use acd_core::Secret;
use acd_platform::keys::{ApiKey, CreateApiKey, ListApiKeys, Scope};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, query_scalar};

use crate::support::app::TestApp;
use crate::support::http::Reply;

const MAKER: [Scope; 3] = [Scope::KeysRead, Scope::KeysWrite, Scope::EventsWrite];

fn wanted(name: &str) -> CreateApiKey {
    CreateApiKey { name: name.to_owned(), product: None, scopes: vec![Scope::EventsWrite], expires_at: None }
}

async fn post(server: &TestApp, key: &Secret, body: &Value) -> Reply {
    server.http().post("/v1/keys").bearer(key).json(body).send().await
}

/// Every value of every column of every table, as text.
async fn dump(server: &TestApp) -> String {
    let pool = server.database.pool();
    let tables: Vec<String> = query_scalar(
        "select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = AssertSqlSafe(format!("select coalesce(string_agg(t::text, ' '), '') from {table} as t"));
        all += &query_scalar::<_, String>(sql).fetch_one(&pool).await.unwrap();
    }
    all
}

#[tokio::test]
async fn the_secret_is_shown_once_and_only_a_hash_of_it_is_stored() {
    let server = TestApp::start().await;
    let maker = server.client(&server.key("pct", &MAKER).await);
    let made = maker.keys().create(&wanted("browser")).await.unwrap();
    let secret = Secret::new(made.secret.unwrap());
    assert!(secret.expose().starts_with(&made.key.prefix) && made.key.prefix.len() == 12, "{}", made.key.prefix);
    let event = json!({ "event": "E", "userId": "u" });
    assert_eq!(server.http().post("/v1/track").bearer(&secret).json(&event).send().await.json()["accepted"], 1);

    let listed = server.http().get("/v1/keys").bearer(&server.admin_key).send().await;
    assert!(listed.text().contains(&made.key.prefix));
    let dump = dump(&server).await;
    assert!(dump.contains(&made.key.prefix), "the dump has the key's row");
    let hidden = secret.expose().rsplit_once('_').unwrap().1;
    let hex: String = hidden.bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in [listed.text(), &dump] {
        assert!(!text.contains(hidden) && !text.contains(&hex));
        assert!(!text.contains(server.admin_key.expose().rsplit_once('_').unwrap().1));
    }
    assert!(!listed.text().contains("hash"), "not even the hash is shown");
}

#[tokio::test]
async fn no_key_makes_one_that_may_do_more_than_itself() {
    let server = TestApp::start().await;
    let maker = server.key("pct", &MAKER).await;
    let key = |changes: Value| {
        let mut body = json!({ "name": "n", "scopes": ["events:write"] });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (body, status, code) in [
        (key(json!({ "scopes": ["events:read"] })), 403, "scope_not_held"),
        (key(json!({ "scopes": ["events:write", "users:write"] })), 403, "scope_not_held"),
        (key(json!({ "scopes": ["admin"] })), 422, "invalid_scopes"),
        (key(json!({ "scopes": ["admin"], "product": null })), 422, "invalid_scopes"),
        (key(json!({ "product": "gapradar" })), 404, "not_found"),
        (key(json!({ "scopes": [] })), 422, "invalid_scopes"),
        (key(json!({ "scopes": ["events:write", "events:write"] })), 422, "invalid_scopes"),
        (key(json!({ "scopes": ["events:everything"] })), 422, "invalid_body"),
        (key(json!({ "scope": "events:write" })), 422, "invalid_body"),
        (key(json!({ "name": "" })), 422, "invalid_name"),
        (key(json!({ "name": "a\u{0}b" })), 422, "invalid_name"),
        (key(json!({ "name": "x".repeat(101) })), 422, "invalid_name"),
        (key(json!({ "expires_at": "2020-01-01T00:00:00Z" })), 422, "invalid_expiry"),
        (key(json!({ "expires_at": "tomorrow" })), 422, "invalid_body"),
    ] {
        let reply = post(&server, &maker, &body).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        reply.problem(status, code);
    }
    for (body, status, code) in [
        (key(json!({ "product": "nobody" })), 422, "unknown_product"),
        (key(json!({})), 422, "product_required"),
        (key(json!({ "scopes": ["admin"], "product": "pct" })), 422, "invalid_scopes"),
    ] {
        post(&server, &server.admin_key, &body).await.problem(status, code);
    }
    let reader = server.key("pct", &[Scope::KeysRead]).await;
    post(&server, &reader, &key(json!({}))).await.problem(403, "missing_scope");

    // A key with more rights than the one that asks can be ended by it, but not copied.
    let strong =
        CreateApiKey { product: Some("pct".parse().unwrap()), scopes: vec![Scope::UsersWrite], ..wanted("strong") };
    let strong = server.admin().keys().create(&strong).await.unwrap().key;
    let rotate = server.http().post(&format!("/v1/keys/{}/rotate", strong.id)).bearer(&maker).json(&json!({}));
    rotate.send().await.problem(403, "scope_not_held");
}

#[tokio::test]
async fn a_product_neither_sees_nor_touches_keys_of_others() {
    let server = TestApp::start().await;
    let maker = server.key("pct", &MAKER).await;
    server.key("gapradar", &MAKER).await;
    let all: Vec<ApiKey> =
        server.admin().keys().list_all(ListApiKeys::default()).items().collect(100_000).await.unwrap();
    assert_eq!(all.len(), 3);
    let own: Vec<ApiKey> =
        server.client(&maker).keys().list_all(ListApiKeys::default()).items().collect(100_000).await.unwrap();
    assert_eq!(own.len(), 1);
    for foreign in all.iter().filter(|key| key.id != own[0].id) {
        let path = format!("/v1/keys/{}", foreign.id);
        server.http().call(http::Method::DELETE, &path).bearer(&maker).send().await.problem(404, "not_found");
        let rotate = server.http().post(&format!("{path}/rotate")).bearer(&maker).json(&json!({}));
        rotate.send().await.problem(404, "not_found");
    }
    let still: Vec<ApiKey> =
        server.admin().keys().list_all(ListApiKeys::default()).items().collect(100_000).await.unwrap();
    assert_eq!(still, all);
}

#[tokio::test]
async fn a_list_is_walked_page_by_page() {
    let server = TestApp::start().await;
    let maker = server.client(&server.key("pct", &MAKER).await);
    for number in 0..7 {
        maker.keys().create(&wanted(&format!("key {number}"))).await.unwrap();
    }
    let query = ListApiKeys { limit: Some(3), ..ListApiKeys::default() };
    let all: Vec<ApiKey> = maker.keys().list_all(query).items().collect(100_000).await.unwrap();
    let names: Vec<&str> = all.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["test", "key 0", "key 1", "key 2", "key 3", "key 4", "key 5", "key 6"], "oldest first");
}

#[tokio::test]
async fn a_repeated_request_makes_one_key_and_shows_no_secret_again() {
    let server = TestApp::start().await;
    let maker = server.client(&server.key("pct", &MAKER).await);
    let create = async |name: &str| maker.keys().create(&wanted(name)).idempotency_key("deploy-7").await;
    let replies = join_all((0..8).map(|_| create("browser"))).await;
    let made: Vec<_> = replies.into_iter().map(Result::unwrap).collect();
    assert!(made.iter().all(|one| one.key.id == made[0].key.id));
    assert_eq!(made.iter().filter(|one| one.secret.is_some()).count(), 1);

    let error = create("another name").await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.code()), (409, Some("idempotency_key_reused")));
    // The same key of another product is another request.
    let other = server.client(&server.key("gapradar", &MAKER).await);
    let made = other.keys().create(&wanted("browser")).idempotency_key("deploy-7").await.unwrap();
    assert!(made.secret.is_some());
    let key = server.key("pct", &MAKER).await;
    let call = server.http().post("/v1/keys").bearer(&key).header("idempotency-key", "two words");
    call.json(&json!({ "name": "n", "scopes": ["events:write"] })).send().await.problem(400, "invalid_idempotency_key");
}
