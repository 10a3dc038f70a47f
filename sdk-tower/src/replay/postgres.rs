//! A memory in a PostgreSQL table.

use std::fmt;
use std::time::SystemTime;

use acd_core::replay::{ReplayGuard, Sighting};
use acd_core::{Error, ErrorKind, Result, Runtime};
use sqlx::PgPool;

/// Not `unlogged`: such a table is empty after a crash, and every message of the last minutes could be replayed.
const SCHEMA: &str = "create table if not exists acd_replay_guard (
    key text primary key,
    expires_at timestamptz not null
);
create index if not exists acd_replay_guard_expires_at on acd_replay_guard (expires_at);";

/// One row is written when the key is new, or was and has ended: of two at once the second waits for the first, looks again,
/// and writes none.
const REMEMBER: &str = "insert into acd_replay_guard as known (key, expires_at) values ($1, to_timestamp($2))
    on conflict (key) do update set expires_at = excluded.expires_at where known.expires_at <= to_timestamp($3)";

const EXTEND: &str =
    "update acd_replay_guard set expires_at = to_timestamp($2) where key = $1 and expires_at < to_timestamp($2)";

const FORGET: &str = "delete from acd_replay_guard where key = $1";

/// Locked rows are left to whoever else is purging.
const PURGE: &str = "delete from acd_replay_guard where key in (
    select key from acd_replay_guard where expires_at <= to_timestamp($1) limit $2 for update skip locked
)";

/// Rows deleted by one statement, so that none holds locks for long.
const BATCH: i64 = 1_000;

/// A [`ReplayGuard`] in the table `acd_replay_guard`, shared by every instance on the same database. One insert a message.
///
/// Ended rows stay until [`purge`](Self::purge) is called; every minute is often enough. A database that does not answer
/// refuses messages, after the pool's `acquire_timeout`: set that to what a request may wait. With `synchronous_commit = off`
/// a crash of the database forgets its last moments.
#[derive(Clone)]
pub struct PostgresReplayGuard {
    pool: PgPool,
    runtime: Runtime,
}

impl PostgresReplayGuard {
    /// A memory in the database of this pool, whose table [`create_table`](Self::create_table) or a migration of your own
    /// has made. What has ended is told by the runtime's wall clock.
    pub fn new(pool: PgPool, runtime: Runtime) -> Self {
        Self { pool, runtime }
    }

    /// The SQL of the table, for a migration.
    pub const fn schema() -> &'static str {
        SCHEMA
    }

    /// Makes the table unless it is there.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when the database is away or the role may not create tables.
    pub async fn create_table(&self) -> Result<()> {
        let made = sqlx::raw_sql(SCHEMA).execute(&self.pool).await;
        made.map(drop).map_err(|cause| failed("the table acd_replay_guard cannot be made in PostgreSQL", cause))
    }

    /// Deletes what has ended, in batches of 1,000, and says how much that was. Safe to run on several instances at once.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when the database is away. The batches before stay deleted.
    pub async fn purge(&self) -> Result<u64> {
        let mut purged = 0;
        loop {
            let batch = sqlx::query(PURGE).bind(self.now()).bind(BATCH).execute(&self.pool).await;
            let batch = batch.map_err(|cause| failed("ended keys cannot be deleted from PostgreSQL", cause))?;
            purged += batch.rows_affected();
            if batch.rows_affected() < BATCH.unsigned_abs() {
                return Ok(purged);
            }
        }
    }

    fn now(&self) -> f64 {
        seconds(self.runtime.wall())
    }
}

impl ReplayGuard for PostgresReplayGuard {
    async fn check_and_remember(&self, key: &str, until: SystemTime) -> Result<Sighting> {
        let unable = |cause| failed("the key cannot be remembered in PostgreSQL", cause);
        let until = seconds(until);
        let put = sqlx::query(REMEMBER).bind(key).bind(until).bind(self.now()).execute(&self.pool).await;
        if put.map_err(unable)?.rows_affected() > 0 {
            return Ok(Sighting::First);
        }
        sqlx::query(EXTEND).bind(key).bind(until).execute(&self.pool).await.map_err(unable)?;
        Ok(Sighting::Repeated)
    }

    async fn forget(&self, key: &str) -> Result<()> {
        let forgotten = sqlx::query(FORGET).bind(key).execute(&self.pool).await;
        forgotten.map(drop).map_err(|cause| failed("the key cannot be forgotten in PostgreSQL", cause))
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn failed(what: &'static str, cause: sqlx::Error) -> Error {
    Error::new(ErrorKind::Environment, what).with_source(cause).with_retryable(true)
}

impl fmt::Debug for PostgresReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresReplayGuard").finish_non_exhaustive()
    }
}
