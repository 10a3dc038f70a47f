//! One sync of an ad account: what changed, then what its ads did.

use acd_meta::AdAccountId;
use acd_platform::ads::daily::DailyLevel;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::reading::{Outcome, Wanted};
use super::service::Performance;
use crate::jobs::{JobContext, JobError};
use crate::kernel::problem::{Problem, Result};

/// Coarse first: what a product's sums need is there early.
const LEVELS: [DailyLevel; 4] = [DailyLevel::Account, DailyLevel::Campaign, DailyLevel::AdSet, DailyLevel::Ad];

impl Performance {
    /// Syncs an account. A level that was read since then is left out, so that a sync that was cut short goes on where it was.
    pub(super) async fn sync(
        &self,
        context: &JobContext,
        account: &AdAccountId,
        since: DateTime<Utc>,
    ) -> std::result::Result<Value, JobError> {
        let meta = self.ads.meta().map_err(failure)?.in_background(account);
        let account = self.account(&meta, account).await.map_err(failure)?;
        context.progress(5, "what changed");
        let changes = self.read_objects(&meta, &account).await.map_err(failure)?;
        let wanted = Wanted { by: context.id.uuid(), not_before: since, is_sync: true };
        let mut levels = Map::new();
        for (at, level) in LEVELS.into_iter().enumerate() {
            if context.cancelled().is_cancelled() {
                return Err(JobError::cancelled());
            }
            context.progress(u8::try_from(20 * (at + 1)).unwrap_or(100), format!("figures by {level}"));
            let mut outcome = self.read(&meta, &account, level, wanted).await.map_err(failure)?;
            if outcome == Outcome::Large {
                // Besides the report in the making the last days can be had at once.
                outcome = self.read(&meta, &account, level, wanted).await.map_err(failure)?;
            }
            levels.insert(level.to_string(), outcome.as_str().into());
        }
        Ok(json!({ "changes": changes, "levels": levels }))
    }

    /// The accounts to sync.
    pub(super) async fn accounts_in_use(&self) -> Result<Vec<AdAccountId>> {
        let mut tx = self.as_service().await?;
        let accounts = super::store::account::in_use(&mut tx).await?;
        tx.commit().await?;
        Ok(accounts.iter().map(|account| AdAccountId::from(account.as_str())).collect())
    }
}

/// Whether and when an attempt that failed like this may succeed another time.
pub(super) fn failure(problem: Problem) -> JobError {
    match problem.retry_after {
        Some(seconds) => {
            let cause = problem.cause_chain().map(|cause| format!(": {cause}")).unwrap_or_default();
            let wait = std::time::Duration::from_secs(seconds);
            JobError::retry_after(format_args!("{}{cause}", problem.detail), wait)
        }
        None => problem.into(),
    }
}
