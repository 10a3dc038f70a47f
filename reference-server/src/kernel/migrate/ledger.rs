//! The table of what was applied.
//!
//! No statement here is prepared by name: behind a pooler the next transaction may run on another connection.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::source::Migration;

/// One number for all runners: whoever holds it is the only one that migrates this database. It belongs to the
/// transaction, so it works behind a pooler and dies with the connection.
const LOCK: i64 = 7_215_346_211_001;

const CREATE: &str = "
create schema if not exists acd;
create table if not exists acd.migration (
    sequence bigint generated always as identity primary key,
    scope text not null,
    version integer not null check (version > 0),
    name text not null,
    checksum bytea not null check (length(checksum) = 32),
    applied_at timestamptz not null default now(),
    took_ms bigint not null,
    unique (scope, version)
);
alter table acd.migration enable row level security;
comment on table acd.migration is 'Which migrations were applied, in order; checksum is the SHA-256 of the file.';
";

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Applied {
    pub(super) scope: String,
    pub(super) version: i32,
    pub(super) name: String,
    pub(super) checksum: Vec<u8>,
    pub(super) applied_at: DateTime<Utc>,
    pub(super) took_ms: i64,
}

impl Applied {
    pub(super) fn is(&self, migration: &Migration) -> bool {
        self.scope == migration.scope.as_str() && self.version == migration.version
    }

    pub(super) fn took(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.took_ms).unwrap_or_default())
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04}_{}", self.scope, self.version, self.name)
    }
}

/// Waits for the turn of this transaction. A migration may take its time, whatever limits the login role has.
pub(super) async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("set local lock_timeout = 0; set local statement_timeout = 0").execute(&mut *connection).await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(connection).await?;
    Ok(())
}

/// The rows in the order of their application, none when there is no ledger yet.
pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    if !exists(connection).await? {
        return Ok(Vec::new());
    }
    let sql = "select scope, version, name, checksum, applied_at, took_ms from acd.migration order by sequence";
    sqlx::query_as(sql).persistent(false).fetch_all(connection).await
}

/// Makes the table when it is missing. Call it only under the lock.
pub(super) async fn create(connection: &mut PgConnection) -> sqlx::Result<()> {
    if !exists(connection).await? {
        sqlx::raw_sql(CREATE).execute(connection).await?;
    }
    Ok(())
}

pub(super) async fn insert(connection: &mut PgConnection, migration: &Migration, took: Duration) -> sqlx::Result<()> {
    sqlx::query("insert into acd.migration (scope, version, name, checksum, took_ms) values ($1, $2, $3, $4, $5)")
        .persistent(false)
        .bind(migration.scope.as_str())
        .bind(migration.version)
        .bind(&migration.name)
        .bind(migration.checksum.as_slice())
        .bind(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete(connection: &mut PgConnection, migration: &Migration) -> sqlx::Result<()> {
    sqlx::query("delete from acd.migration where scope = $1 and version = $2")
        .persistent(false)
        .bind(migration.scope.as_str())
        .bind(migration.version)
        .execute(connection)
        .await?;
    Ok(())
}

/// The number of the running transaction, by which one notices that a migration ended it.
pub(super) async fn transaction_id(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar("select pg_current_xact_id()::text").persistent(false).fetch_one(connection).await
}

async fn exists(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass('acd.migration') is not null").persistent(false).fetch_one(connection).await
}
