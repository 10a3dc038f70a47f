//! Reading reports at Meta: the last days again and again, the whole window in which Meta corrects figures once a day.

use std::borrow::Cow;

use acd_meta::insights::{AsyncStatus, InsightsOf, InsightsQuery, InsightsRow, TimeIncrement};
use acd_meta::{Error, MetaClient, MetaError as _, ReportRunId, TimeRange};
use acd_platform::ads::daily::DailyLevel;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::account::Account;
use super::jobs::{CollectReport, CollectReportPayload};
use super::row::{DayRow, fields_of, level_of};
use super::service::Performance;
use super::store::daily as daily_store;
use super::store::reads::{self as store, Claim, ReadRow};
use crate::ads::problem;
use crate::jobs::{NewJob, enqueue};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Days whose figures change within hours: today, and two before it.
const RECENT_DAYS: u64 = 2;
/// Meta attributes conversions, and so corrects figures, for this many days.
const WINDOW_DAYS: u64 = 28;
/// Rows of one page of a report.
const PAGE: u32 = 500;
/// For how long nobody else reads, from the last page on.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// How long requests leave Meta alone after a reading failed.
const PAUSE_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(30);
/// After this time a report that is not ready is begun anew.
const REPORT_HOURS: i64 = 6;
/// The longest pause between two looks at a report in the making, in seconds.
const LONGEST_LOOK: i64 = 60;

/// What came of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The rows are stored.
    Read,
    /// Nothing was due.
    Fresh,
    /// Somebody else is reading.
    Busy,
    /// The last reading failed a moment ago.
    Paused,
    /// It is too large to be waited for: Meta makes it, and a job collects it.
    Large,
}

impl Outcome {
    /// Its name in results of jobs and in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Fresh => "fresh",
            Self::Busy => "busy",
            Self::Paused => "paused",
            Self::Large => "report_begun",
        }
    }
}

/// Who reads, and how new the figures have to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) by: Uuid,
    pub(super) not_before: DateTime<Utc>,
    /// The sync reads the whole window each day, and at once after a failure.
    pub(super) is_sync: bool,
}

/// Why a reading failed.
enum Failure {
    Meta(Error),
    Here(Problem),
    Lost,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Here(problem)
    }
}

impl Performance {
    /// Reads what is due of an account's level, unless somebody else does so.
    pub(super) async fn read(
        &self,
        meta: &MetaClient,
        account: &Account,
        level: DailyLevel,
        wanted: Wanted,
    ) -> Result<Outcome> {
        let result = self.try_read(meta, account, level, wanted).await;
        let outcome = match &result {
            Ok(outcome) => outcome.as_str(),
            Err(_) => "failed",
        };
        metrics::counter!("acd_ads_readings_total", "level" => level.as_str(), "outcome" => outcome).increment(1);
        result
    }

    async fn try_read(
        &self,
        meta: &MetaClient,
        account: &Account,
        level: DailyLevel,
        wanted: Wanted,
    ) -> Result<Outcome> {
        let began = self.clock.now();
        let mut tx = self.as_service().await?;
        let claim =
            store::claim(&mut tx, &account.id.to_string(), level.as_str(), wanted.by, began, began + LEASE).await?;
        tx.commit().await?;
        let row = match claim {
            Claim::Busy => return Ok(Outcome::Busy),
            Claim::Ours(row) => row,
        };
        let lease = Lease { account, level, by: wanted.by };
        if !wanted.is_sync && row.retry_at.is_some_and(|at| at > began) {
            self.let_go(&lease).await?;
            return Ok(Outcome::Paused);
        }
        let Some((range, is_whole)) = due(account, &row, &wanted, began) else {
            self.let_go(&lease).await?;
            return Ok(Outcome::Fresh);
        };
        match self.read_now(meta, &lease, range, began).await {
            Ok(()) => {
                let mut tx = self.as_service().await?;
                store::finish(&mut tx, &lease.account.id.to_string(), level.as_str(), wanted.by, began, is_whole)
                    .await?;
                tx.commit().await?;
                Ok(Outcome::Read)
            }
            Err(Failure::Lost) => Ok(Outcome::Busy),
            Err(Failure::Meta(error)) if error.asks_for_less() => {
                if is_being_made(&row, began) {
                    self.let_go(&lease).await?;
                } else {
                    self.begin_report(meta, &lease).await?;
                }
                Ok(Outcome::Large)
            }
            Err(Failure::Meta(error)) => Err(self.failed(&lease, problem::of(error)).await),
            Err(Failure::Here(problem)) => Err(self.failed(&lease, problem).await),
        }
    }

