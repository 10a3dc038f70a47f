//! A pooler in transaction mode between server and database.

use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::kernel::principal::{Actor, Principal};
use acd_server::kernel::request_id::RequestId;
use acd_server::seed;
use chrono::NaiveDate;
use futures_util::future::join_all;

use crate::support::cluster::fresh_database;
use crate::support::pooler::Pooler;

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
