//! Deletes publications that ended long ago, with the things in them. What they made at Meta stays, and stays the product's.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::service::Publishing;
use super::store::publications;
use crate::jobs::{Handler, JobContext, JobError, Policy};
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// Publications deleted in one transaction: up to 251 things each.
const AT_ONCE: i64 = 200;

/// Deletes ended publications. A schedule of the platform's own runs it each hour.
#[derive(Debug)]
pub struct CleanUpPublications {
    publishing: Publishing,
    keep: TimeDelta,
}

/// It needs to be told nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanUpPublicationsPayload {}

impl CleanUpPublications {
    /// Keeps publications for so long after they ended.
    pub fn new(publishing: Publishing, keep: TimeDelta) -> Self {
        Self { publishing, keep }
    }
}

impl Handler for CleanUpPublications {
    const KIND: &'static str = "acd.ads.clean_up_publications";
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1_800), ..Policy::DEFAULT };
    type Payload = CleanUpPublicationsPayload;

    async fn run(&self, context: &JobContext, _: CleanUpPublicationsPayload) -> Result<Option<Value>, JobError> {
        let batch = || async {
            let before = self.publishing.clock.now() - self.keep;
            let mut tx = self.publishing.ads.db.scoped(&Principal::service(RequestId::new())).await?;
            let gone = publications::delete_ended(&mut tx, before, AT_ONCE).await?;
            tx.commit().await?;
            Ok(gone)
        };
        let deleted = context.in_batches(AT_ONCE, batch).await?;
        Ok(Some(json!({ "deleted": deleted })))
    }
}
