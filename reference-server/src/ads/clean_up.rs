//! Deletes what became of conversions, and what was changed at Meta past the server, when it was kept long enough.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::store::Log;
use crate::jobs::{Handler, JobContext, JobError, Policy};
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// Rows deleted in one transaction.
const AT_ONCE: i64 = 5_000;

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

    async fn run(&self, context: &JobContext, _: CleanUpLogsPayload) -> Result<Option<Value>, JobError> {
        let before = self.clock.now() - self.keep;
        let mut deleted = Map::new();
        for log in Log::ALL {
            let batch = || async {
                let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
                let gone = log.delete_before(&mut tx, before, AT_ONCE).await?;
                tx.commit().await?;
                Ok(gone)
            };
            deleted.insert(log.table().to_owned(), context.in_batches(AT_ONCE, batch).await?.into());
        }
        Ok(Some(Value::Object(deleted)))
    }
}
