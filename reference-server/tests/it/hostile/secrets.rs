//! What is secret or personal never reaches a log.

use acd_core::Secret;
use acd_platform::UserId;
use acd_platform::keys::{CreateApiKey, RotateApiKey, Scope};
use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::log;

const EMAIL: &str = "planted.address@secret.example";
const PERSONAL: &str = "planted-personal-fact";

/// The log of the cluster, which has the statements that failed.
async fn log_of_postgres(server: &TestApp) -> String {
    let data: String = query_scalar("show data_directory").fetch_one(&server.database.pool()).await.unwrap();
    let log = std::path::Path::new(&data).parent().unwrap().join("postgres.log");
    String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned()
}

#[tokio::test]
async fn neither_keys_nor_tokens_nor_personal_data_are_logged_at_any_level_up_to_debug() {
    log::keep();
    let server = TestApp::start().await;
    let scopes = [Scope::EventsWrite, Scope::EventsRead, Scope::PersonsRead, Scope::KeysRead, Scope::KeysWrite];
    let key = server.key("pct", &scopes).await;
    let token = server.user_token(UserId::from(Uuid::now_v7()));
    let mut request_ids: Vec<String> = Vec::new();
    let mut planted = vec![key.expose().to_owned(), token.expose().to_owned(), server.admin_key.expose().to_owned()];
    planted.extend([EMAIL, PERSONAL].map(str::to_owned));

    let event = json!({ "userId": PERSONAL, "anonymousId": PERSONAL, "messageId": PERSONAL,
        "traits": { "email": EMAIL, "about": PERSONAL }, "context": { "ip": PERSONAL } });
    let bad = json!({ "batch": [{ "type": PERSONAL, "userId": EMAIL }, { "type": "track", "userId": [EMAIL] }] });
    let unstorable = json!({ "userId": EMAIL, "event": "E", "timestamp": EMAIL, "properties": { "x": "\u{0}" } });
    let with_key = |mut body: Value| {
        body["writeKey"] = key.expose().into();
        body
    };
    let http = server.http();
    let wrong_key = Secret::from("acd_planted0_a-key-that-was-never-issued-but-looks-like-one");
    let forged = Secret::from("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZC1zaWduYXR1cmU");
    planted.extend([wrong_key.expose().to_owned(), forged.expose().to_owned()]);
    for call in [
        http.post("/v1/identify").bearer(&key).json(&event),
        http.post("/v1/identify").basic(&key).json(&event),
        http.post("/v1/identify").json(&with_key(event.clone())),
        http.post("/v1/batch").json(&with_key(bad)),
        http.post("/v1/track").bearer(&key).json(&unstorable),
        http.post("/v1/identify").bearer(&wrong_key).json(&event),
        http.post("/v1/identify").basic(&wrong_key).json(&event),
        http.get("/v1/events").bearer(&token),
        http.get("/v1/events").bearer(&forged),
        http.get(&format!("/v1/events?user_id={PERSONAL}&cursor={PERSONAL}")).bearer(&key),
        http.get(&format!("/v1/persons/lookup?email={EMAIL}")).bearer(&key),
        http.get(&format!("/v1/nothing/{EMAIL}?key={}", key.expose())).bearer(&key),
        http.get(&format!("/v1/events/{PERSONAL}")).bearer(&key),
        http.get("/metrics").bearer(&server.admin_key),
    ] {
        let reply = call.send().await;
        request_ids.push(reply.header("x-request-id").unwrap().to_owned());
    }
    let client = server.client(&key);
    let wanted = CreateApiKey { name: "planted".into(), product: None, scopes: scopes.to_vec(), expires_at: None };
    let made = client.keys().create(&wanted).await.unwrap();
    let rotated = client.keys().rotate(made.key.id, &RotateApiKey::default()).await.unwrap();
    assert!(!format!("{made:?} {rotated:?}").contains(made.secret.as_deref().unwrap()));
    planted.extend([made.secret.unwrap(), rotated.secret.unwrap()]);
    acd_server::kernel::outbox::relay(&server.app.db).await.unwrap();

    let logs = log::written() + &log_of_postgres(&server).await;
    for id in request_ids {
        assert!(logs.contains(&id), "the log tells of every request: {id}");
    }
    assert!(logs.contains("key.created"), "what was relayed is in the log");
    for secret in planted {
        let at = logs.find(&secret).map(|at| &logs[at.saturating_sub(300)..at]);
        assert_eq!(at, None, "logged before {secret}");
    }
}