    async fn read_now(
        &self,
        meta: &MetaClient,
        lease: &Lease<'_>,
        range: TimeRange,
        began: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let of = InsightsOf::from(lease.account.id.clone());
        let mut query = query(lease.level, range);
        // Smaller pages of a report that is too large would be many calls: it is made by Meta instead.
        loop {
            let page = meta.insights().get(&of, &query).await.map_err(Failure::Meta)?;
            query.after = page.next_cursor().map(Cow::into_owned);
            if !self.store_page(lease, page.data, began, true).await? {
                return Err(Failure::Lost);
            }
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    /// Stores a page, and keeps the lease for the next one; false when another has it.
    async fn store_page(
        &self,
        lease: &Lease<'_>,
        rows: Vec<InsightsRow>,
        began: DateTime<Utc>,
        is_leased: bool,
    ) -> Result<bool> {
        let Lease { account, level, by } = *lease;
        let of = level_of(level);
        let rows: Vec<DayRow> = rows.into_iter().map(|row| DayRow::read(account, &of, row)).collect::<Result<_>>()?;
        let rows = serde_json::to_value(&rows).map_err(Problem::internal)?;
        let id = account.id.to_string();
        let mut tx = self.as_service().await?;
        if is_leased && !store::renew(&mut tx, &id, level.as_str(), by, self.clock.now() + LEASE).await? {
            return Ok(false);
        }
        daily_store::upsert(&mut tx, &id, level.as_str(), &account.currency, &rows, began).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn let_go(&self, lease: &Lease<'_>) -> Result<()> {
        let mut tx = self.as_service().await?;
        store::release(&mut tx, &lease.account.id.to_string(), lease.level.as_str(), lease.by, None).await?;
        tx.commit().await
    }

    /// Lets go after a failure, whose problem stays the one that is told.
    async fn failed(&self, lease: &Lease<'_>, problem: Problem) -> Problem {
        let retry = self.clock.now() + PAUSE_AFTER_FAILURE;
        let noted = async {
            let mut tx = self.as_service().await?;
            let id = lease.account.id.to_string();
            store::release(&mut tx, &id, lease.level.as_str(), lease.by, Some(retry)).await?;
            tx.commit().await
        };
        if let Err(other) = noted.await {
            tracing::warn!(cause = other.cause_chain(), "a failed reading was not noted; its lease ends by itself");
        }
        problem
    }

    /// Has Meta make the whole window as a report, which a job collects. The same again changes nothing.
    async fn begin_report(&self, meta: &MetaClient, lease: &Lease<'_>) -> Result<()> {
        let began = self.clock.now();
        let range = whole(lease.account.day_of(began));
        let of = InsightsOf::from(lease.account.id.clone());
        let started = match meta.insights().start(&of, &query(lease.level, range)).await {
            Ok(started) => started,
            Err(error) => return Err(self.failed(lease, problem::of(error)).await),
        };
        let (id, level) = (lease.account.id.to_string(), lease.level);
        let mut tx = self.as_service().await?;
        let run = started.report_run_id.to_string();
        store::begin_report(&mut tx, &id, level.as_str(), lease.by, &run, began).await?;
        let payload = CollectReportPayload { account: lease.account.id.clone(), level, report_run: run, look: 1 };
        self.look_later(&mut tx, &payload).await?;
        tx.commit().await
    }

    async fn look_later(&self, tx: &mut crate::kernel::db::Tx, payload: &CollectReportPayload) -> Result<()> {
        let pause = TimeDelta::seconds((2_i64 << payload.look.min(6)).min(LONGEST_LOOK));
        let job = NewJob::of::<CollectReport>(payload)?
            .unique_key(format!("{}/{}", payload.report_run, payload.look))
            .run_at(self.clock.now() + pause);
        enqueue(tx, &self.clock, None, &job, &RequestId::new()).await.map(drop)
    }

    /// Looks at a report in the making: stores it when it is ready, else looks again later.
    pub(super) async fn collect(&self, payload: &CollectReportPayload) -> Result<&'static str> {
        let meta = self.ads.meta()?.in_background(&payload.account);
        let account = self.account(&meta, &payload.account).await?;
        let (id, level) = (payload.account.to_string(), payload.level);
        let mut tx = self.as_service().await?;
        let row = store::get(&mut tx, &id, level.as_str()).await?;
        tx.commit().await?;
        let report = row.and_then(|row| row.report()).filter(|report| report.run == payload.report_run);
        let Some(report) = report else { return Ok("begun anew elsewhere") };
        let run_id = ReportRunId::from(report.run.as_str());
        let run = meta.insights().run(&run_id).await.map_err(problem::of)?;
        let is_over = matches!(run.async_status, Some(AsyncStatus::Failed | AsyncStatus::Skipped))
            || self.clock.now() - report.at > TimeDelta::hours(REPORT_HOURS);
        if !run.is_ready() && !is_over {
            let mut tx = self.as_service().await?;
            let next = CollectReportPayload { look: payload.look.saturating_add(1), ..payload.clone() };
            self.look_later(&mut tx, &next).await?;
            tx.commit().await?;
            return Ok("not ready");
        }
        if !run.is_ready() {
            tracing::warn!(account = id, level = level.as_str(), error = ?run.error(), "Meta did not make a report");
            let mut tx = self.as_service().await?;
            store::end_report(&mut tx, &id, level.as_str(), &report.run, None).await?;
            tx.commit().await?;
            return Ok("failed");
        }
        let lease = Lease { account: &account, level, by: Uuid::nil() };
        let mut pages = meta.insights().rows(&run_id, Some(PAGE)).pages();
        while let Some(page) = pages.next().await.map_err(problem::of)? {
            self.store_page(&lease, page.items, report.at, false).await?;
        }
        let mut tx = self.as_service().await?;
        store::end_report(&mut tx, &id, level.as_str(), &report.run, Some(report.at)).await?;
        tx.commit().await?;
        Ok("stored")
    }
}

/// A reading that nobody else does at the same time.
#[derive(Clone, Copy)]
struct Lease<'a> {
    account: &'a Account,
    level: DailyLevel,
    by: Uuid,
}

/// Which days are to be read, and whether it is the whole window.
fn due(account: &Account, row: &ReadRow, wanted: &Wanted, now: DateTime<Utc>) -> Option<(TimeRange, bool)> {
    let today = account.day_of(now);
    let is_whole_due = match row.whole_at {
        None => true,
        Some(at) => wanted.is_sync && account.day_of(at) < today,
    };
    if is_whole_due && !is_being_made(row, now) {
        return Some((whole(today), true));
    }
    let is_due = row.recent_at.is_none_or(|at| at < wanted.not_before);
    is_due.then(|| (TimeRange { since: before(today, RECENT_DAYS), until: today }, false))
}

fn is_being_made(row: &ReadRow, now: DateTime<Utc>) -> bool {
    row.report().is_some_and(|report| now - report.at <= TimeDelta::hours(REPORT_HOURS))
}

fn whole(today: NaiveDate) -> TimeRange {
    TimeRange { since: before(today, WINDOW_DAYS), until: today }
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn query(level: DailyLevel, range: TimeRange) -> InsightsQuery {
    let level = level_of(level);
    InsightsQuery {
        time_range: Some(range),
        time_increment: Some(TimeIncrement::Days(1)),
        limit: Some(PAGE),
        ..InsightsQuery { level: Some(level.clone()), ..InsightsQuery::of(fields_of(&level)) }
    }
}
