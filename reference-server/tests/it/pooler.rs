//! Everything through a transaction pooler, where two statements of a session may meet two servers.

use acd_core::Secret;
use acd_platform::PlatformClient;
use acd_platform::events::{Event, ListEvents};
use acd_platform::keys::ListApiKeys;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::bouncer::Bouncer;
use crate::support::cluster::empty_database;
use crate::support::process::{Server, Settings};
use crate::support::wait::until;

#[tokio::test]
async fn the_whole_of_it_works_behind_a_transaction_pooler() {
    let Some(bouncer) = Bouncer::start().await else {
        eprintln!("skipped: there is no pgbouncer on this machine");
        return;
    };
    let database = empty_database().await;
    let settings = Settings::outside(&bouncer.url(&database))
        .with("ACD_DB_POOLER", "transaction")
        .with("ACD_LISTEN", "127.0.0.1:0")
        // As impatient as may be, so that a statement that hangs is noticed.
        .with("ACD_DB_STATEMENT_TIMEOUT_MS", "20000");
    let (one, other) = tokio::join!(settings.serve(), settings.serve());
    let servers = [one, other];
    let migrations = settings.run(&["migrate", "status"]).await;
    assert!(migrations.contains("applied") && !migrations.contains("pending"), "{migrations}");
    let admin = settings.key(None, &["admin"]).await;
    let scopes = ["events:write", "events:read", "persons:read"];
    let keys = [settings.key(Some("pct"), &scopes).await, settings.key(Some("gapradar"), &scopes).await];

    // Both products on both servers at once: a role or claim that stuck to a connection would show rows to the other.
    join_all((0..60).map(|at| round(&servers[at % 2], &keys[at / 2 % 2], ["pct", "gapradar"][at / 2 % 2], at))).await;
    for (key, product) in keys.iter().zip(["pct", "gapradar"]) {
        assert_eq!(stored(&servers[0], key).await, vec![product; 30]);
    }
    assert_eq!(stored(&servers[1], &admin).await.len(), 60);
    let person = servers[1].http().get("/v1/persons/lookup?email=ann@example.com").bearer(&admin).send().await.json();
    assert_eq!(person["links"].as_array().unwrap().len(), 3, "{person}");

    let client = PlatformClient::new(admin.clone(), servers[0].url.as_str()).unwrap();
    let of_pct = ListApiKeys { product: Some("pct".parse().unwrap()), ..ListApiKeys::default() };
    let id = client.keys().list(&of_pct).await.unwrap().data[0].id;
    client.keys().revoke(id).await.unwrap();
    servers[0].http().get("/v1/events").bearer(&keys[0]).send().await.problem(401, "key_revoked");
    until("the other server refuses the key", async || {
        let reply = servers[1].http().get("/v1/events").bearer(&keys[0]).send().await;
        (reply.status == 401).then_some(())
    })
    .await;
}

async fn round(server: &Server, key: &Secret, product: &str, at: usize) {
    let http = server.http();
    let event = json!({ "userId": "ann", "messageId": format!("m-{at}"), "traits": { "email": "ann@example.com" } });
    let (write, read, ready) = tokio::join!(
        http.post("/v1/identify").bearer(key).json(&event).send(),
        http.get("/v1/events").bearer(key).send(),
        http.get("/health/ready").send(),
    );
    assert_eq!(write.json()["accepted"], 1);
    for event in read.json()["data"].as_array().unwrap() {
        assert_eq!(event["product"], product);
    }
    assert_eq!(ready.status, 200, "{ready:?}");
}

/// The product of each event that a key sees.
async fn stored(server: &Server, key: &Secret) -> Vec<String> {
    let client = PlatformClient::new(key.clone(), server.url.as_str()).unwrap();
    let query = ListEvents { limit: Some(7), ..ListEvents::default() };
    let events: Vec<Event> = client.events().list_all(query).try_collect().await.unwrap();
    events.iter().map(|event| event.product.to_string()).collect()
}
