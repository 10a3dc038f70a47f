//! Figures that are new enough for whoever asks: at most 15 minutes old, read once however many ask at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acd_meta::{AdAccountId, MetaClient};
use acd_platform::ads::daily::DailyLevel;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use tokio::time::{interval, timeout};
use uuid::Uuid;

use super::reading::{Outcome, Wanted};
use super::service::Performance;
use super::store::reads as store;
use crate::kernel::problem::{Problem, Result};

/// Meta itself has nothing newer within this time.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(15);
/// How long a request waits for a reading before it gets what there is.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether another replica has finished.
const LOOK: Duration = Duration::from_millis(100);
/// Days back, of which the last are read within the hour. One more than that, as the account's day may be another than UTC's.
const RECENT_DAYS: u64 = 3;

/// Readings that this process makes at the moment; requests for the same wait for them. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<(String, DailyLevel), Flight>>>);

/// Held by whoever reads; the others wait for it.
type Flight = Arc<tokio::sync::Mutex<()>>;

impl Flights {
    fn of(&self, account: &AdAccountId, level: DailyLevel) -> Flight {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(flights.entry((account.to_string(), level)).or_default())
    }
}

/// How new the figures are that a request gets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Freshness {
    /// When the oldest of them were read.
    pub(super) as_of: Option<DateTime<Utc>>,
    /// Whether something newer was wanted, and could not be had.
    pub(super) is_stale: bool,
}

impl Performance {
    /// Reads the level of these accounts anew where that is due for days up to `until`.
    ///
    /// # Errors
    /// Those of Meta, where nothing at all is known of an account; what is old is better than nothing.
    pub(super) async fn fresh(
        &self,
        client: impl Fn(&AdAccountId) -> Result<MetaClient>,
        accounts: &[AdAccountId],
        level: DailyLevel,
        until: NaiveDate,
    ) -> Result<Freshness> {
        let now = self.clock.now();
        let recent = now.date_naive().checked_sub_days(Days::new(RECENT_DAYS)).unwrap_or_default();
        let not_before = if until >= recent { now - FRESH } else { DateTime::<Utc>::MIN_UTC };
        let mut freshness = Freshness::default();
        for account in accounts {
            let (as_of, is_stale) = self.fresh_account(&client, account, level, not_before).await?;
            freshness.as_of = Some(freshness.as_of.map_or(as_of, |oldest| oldest.min(as_of)));
            freshness.is_stale |= is_stale;
        }
        Ok(freshness)
    }

    async fn fresh_account(
        &self,
        client: &impl Fn(&AdAccountId) -> Result<MetaClient>,
        account: &AdAccountId,
        level: DailyLevel,
        not_before: DateTime<Utc>,
    ) -> Result<(DateTime<Utc>, bool)> {
        let known = self.read_at(account, level).await?;
        if let Some(at) = known.filter(|at| *at >= not_before) {
            return Ok((at, false));
        }
        let (this, meta, id) = (self.clone(), client(account)?, account.clone());
        // A task of its own: whoever asked may go away, and the others wait for the same.
        let work = tokio::spawn(async move { this.read_once(&meta, &id, level, not_before).await });
        let result = match timeout(PATIENCE, work).await {
            Ok(joined) => joined.map_err(Problem::internal)?,
            Err(_) => Ok(()),
        };
        match (self.read_at(account, level).await?, result) {
            (Some(at), result) => {
                if let Err(problem) = result {
                    tracing::warn!(%account, cause = problem.cause_chain(), "older figures are served: {problem}");
                }
                Ok((at, at < not_before))
            }
            (None, Err(problem)) => Err(problem),
            (None, Ok(())) => {
                let mut problem = Problem::unavailable(
                    "insights_not_ready",
                    "no figures of this ad account could be had from Meta yet; ask again shortly",
                );
                problem.retry_after = Some(5);
                Err(problem)
            }
        }
    }

    async fn read_once(
        &self,
        meta: &MetaClient,
        account: &AdAccountId,
        level: DailyLevel,
        not_before: DateTime<Utc>,
    ) -> Result<()> {
        let flight = self.flights.of(account, level);
        let _alone = flight.lock().await;
        let mut look = interval(LOOK);
        let is_done = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at >= not_before);
        let wanted = Wanted { by: Uuid::now_v7(), not_before, is_sync: false };
        loop {
            look.tick().await;
            if is_done(self.read_at(account, level).await?) {
                return Ok(());
            }
            let of = self.account(meta, account).await?;
            match self.read(meta, &of, level, wanted).await? {
                // Another replica is at it: soon its rows are there, or its lease ends.
                Outcome::Busy => {}
                // Besides the report in the making the last days can be had at once.
                Outcome::Large => return self.read(meta, &of, level, wanted).await.map(drop),
                Outcome::Read | Outcome::Fresh | Outcome::Paused => return Ok(()),
            }
        }
    }

    async fn read_at(&self, account: &AdAccountId, level: DailyLevel) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.as_service().await?;
        let row = store::get(&mut tx, &account.to_string(), level.as_str()).await?;
        tx.commit().await?;
        Ok(row.and_then(|row| row.recent_at))
    }
}
