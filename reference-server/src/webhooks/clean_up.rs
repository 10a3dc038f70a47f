//! Deletes what was kept long enough: people's words among it.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::store;
use crate::ads::notifications::Notifications;
use crate::jobs::{Handler, JobContext, JobError, Policy};
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// Longer than Meta repeats a message, which is 36 hours, and than operators need to mend what keeps one from being read.
const KEEP_MESSAGES: TimeDelta = TimeDelta::days(14);
const KEEP_CHANGES: TimeDelta = TimeDelta::days(90);
const AT_ONCE: i64 = 1_000;

/// Deletes old webhooks, and the changes they told of. A schedule of the platform's own runs it each hour.
pub(crate) struct CleanUpWebhooks {
    db: Db,
    clock: Clock,
    changes: Notifications,
}

/// It needs to be told nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CleanUpWebhooksPayload {}

impl CleanUpWebhooks {
    /// Cleans up in this database.
    pub(crate) fn new(db: Db, clock: Clock, changes: Notifications) -> Self {
        Self { db, clock, changes }
    }
}

impl Handler for CleanUpWebhooks {
    const KIND: &'static str = "acd.webhooks.clean_up";
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1_800), ..Policy::DEFAULT };
    type Payload = CleanUpWebhooksPayload;

    async fn run(&self, context: &JobContext, _: CleanUpWebhooksPayload) -> Result<Option<Value>, JobError> {
        let service = || Principal::service(RequestId::new());
        let messages = || async {
            let mut tx = self.db.scoped(&service()).await?;
            let gone = store::delete_before(&mut tx, self.clock.now() - KEEP_MESSAGES, AT_ONCE).await?;
            tx.commit().await?;
            Ok(gone)
        };
        let changes = || async {
            let mut tx = self.db.scoped(&service()).await?;
            let gone = self.changes.forget(&mut tx, self.clock.now() - KEEP_CHANGES, AT_ONCE).await?;
            tx.commit().await?;
            Ok(gone)
        };
        let messages = context.in_batches(AT_ONCE, messages).await?;
        let changes = context.in_batches(AT_ONCE, changes).await?;
        Ok(Some(json!({ "messages": messages, "changes": changes })))
    }
}
