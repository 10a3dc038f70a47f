//! Credentials that are missing, malformed, ended, too weak or another's.

use acd_core::Secret;
use acd_platform::keys::{ListApiKeys, Scope};
use serde_json::json;

use crate::support::app::TestApp;

#[tokio::test]
async fn credentials_that_do_not_open_are_told_apart() {
    let server = TestApp::start().await;
    let event = json!({ "event": "E", "userId": "u" });
    for (header, code) in [
        ("Bearer", "invalid_authorization"),
        ("Bearer ", "invalid_authorization"),
        ("Digest abc", "invalid_authorization"),
        ("Basic %%%", "invalid_authorization"),
        ("Basic //8=", "invalid_authorization"),
        ("Basic Og==", "invalid_key"),
        ("Bearer x", "invalid_token"),
        ("Bearer acd_", "invalid_key"),
        ("Bearer acd_00000000_0000000000000000000000000000000000000000", "invalid_key"),
        ("Bearer ' or 1=1 --", "invalid_token"),
    ] {
        let call = server.http().post("/v1/track").header("authorization", header).json(&event);
        let reply = call.send().await;
        reply.problem(401, code);
        assert!(reply.header("www-authenticate").is_some());
    }
    for path in ["/v1/track", "/v1/batch"] {
        let body = if path == "/v1/batch" { json!({ "batch": [] }) } else { event.clone() };
        server.http().post(path).json(&body).send().await.problem(401, "no_credentials");
        let mut keyed = body.clone();
        keyed["writeKey"] = "acd_nobody".into();
        server.http().post(path).json(&keyed).send().await.problem(401, "invalid_key");
    }
    server.http().get("/v1/events").send().await.problem(401, "no_credentials");
}

#[tokio::test]
async fn a_revoked_key_is_told_so_and_stores_nothing() {
    let server = TestApp::start().await;
    let key = server.key("pct", &[Scope::EventsWrite]).await;
    let event = json!({ "event": "E", "userId": "u", "messageId": "first" });
    server.http().post("/v1/track").bearer(&key).json(&event).send().await.json();
    let of_pct = ListApiKeys { product: Some("pct".parse().unwrap()), ..ListApiKeys::default() };
    let id = server.admin().keys().list(&of_pct).await.unwrap().data[0].id;
    server.admin().keys().revoke(id).await.unwrap();
    for call in [server.http().post("/v1/track").bearer(&key), server.http().post("/v1/track").basic(&key)] {
        call.json(&event).send().await.problem(401, "key_revoked");
    }
    let body = json!({ "writeKey": key.expose(), "event": "E", "userId": "u" });
    server.http().post("/v1/track").json(&body).send().await.problem(401, "key_revoked");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_in_its_own_product() {
    let server = TestApp::start().await;
    let writer = server.key("pct", &[Scope::EventsWrite]).await;
    let reader = server.key("gapradar", &[Scope::EventsRead, Scope::PersonsRead, Scope::KeysRead]).await;
    let event = json!({ "event": "E", "userId": "u", "messageId": "pcts" });
    server.http().post("/v1/track").bearer(&writer).json(&event).send().await.json();
    let admin = server.http().get("/v1/events?message_id=pcts").bearer(&server.admin_key).send().await.json();
    let id = admin["data"][0]["id"].as_str().unwrap().to_owned();

    for (key, path, status, code) in [
        (&writer, "/v1/events".to_owned(), 403, "missing_scope"),
        (&writer, format!("/v1/events/{id}"), 403, "missing_scope"),
        (&writer, "/v1/keys".to_owned(), 403, "missing_scope"),
        (&writer, "/v1/persons/lookup?user_id=u".to_owned(), 403, "missing_scope"),
        (&writer, "/metrics".to_owned(), 403, "missing_scope"),
        (&reader, format!("/v1/events/{id}"), 404, "not_found"),
        (&reader, "/v1/events?product=pct".to_owned(), 404, "not_found"),
        (&reader, "/v1/keys?product=pct".to_owned(), 404, "not_found"),
        (&reader, "/v1/persons/lookup?user_id=u".to_owned(), 404, "not_found"),
    ] {
        server.http().get(&path).bearer(key).send().await.problem(status, code);
    }
    let track = |key: &Secret| server.http().post("/v1/track").bearer(key).json(&event);
    track(&reader).send().await.problem(403, "missing_scope");
    track(&server.admin_key).send().await.problem(403, "product_key_required");
}
