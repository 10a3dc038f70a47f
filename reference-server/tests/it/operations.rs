//! What operators see: health, metrics, request ids, and the description of the API.

use std::collections::BTreeSet;

use acd_platform::keys::Scope;
use acd_testing::MetaSimulator;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection, query_scalar, raw_sql};

use crate::support::app::{TestApp, TestOptions};
use crate::support::process::Settings;
use crate::support::wait::until;

#[tokio::test]
async fn a_server_that_is_stopping_lives_and_is_not_ready() {
    let server = TestApp::start().await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(server.http().get(path).send().await.status, 200);
    }
    server.app.stopping.cancel();
    assert_eq!(server.http().get("/health/live").send().await.status, 200);
    server.http().get("/health/ready").send().await.problem(503, "stopping");
}

#[tokio::test]
async fn metrics_are_for_administrators_and_tell_of_requests_events_and_connections() {
    let server = TestApp::start().await;
    // No other test writes as this product: metrics are of the whole process.
    let key = server.key("everreach", &[Scope::EventsWrite]).await;
    let event = |id: &str| json!({ "type": "page", "userId": "u", "messageId": id });
    let batch = json!({ "batch": [event("a"), event("b"), event("a"), {}] });
    server.http().post("/v1/batch").bearer(&key).json(&batch).send().await.json();
    acd_server::kernel::outbox::relay(&server.app.db).await.unwrap();

    server.http().get("/metrics").send().await.problem(401, "no_credentials");
    server.http().get("/metrics").bearer(&key).send().await.problem(403, "missing_scope");
    let reply = server.http().get("/metrics").bearer(&server.admin_key).send().await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; version=0.0.4")));
    let text = reply.text();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    for line in [
        r#"acd_events_total{product="everreach",outcome="stored"} 2"#,
        r#"acd_events_total{product="everreach",outcome="duplicate"} 1"#,
        r#"acd_events_total{product="everreach",outcome="rejected"} 1"#,
        r#"acd_http_request_seconds_count{route="/v1/batch",method="POST",status="200"} "#,
        r#"acd_http_request_seconds_bucket{route="/v1/batch",method="POST",status="200",le="0.5"} "#,
        "acd_events_group_rows_count ",
        "acd_db_begin_seconds_count ",
        r#"acd_db_pool_connections{state="open"} "#,
        r#"acd_db_pool_connections{state="in_use"} "#,
        "acd_db_pool_saturation ",
        "acd_outbox_waiting ",
    ] {
        assert!(text.lines().any(|told| told.starts_with(line)), "{line} is missing in:\n{text}");
    }
    // A path that no route has must not make a series of its own.
    server.http().get("/v1/planted-path").send().await;
    let text = server.http().get("/metrics").bearer(&server.admin_key).send().await;
    assert!(!text.text().contains("planted-path") && text.text().contains("route=\"unmatched\""));
}

#[tokio::test]
async fn a_request_keeps_its_id_up_to_the_statements_that_it_runs() {
    let server = TestApp::start().await;
    let key = server.key("pct", &[Scope::EventsRead, Scope::EventsWrite]).await;
    let http = server.http();
    let own = http.get("/health/live").header("x-request-id", "checkout-7.a_B").send().await;
    assert_eq!(own.header("x-request-id"), Some("checkout-7.a_B"));
    for unusable in ["'; drop table products; --", "has space", &"x".repeat(49)] {
        let reply = http.get("/v1/nothing").header("x-request-id", unusable).send().await;
        reply.problem(404, "no_route");
        assert!(reply.header("x-request-id").unwrap().starts_with("req_"));
    }
    let one = http.get("/health/live").send().await;
    let other = http.get("/health/live").send().await;
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));

    let mut holder = PgConnection::connect_with(&server.database.options).await.unwrap();
    raw_sql("begin; lock table shared_events in access exclusive mode").execute(&mut holder).await.unwrap();
    let pool = server.database.pool();
    let named = async |name: &'static str| {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1
            and wait_event_type = 'Lock'";
        until("the statement is seen under the id of its request", async || {
            let count: i64 = query_scalar(sql).bind(name).fetch_one(&pool).await.unwrap();
            (count == 1).then_some(())
        })
        .await;
    };
    let event = json!({ "event": "E", "userId": "u" });
    let read = http.get("/v1/events").header("x-request-id", "reading-1").bearer(&key).send();
    let write = http.post("/v1/track").header("x-request-id", "writing-1").bearer(&key).json(&event).send();
    let (read, write, ()) = tokio::join!(read, write, async {
        named("acd reading-1").await;
        named("acd writing-1").await;
        raw_sql("commit").execute(&mut holder).await.unwrap();
    });
    assert_eq!((read.status, write.status), (200, 200));
    let idle: Vec<String> = query_scalar(
        "select distinct application_name from pg_stat_activity
         where datname = current_database() and application_name like 'acd%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(idle, ["acd"], "the id ends with the transaction");
}

