//! The rules of limits.

use acd_platform::JobLimitId;
use acd_platform::jobs::{JobLimit, JobLimits, SetJobLimit};
use http::StatusCode;

use super::new::in_range;
use super::service::Jobs;
use super::store::limits::{self as store, NewLimit};
use crate::kernel::check;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

const PERIOD_MS: i32 = 1_000;

impl Jobs {
    /// Makes a limit, or changes the one with its key.
    pub async fn set_limit(&self, principal: &Principal, wanted: SetJobLimit) -> Result<JobLimit> {
        let product = self.product_of(principal, wanted.product)?;
        check::text("key", &wanted.key, 1..=200)?;
        let max_running = in_range("max_running", wanted.max_running, 1, 100_000)?;
        let rate_count = in_range("rate_count", wanted.rate_count, 1, 1_000_000)?;
        let rate_period_ms = in_range("rate_period_ms", wanted.rate_period_ms, 100, 86_400_000)?;
        let burst = in_range("burst", wanted.burst, 1, wanted.rate_count.unwrap_or(1_000_000))?;
        if max_running.is_none() && rate_count.is_none() {
            return Err(check::invalid("max_running", "name this or rate_count, or both: a limit limits something"));
        }
        if rate_count.is_none() && (rate_period_ms.is_some() || burst.is_some()) {
            return Err(check::invalid("rate_count", "is needed with rate_period_ms and burst"));
        }
        let new = NewLimit {
            product: Some(&product),
            key: &wanted.key,
            max_running,
            rate_count,
            rate_period_ms: rate_count.map(|_| rate_period_ms.unwrap_or(PERIOD_MS)),
            burst: rate_count.map(|_| burst.unwrap_or(1)),
        };
        let mut tx = self.db.scoped(principal).await?;
        let row = store::set(&mut tx, &new, self.clock.now()).await?;
        tx.commit().await?;
        self.wakes.wake();
        row.try_into()
    }

    /// Limits by product and key.
    pub async fn list_limits(&self, principal: &Principal) -> Result<JobLimits> {
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx).await?;
        tx.commit().await?;
        Ok(JobLimits { limits: rows.into_iter().map(JobLimit::try_from).collect::<Result<_>>()? })
    }

    /// Deletes a limit that no unfinished job names.
    pub async fn delete_limit(&self, principal: &Principal, id: JobLimitId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let is_used = store::lock(&mut tx, id.uuid()).await?.ok_or_else(|| Problem::not_found("limit"))?;
        if is_used {
            let detail = "jobs that are not finished keep to this limit; wait for them or cancel them first";
            return Err(Problem::new(StatusCode::CONFLICT, "limit_in_use", detail));
        }
        store::delete(&mut tx, id.uuid()).await?;
        tx.commit().await
    }
}
