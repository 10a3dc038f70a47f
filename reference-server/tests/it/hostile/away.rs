//! A database that is away, and comes back.

use acd_platform::keys::Scope;
use http::Method;
use serde_json::json;

use crate::support::app::{TestApp, TestOptions};
use crate::support::cluster::fresh_database;
use crate::support::proxy::Proxy;
use crate::support::wait::until;

#[tokio::test]
async fn while_the_database_is_away_requests_get_503_and_afterwards_all_is_as_before() {
    let database = fresh_database().await;
    let mut proxy = Proxy::start().await;
    let server = TestApp::over(database.by(proxy.through(&database.options)), TestOptions::default()).await;
    let key = server.key("pct", &[Scope::EventsWrite, Scope::EventsRead, Scope::PersonsRead, Scope::KeysRead]).await;
    let event = |id: &str| json!({ "event": "E", "userId": "u", "messageId": id });
    let track = async |id: &str| server.http().post("/v1/track").bearer(&key).json(&event(id)).send().await;
    assert_eq!(track("before").await.json()["accepted"], 1);

    proxy.cut().await;
    for (method, path) in [
        (Method::POST, "/v1/track"),
        (Method::GET, "/v1/events"),
        (Method::GET, "/v1/events/counts"),
        (Method::GET, "/v1/persons/lookup?user_id=u"),
        (Method::GET, "/v1/keys"),
        (Method::GET, "/health/ready"),
    ] {
        let reply = server.http().call(method, path).bearer(&key).json(&event("while away")).send().await;
        reply.problem(503, "database_unavailable");
        assert_eq!(reply.header("retry-after"), Some("1"), "{path}");
    }
    assert_eq!(server.http().get("/health/live").send().await.status, 200);

    proxy.mend();
    let reply = until("events are stored again", async || Some(track("while away").await).filter(|r| r.status == 200));
    assert_eq!(reply.await.json()["accepted"], 1, "it was not stored before");
    assert_eq!(track("before").await.json()["duplicates"], 1);
    assert_eq!(server.http().get("/health/ready").send().await.status, 200);
    let list = server.http().get("/v1/events").bearer(&key).send().await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}
