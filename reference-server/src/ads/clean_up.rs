//! Deletes what became of conversions, and what was changed at Meta past the server, when it was kept long enough.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::jobs::{Handler, JobContext, JobError, Policy};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::request_id::RequestId;

/// Rows deleted in one transaction.
const AT_ONCE: i64 = 5_000;
/// Each log, and its rows of before a time `$1`, at most `$2`.
const LOGS: [(&str, &str); 2] = [
    (
        "attribution_events",
        "with old as (select id from attribution_events where id < acd.uuid_v7_floor($1) and state <> 'pending'
            order by id limit $2 for update skip locked)
         delete from attribution_events as e using old where e.id = old.id",
    ),
    (
        "ads_changes",
        "with old as (select id from ads_changes where id < acd.uuid_v7_floor($1) order by id limit $2 for update skip locked)
         delete from ads_changes as c using old where c.id = old.id",
    ),
];

/// Deletes old rows of the logs of advertising. A schedule of the platform's own runs it each hour.
pub struct CleanUpLogs {
    db: Db,
    clock: Clock,
    keep: TimeDelta,
}

/// It needs to be told nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanUpLogsPayload {}

impl CleanUpLogs {
    /// Keeps rows for so long.
    pub fn new(db: Db, clock: Clock, keep: TimeDelta) -> Self {
        Self { db, clock, keep }
    }
}

impl Handler for CleanUpLogs {
    const KIND: &'static str = "acd.ads.clean_up_logs";
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1_800), ..Policy::DEFAULT };
    type Payload = CleanUpLogsPayload;

    async fn run(&self, context: &JobContext, _: CleanUpLogsPayload) -> std::result::Result<Option<Value>, JobError> {
        let before = self.clock.now() - self.keep;
        let mut deleted = Map::new();
        for (log, sql) in LOGS {
            let mut of_log = 0;
            loop {
                if context.cancelled().is_cancelled() {
                    return Err(JobError::cancelled());
                }
                let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
                let batch = delete(&mut tx, sql, before).await?;
                tx.commit().await?;
                of_log += batch;
                if batch < AT_ONCE.unsigned_abs() {
                    break;
                }
            }
            deleted.insert(log.to_owned(), of_log.into());
        }
        Ok(Some(Value::Object(deleted)))
    }
}

async fn delete(tx: &mut Tx, sql: &'static str, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query(sql).bind(before).bind(AT_ONCE).execute(tx.conn()).await?.rows_affected())
}
