//! A server that is asked to stop.

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::json;
use sqlx::{Connection as _, PgConnection, query_scalar, raw_sql};

use crate::support::cluster::fresh_database;
use crate::support::process::Settings;
use crate::support::wait::until;

#[tokio::test]
async fn every_request_under_way_is_answered_before_the_server_stops() {
    let database = fresh_database().await;
    let settings = Settings::outside(&database.url).with("ACD_LISTEN", "127.0.0.1:0");
    let key = settings.key(Some("pct"), &["events:write", "events:read"]).await;
    let mut server = settings.serve().await;

    // Nobody reads or writes events until the lock is given back: requests stay under way for as long as the test wants.
    let mut holder = PgConnection::connect_with(&database.options).await.unwrap();
    raw_sql("begin; lock table shared_events in access exclusive mode").execute(&mut holder).await.unwrap();
    // Inside the holder's transaction the list of sessions would stay as it was first seen.
    let pool = database.pool();
    let http = server.http();
    let requests = tokio::spawn({
        let (http, key) = (http.clone(), key.clone());
        async move {
            let event = json!({ "event": "Late", "userId": "u" });
            let write = http.post("/v1/track").bearer(&key).json(&event).send();
            let reads = (0..8).map(|_| http.get("/v1/events").bearer(&key).send());
            tokio::join!(write, join_all(reads))
        }
    });
    until("each request waits for the lock", async || {
        let waiting = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        let waiting: i64 = query_scalar(waiting).fetch_one(&pool).await.unwrap();
        (waiting == 9).then_some(())
    })
    .await;
    server.signal(Signal::TERM);
    until("the server takes no more", async || http.get("/health/live").try_send().await.err().map(drop)).await;
    assert!(!requests.is_finished());

    raw_sql("commit").execute(&mut holder).await.unwrap();
    let (write, reads) = requests.await.unwrap();
    assert_eq!(write.json()["accepted"], 1);
    assert!(reads.iter().all(|reply| reply.status == 200), "{reads:?}");
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_server_from_stopping() {
    let database = fresh_database().await;
    let mut server = Settings::outside(&database.url).with("ACD_LISTEN", "127.0.0.1:0").serve().await;
    let http = server.http();
    assert_eq!(http.get("/health/live").send().await.status, 200);
    server.signal(Signal::TERM);
    assert!(server.ended().await.success());
    until("its last words are read", async || server.logged(|line| line["message"] == "stopped")).await;
}