/// Every operation of the document: path, method, description.
fn operations(document: &Value) -> Vec<(&str, Method, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = paths.iter().flat_map(|(path, methods)| {
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (path.as_str(), method.to_uppercase().parse().unwrap(), operation))
    });
    methods.collect()
}

#[tokio::test]
async fn each_operation_of_the_description_answers() {
    let meta = Some(MetaSimulator::start().await.unwrap().into());
    let server = TestApp::start_with(TestOptions { meta, ..TestOptions::default() }).await;
    let document = server.http().get("/openapi.json").send().await.json();
    let operations = operations(&document);
    assert!(operations.len() >= 15, "{}", operations.len());
    for (path, method, operation) in operations {
        let filled = path.replace("{id}", "00000000000000000000000000000000");
        assert!(!filled.contains('{'), "{path}");
        // A write key may stand in the body, so that has to be readable first.
        let empty = json!({ "batch": [] });
        let anonymous = server.http().call(method.clone(), &filled).json(&empty).send().await;
        let public = operation["security"] == json!([]);
        assert_eq!(anonymous.status == 401, !public, "{method} {path}: {anonymous:?}");
        let reply = server.http().call(method.clone(), &filled).bearer(&server.admin_key).json(&json!({})).send().await;
        assert!(reply.status < 500 && reply.status != 405, "{method} {path}: {reply:?}");
        assert!(!reply.text().contains("no_route"), "{method} {path}: {reply:?}");
        // What it answered with is described.
        let described = &operation["responses"][reply.status.to_string()];
        assert!(reply.status >= 400 || !described.is_null(), "{method} {path}: {reply:?}");
        let other = if method == Method::PATCH { Method::PUT } else { Method::PATCH };
        let taken = document["paths"][path].get(other.as_str().to_lowercase()).is_some();
        let refused = server.http().call(other, &filled).bearer(&server.admin_key).send().await;
        assert!(taken || refused.status == 405, "{path}: {refused:?}");
    }
}

#[tokio::test]
async fn the_description_is_whole_in_itself_and_the_same_from_the_command_line() {
    let server = TestApp::start().await;
    let reply = server.http().get("/openapi.json").send().await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}: its id is another's too");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        assert!(operation["responses"]["default"]["content"].get("application/problem+json").is_some());
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_path: Vec<_> = parameters.iter().filter(|one| one["in"] == "path").collect();
        assert_eq!(in_path.len(), path.matches('{').count(), "{method} {path}");
        for tag in operation["tags"].as_array().unwrap() {
            assert!(document["tags"].as_array().unwrap().iter().any(|one| one["name"] == *tag), "{tag}");
        }
        for requirement in operation["security"].as_array().unwrap() {
            for scheme in requirement.as_object().unwrap().keys() {
                assert!(document["components"]["securitySchemes"].get(scheme).is_some(), "{scheme}");
            }
        }
    }
    let mut refs = Vec::new();
    references(&document, &mut refs);
    assert!(!refs.is_empty());
    for reference in refs {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let printed = Settings::outside("postgresql://nobody@localhost/nowhere").run(&["openapi"]).await;
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), document);
}

#[tokio::test]
async fn the_table_of_operations_names_every_call_that_the_server_describes() {
    let outside = Settings::outside("postgresql://nobody@localhost/nowhere");
    let document: Value = serde_json::from_str(&outside.run(&["openapi"]).await).unwrap();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str().map(str::to_owned))
        .collect();
    let table = outside.run(&["operations"]).await;
    let first_cell = |line: &str| line.split(['│', '┆']).nth(1).map(|cell| cell.trim().replace('.', "_"));
    // The table also has the calls to outside services, which this server does not answer.
    let own = |name: &String| name.starts_with("platform_") || name.starts_with("analytics_");
    let listed: BTreeSet<String> = table.lines().filter_map(first_cell).filter(own).collect();
    assert_eq!(described, listed);
    let create = table.lines().find(|line| line.contains("platform.keys.create")).unwrap();
    assert!(["POST", "/v1/keys", "keyed", "standard"].iter().all(|cell| create.contains(cell)), "{create}");
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_of_the_description_runs_its_own_script_and_no_other() {
    let server = TestApp::start().await;
    let reply = server.http().get("/docs").send().await;
    let page = reply.text();
    let scripts: Vec<&str> =
        page.split("<script>").skip(1).map(|rest| rest.split_once("</script>").expect("a script ends").0).collect();
    assert_eq!((scripts.len(), page.matches("<script").count()), (1, 1), "one script, in the page itself");
    let hash = STANDARD.encode(Sha256::digest(scripts[0]));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains(&format!("script-src 'sha256-{hash}'")), "{policy}");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!page.contains("://") && !page.contains(" onclick"), "it loads nothing from elsewhere");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
}
