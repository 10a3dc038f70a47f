//! The migration runner against a real database.

use std::fs;
use std::path::Path;

use acd_server::kernel::migrate::{MigrateError, Migrator};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::support::cluster::{empty_database, fresh_database};
use crate::support::pooler::Pooler;

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Everything in a database that migrations make, one line each.
async fn objects(pool: &PgPool) -> Vec<String> {
    let sql = "
        select format('%s %s %s', c.relkind, n.nspname, c.relname) || coalesce(
            (select string_agg(format(' %s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ',' order by a.attnum)
                from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '')
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and c.relname not like 'migration%'
        union all
        select format('function %s', p.oid::regprocedure) from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname not in ('pg_catalog', 'information_schema')
        union all
        select format('policy %s %s %s %s', schemaname, tablename, policyname, roles) from pg_policies
        order by 1";
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}

/// A folder with migrations of the product `pct`.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("products/pct")).unwrap();
    files.iter().for_each(|(name, text)| write(folder.path(), name, text));
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join("products/pct").join(name), text).unwrap();
}

const POSTS: [(&str, &str); 2] = [
    ("0001_posts.up.sql", "create table posts (id bigint primary key, product text references products (slug));"),
    ("0001_posts.down.sql", "drop table posts;"),
];

#[tokio::test]
async fn replicas_that_start_at_once_apply_each_migration_once() {
    let database = empty_database().await;
    let (one, other) = (database.pool(), database.pool());
    let migrator = Migrator::new(None).unwrap();
    let (first, second) = tokio::join!(migrator.up(&one, None), migrator.up(&other, None));
    let all = migrator.migrations().len();
    assert_eq!(first.unwrap().len() + second.unwrap().len(), all);
    assert_eq!(number(&one, "select count(*) from acd.migration").await, i64::try_from(all).unwrap());
    assert!(migrator.up(&one, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn replicas_behind_a_transaction_pooler_take_turns_too() {
    let database = empty_database().await;
    let pooler = Pooler::start().await;
    let pool = || PgPoolOptions::new().max_connections(4).connect_lazy_with(pooler.over(&database));
    let (one, other, third) = (pool(), pool(), pool());
    let migrator = Migrator::new(None).unwrap();
    let (a, b, c) = tokio::join!(migrator.up(&one, None), migrator.up(&other, None), migrator.up(&third, None));
    assert_eq!(a.unwrap().len() + b.unwrap().len() + c.unwrap().len(), migrator.migrations().len());
    assert_eq!(migrator.down(&other, 2).await.unwrap().len(), 2);
    let pending =
        migrator.status(&third).await.unwrap().iter().filter(|status| status.state.as_str() == "pending").count();
    assert_eq!(pending, 2);
}

#[tokio::test]
async fn every_shared_migration_can_be_reverted_and_applied_again() {
    let pool = fresh_database().await.pool();
    let migrator = Migrator::new(None).unwrap();
    let before = objects(&pool).await;
    let all = migrator.migrations().len();
    // One deeper each time: what is left must not depend on whether the later ones were applied anew in between.
    for depth in 1..=all {
        migrator.down(&pool, 1).await.unwrap();
        let left = objects(&pool).await;
        migrator.up(&pool, None).await.unwrap();
        assert_eq!(objects(&pool).await, before, "after reverting and applying the last {depth}");
        migrator.down(&pool, depth).await.unwrap();
        assert_eq!(objects(&pool).await, left, "after reverting the last {depth} a second time");
    }
    let left: Vec<String> = objects(&pool).await;
    assert_eq!(left, ["function auth.uid()"], "auth may be another's (Supabase), so it stays");
    assert!(migrator.down(&pool, 1).await.unwrap().is_empty());
    assert_eq!(migrator.up(&pool, None).await.unwrap().len(), all);
    assert_eq!(objects(&pool).await, before);
}

#[tokio::test]
async fn a_product_has_its_own_schema_after_the_shared_tables() {
    let pool = empty_database().await.pool();
    let folder = folder(&POSTS);
    let migrator = Migrator::new(Some(folder.path())).unwrap();
    let done: Vec<String> = migrator.up(&pool, None).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(done.first().map(String::as_str), Some("shared/0001_roles"));
    assert_eq!(done.last().map(String::as_str), Some("pct/0001_posts"));
    assert_eq!(number(&pool, "select count(*) from pct.posts").await, 0);

    let reverted = migrator.down(&pool, 1).await.unwrap();
    assert_eq!(reverted[0].to_string(), "pct/0001_posts");
    assert_eq!(number(&pool, "select count(to_regclass('pct.posts'))").await, 0);
}

#[tokio::test]
async fn a_target_stops_before_the_rest() {
    let pool = empty_database().await.pool();
    let folder = folder(&POSTS);
    let migrator = Migrator::new(Some(folder.path())).unwrap();
    let done = migrator.up(&pool, Some(&"2".parse().unwrap())).await.unwrap();
    assert_eq!(done.iter().map(|migration| migration.version).collect::<Vec<_>>(), [1, 2]);
    let states: Vec<_> = migrator.status(&pool).await.unwrap().iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states[..3], ["applied", "applied", "pending"]);
    let error = migrator.up(&pool, Some(&"pct/2".parse().unwrap())).await.unwrap_err();
    assert!(error.to_string().contains("no migration pct/0002"), "{error}");
}

#[tokio::test]
async fn an_edited_file_is_refused() {
    let pool = empty_database().await.pool();
    let folder = folder(&POSTS);
    Migrator::new(Some(folder.path())).unwrap().up(&pool, None).await.unwrap();
    write(folder.path(), "0001_posts.up.sql", "create table posts (id text primary key);");
    let edited = Migrator::new(Some(folder.path())).unwrap();
    assert!(
        matches!(edited.up(&pool, None).await, Err(MigrateError::Drift { migration }) if migration == "pct/0001_posts")
    );
    assert!(matches!(edited.down(&pool, 1).await, Err(MigrateError::Drift { .. })));
    assert_eq!(edited.status(&pool).await.unwrap().last().unwrap().state.as_str(), "drifted");
}

#[tokio::test]
async fn a_database_that_is_ahead_is_refused() {
    let pool = empty_database().await.pool();
    let folder = folder(&POSTS);
    Migrator::new(Some(folder.path())).unwrap().up(&pool, None).await.unwrap();
    let without = Migrator::new(None).unwrap();
    let error = without.up(&pool, None).await.unwrap_err();
    assert!(
        error.to_string().contains("pct/0001_posts is applied") && error.to_string().contains("ACD_MIGRATIONS_DIR")
    );
    assert_eq!(without.status(&pool).await.unwrap().last().unwrap().state.as_str(), "unknown");
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing_and_says_where() {
    let pool = empty_database().await.pool();
    let folder = folder(&[
        ("0001_bad.up.sql", "create table kept (id int);\n\nselect nonsense;\n"),
        ("0001_bad.down.sql", "drop table kept;"),
    ]);
    let error = Migrator::new(Some(folder.path())).unwrap().up(&pool, None).await.unwrap_err().to_string();
    assert!(error.contains("products/pct/0001_bad.up.sql failed at line 3"), "{error}");
    assert_eq!(number(&pool, "select count(to_regclass('pct.kept'))").await, 0);
    assert_eq!(number(&pool, "select count(*) from acd.migration where scope = 'pct'").await, 0);
}

#[tokio::test]
async fn a_migration_that_ends_its_transaction_is_reported() {
    let pool = empty_database().await.pool();
    let folder = folder(&[("0001_bad.up.sql", "create table kept (id int); commit;"), ("0001_bad.down.sql", "")]);
    let error = Migrator::new(Some(folder.path())).unwrap().up(&pool, None).await.unwrap_err();
    assert!(matches!(error, MigrateError::EndedTransaction { .. }), "{error}");
}

#[tokio::test]
async fn the_status_of_an_empty_database_is_read_without_writing() {
    let pool = empty_database().await.pool();
    let status = Migrator::new(None).unwrap().status(&pool).await.unwrap();
    assert!(!status.is_empty() && status.iter().all(|status| status.state.as_str() == "pending"));
    assert_eq!(number(&pool, "select count(to_regclass('acd.migration'))").await, 0);
}
