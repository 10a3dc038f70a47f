//! A pooler in transaction mode between server and database, where two statements of a session may meet two servers.

use acd_core::Secret;
use acd_platform::PlatformClient;
use acd_platform::events::{Event, ListEvents};
use acd_platform::keys::ListApiKeys;
use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::kernel::principal::{Actor, Principal};
use acd_server::kernel::request_id::RequestId;
use acd_server::seed;
use chrono::NaiveDate;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::cluster::{empty_database, fresh_database};
use crate::support::pooler::Pooler;
use crate::support::process::{Server, Settings};
use crate::support::wait::until;

fn settings() -> PoolSettings {
    PoolSettings { named_statements: false, ..PoolSettings::default() }
}

#[tokio::test]
async fn transactions_that_share_connections_each_keep_their_own_claims() {
    let database = fresh_database().await;
    let pooler = Pooler::start().await;
    let db = Db::new(pooler.over(&database), settings());
    let transactions = (0..60).map(async |number| {
        let product = if number % 2 == 0 { "portal28" } else { "pct" };
        let principal = Principal {
            actor: Actor::Product(product.parse().unwrap()),
            scopes: Vec::new(),
            request_id: RequestId::new(),
        };
        let mut tx = db.scoped(&principal).await.unwrap();
        let seen: Vec<String> =
            sqlx::query_scalar("select slug from products where $1").bind(true).fetch_all(tx.conn()).await.unwrap();
        let claim: String =
            sqlx::query_scalar("select acd.product() || $1").bind("").fetch_one(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((seen, claim), (vec![product.to_owned()], product.to_owned()));
    });
    join_all(transactions).await;
}

#[tokio::test]
async fn the_seed_works_through_it() {
    let database = fresh_database().await;
    let pooler = Pooler::start().await;
    let db = Db::new(pooler.over(&database), settings());
    let day = NaiveDate::from_ymd_opt(2026, 5, 17).unwrap();
    let report = seed::run(&db, day).await.unwrap();
    assert!(report.iter().all(|table| table.inserted > 0 && table.unchanged == 0), "{report:?}");
}

#[tokio::test]
async fn the_whole_of_it_works_behind_a_transaction_pooler() {
    let (pooler, database) = (Pooler::start().await, empty_database().await);
    let settings = Settings::outside(&pooler.url(&database))
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
    let (write, read, _ready) = tokio::join!(
        http.post("/v1/identify").bearer(key).json(&event).send(),
        http.get("/v1/events").bearer(key).send(),
        // Whoever asks while all connections are in use is told so.
        until("the server is ready", async || {
            Some(http.get("/health/ready").send().await).filter(|reply| reply.status == 200)
        }),
    );
    assert_eq!(write.json()["accepted"], 1);
    for event in read.json()["data"].as_array().unwrap() {
        assert_eq!(event["product"], product);
    }
}

/// The product of each event that a key sees.
async fn stored(server: &Server, key: &Secret) -> Vec<String> {
    let client = PlatformClient::new(key.clone(), server.url.as_str()).unwrap();
    let query = ListEvents { limit: Some(7), ..ListEvents::default() };
    let events: Vec<Event> = client.events().list_all(query).items().collect(100_000).await.unwrap();
    events.iter().map(|event| event.product.to_string()).collect()
}
