//! From which moment on events may still appear.
//!
//! Ids of events ascend by the time they arrived, and transactions commit in any order: whoever reads up to now may miss an event
//! that commits later. So each transaction that stores events says before it stamps them from when on they may be, by a lock
//! that it holds until its end.

use chrono::{DateTime, Utc};

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// The first 16 bits of the locks; the other 48 are the milliseconds, as in the ids.
const LOCKS: i64 = 0x4143;

/// The lock that says: events of this moment or later may come.
pub(super) fn lock_from(at: DateTime<Utc>) -> i64 {
    LOCKS << 48 | at.timestamp_millis().clamp(0, (1 << 48) - 1)
}

/// The moment from which on transactions that are at work may still store events; none where none is. Whatever is stamped before it,
/// by this clock, is there for the next statement.
pub(crate) async fn underway_since(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    // PostgreSQL shows a lock of 64 bits as two halves. A transaction is at its end for readers before its locks are free.
    let millis: Option<i64> = sqlx::query_scalar(
        "select min((classid::bigint & 65535) << 32 | objid::bigint) from pg_locks
         where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = $1 and mode = 'ShareLock'
            and database = (select oid from pg_database where datname = current_database())",
    )
    .bind(LOCKS)
    .fetch_one(tx.conn())
    .await?;
    Ok(millis.and_then(DateTime::from_timestamp_millis))
}
