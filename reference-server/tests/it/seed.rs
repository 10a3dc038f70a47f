//! The seed against a real database.

use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::seed::{self, TableReport};
use chrono::{NaiveDate, TimeDelta};
use sqlx::PgPool;

use crate::support::cluster::fresh_database;

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, 17).unwrap()
}

/// One number over all columns of all rows of the seeded tables.
async fn fingerprint(pool: &PgPool) -> Vec<(String, i64, i64)> {
    let mut prints = Vec::new();
    for (table, sql) in [
        (
            "users",
            "select count(*), sum(hashtextextended(t::text, 0)::numeric % 1000000007)::bigint from shared_users t",
        ),
        (
            "entitlements",
            "select count(*), sum(hashtextextended(t::text, 0)::numeric % 1000000007)::bigint from shared_entitlements t",
        ),
        (
            "assets",
            "select count(*), sum(hashtextextended(t::text, 0)::numeric % 1000000007)::bigint from shared_assets t",
        ),
        (
            "persons",
            "select count(*), sum(hashtextextended(t::text, 0)::numeric % 1000000007)::bigint from shared.person t",
        ),
        (
            "links",
            "select count(*), sum(hashtextextended(t::text, 0)::numeric % 1000000007)::bigint from shared.identity_link t",
        ),
        (
            "events",
            "select count(*), sum(hashtextextended(t::text, 0)::numeric % 1000000007)::bigint from shared_events t",
        ),
    ] {
        let (rows, sum) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
        prints.push((table.to_owned(), rows, sum));
    }
    prints
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

fn inserted(report: &[TableReport]) -> Vec<usize> {
    report.iter().map(|table| table.inserted).collect()
}

#[tokio::test]
async fn seeding_twice_or_elsewhere_gives_the_same_rows() {
    let (here, there) = (fresh_database().await, fresh_database().await);
    let db = Db::new(here.options.clone(), PoolSettings::default());
    let first = seed::run(&db, day()).await.unwrap();
    assert!(first.iter().all(|table| table.unchanged == 0), "{first:?}");
    assert_eq!((first[0].inserted, first[5].inserted), (2_000, 50_000));
    let print = fingerprint(db.pool()).await;

    let again = seed::run(&db, day()).await.unwrap();
    assert_eq!(inserted(&again), [0; 6]);
    assert_eq!(fingerprint(db.pool()).await, print);

    let other = Db::new(there.options.clone(), PoolSettings::default());
    seed::run(&other, day()).await.unwrap();
    assert_eq!(fingerprint(other.pool()).await, print);
}

#[tokio::test]
async fn a_later_day_adds_only_what_is_new() {
    let database = fresh_database().await;
    let db = Db::new(database.options.clone(), PoolSettings::default());
    seed::run(&db, day()).await.unwrap();
    let later = seed::run(&db, day() + TimeDelta::days(1)).await.unwrap();
    assert_eq!(later[0].inserted, 5);
    assert!((555..=556).contains(&later[5].inserted), "{later:?}");
    let days = "select count(distinct received_at::date) from shared_events";
    assert_eq!(number(db.pool(), days).await, 91);
}

#[tokio::test]
async fn the_rows_fit_together() {
    let database = fresh_database().await;
    let db = Db::new(database.options.clone(), PoolSettings::default());
    seed::run(&db, day()).await.unwrap();
    let pool = db.pool();
    for (what, sql) in [
        ("events of somebody who is no user", "select count(*) from shared_events e
            where user_id is not null and not exists (select from shared_users u where u.id::text = e.user_id)"),
        ("known users whose events lead to no person", "select count(*) from shared_events e
            where user_id is not null and not exists (select from shared.identity_link l
                where l.provider = 'user' and l.product = e.product and l.external_id = e.user_id)"),
        ("use of a product without entitlement", "select count(*) from shared_events e
            where user_id is not null and not exists (select from shared_entitlements t
                where t.user_id::text = e.user_id and t.product = e.product)"),
        ("events before their user signed up", "select count(*) from shared_events e join shared_users u
            on u.id::text = e.user_id where e.received_at < u.created_at"),
        ("ids that do not carry the time", "select count(*) from shared_events
            where acd.uuid_v7_time(id) <> date_trunc('milliseconds', received_at)"),
        ("persons without a link", "select count(*) from shared.person p
            where not exists (select from shared.identity_link l where l.person_id = p.id)"),
        ("products without events", "select count(*) from products p
            where not exists (select from shared_events e where e.product = p.slug)"),
        ("pages that are not on the product's site", "select count(*) from shared_events e join products p
            on p.slug = e.product where e.url is not null and e.url not like 'https://' || p.domain || '/%'"),
        ("assets of somebody without the product", "select count(*) from shared_assets a
            where not exists (select from shared_entitlements t where t.user_id = a.owner_id and t.product = a.product)"),
    ] {
        assert_eq!(number(pool, sql).await, 0, "{what}");
    }
    let several = "select count(*) from (select from shared_entitlements group by user_id having count(*) > 1) as s";
    assert!(number(pool, several).await > 800);
    let across = "select count(distinct user_id) from shared_events where utm_campaign = 'family_bundle'";
    assert_eq!(number(pool, across).await, 0, "a campaign is seen before the visitor is known");
    let campaigns = "select count(distinct utm_campaign) from shared_events";
    assert!(number(pool, campaigns).await >= 9);
    assert!(number(pool, "select count(*) from shared_assets").await > 500);
    let statuses = "select count(distinct status) from shared_entitlements";
    assert_eq!(number(pool, statuses).await, 5);
}

#[tokio::test]
async fn a_day_that_no_calendar_needs_is_refused() {
    let database = fresh_database().await;
    let db = Db::new(database.options.clone(), PoolSettings::default());
    let far = NaiveDate::from_ymd_opt(9_999, 1, 1).unwrap();
    assert_eq!(seed::run(&db, far).await.unwrap_err().code, "date_out_of_range");
}
