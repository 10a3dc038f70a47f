//! Deletes what was kept long enough: finished jobs, and with them their attempts.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::handler::{Handler, JobContext, JobError, Policy};
use super::service::Jobs;
use super::store::upkeep;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// Jobs deleted in one transaction.
const AT_ONCE: i64 = 5_000;

/// Deletes finished jobs. A schedule of the platform's own runs it each hour.
#[derive(Debug)]
pub struct CleanUp {
    jobs: Jobs,
    keep_done: TimeDelta,
    keep_dead: TimeDelta,
}

/// It needs to be told nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanUpPayload {}

impl CleanUp {
    /// Keeps jobs that succeeded or were called off, and those that were given up, for so long.
    pub fn new(jobs: Jobs, keep_done: TimeDelta, keep_dead: TimeDelta) -> Self {
        Self { jobs, keep_done, keep_dead }
    }
}

impl Handler for CleanUp {
    const KIND: &'static str = "acd.jobs.clean_up";
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1_800), ..Policy::DEFAULT };
    type Payload = CleanUpPayload;

    async fn run(&self, context: &JobContext, _: CleanUpPayload) -> Result<Option<Value>, JobError> {
        let batch = || async {
            let now = self.jobs.clock.now();
            let mut tx = self.jobs.db.queue(&Principal::service(RequestId::new())).await?;
            let gone = upkeep::delete_finished(&mut tx, now - self.keep_done, now - self.keep_dead, AT_ONCE).await?;
            tx.commit().await?;
            Ok(gone)
        };
        let deleted = context.in_batches(AT_ONCE, batch).await?;
        Ok(Some(json!({ "deleted": deleted })))
    }
}
