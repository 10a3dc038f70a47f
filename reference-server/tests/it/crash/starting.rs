//! Servers that start.

use sqlx::query_scalar;

use crate::support::cluster::empty_database;
use crate::support::process::Settings;

#[tokio::test]
async fn two_servers_that_start_at_once_on_an_empty_database_migrate_it_once() {
    let database = empty_database().await;
    let settings = Settings::outside(&database.url).with("ACD_LISTEN", "127.0.0.1:0");
    let (one, other) = tokio::join!(settings.serve(), settings.serve());
    let pool = database.pool();
    let ledger: i64 = query_scalar("select count(*) from acd.migration").fetch_one(&pool).await.unwrap();
    let applied = [&one, &other].map(|server| {
        let serving = server.logged(|line| line["address"].is_string()).unwrap();
        serving["migrations_applied"].as_i64().unwrap()
    });
    assert_eq!(applied[0] + applied[1], ledger, "{applied:?}");
    for server in [one, other] {
        assert_eq!(server.http().get("/health/ready").send().await.status, 200);
    }
}
