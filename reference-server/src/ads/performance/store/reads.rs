//! When a level of an account was read, and who reads it now.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// When a level was read.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct ReadRow {
    /// When its last days were read.
    pub(in crate::ads::performance) recent_at: Option<DateTime<Utc>>,
    /// When its whole window was read.
    pub(in crate::ads::performance) whole_at: Option<DateTime<Utc>>,
    /// The last reading failed; not before then again.
    pub(in crate::ads::performance) retry_at: Option<DateTime<Utc>>,
    report_run: Option<String>,
    report_at: Option<DateTime<Utc>>,
}

/// A report that Meta makes.
#[derive(Clone, Debug)]
pub(in crate::ads::performance) struct Report {
    pub(in crate::ads::performance) run: String,
    pub(in crate::ads::performance) at: DateTime<Utc>,
}

impl ReadRow {
    /// The report that Meta makes of it.
    pub(in crate::ads::performance) fn report(&self) -> Option<Report> {
        Some(Report { run: self.report_run.clone()?, at: self.report_at? })
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub(in crate::ads::performance) enum Claim {
    Ours(ReadRow),
    Busy,
}

/// Takes a level for oneself until this time.
pub(in crate::ads::performance) async fn claim(
    tx: &mut Tx,
    account: &str,
    level: &str,
    by: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Claim> {
    let row = sqlx::query_as(
        "insert into shared.ads_insight_reads as r (account, level, busy_by, busy_until) values ($1, $2, $3, $5)
         on conflict (account, level) do update set busy_by = excluded.busy_by, busy_until = excluded.busy_until
            where r.busy_until is null or r.busy_until <= $4 or r.busy_by = excluded.busy_by
         returning recent_at, whole_at, retry_at, report_run, report_at",
    )
    .bind(account)
    .bind(level)
    .bind(by)
    .bind(now)
    .bind(until)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map_or(Claim::Busy, Claim::Ours))
}

/// When a level was read, if ever.
pub(in crate::ads::performance) async fn get(tx: &mut Tx, account: &str, level: &str) -> Result<Option<ReadRow>> {
    let sql = "select recent_at, whole_at, retry_at, report_run, report_at
         from shared.ads_insight_reads where account = $1 and level = $2";
    Ok(sqlx::query_as(sql).bind(account).bind(level).fetch_optional(tx.conn()).await?)
}

/// Keeps a level for longer; false when another has it.
pub(in crate::ads::performance) async fn renew(
    tx: &mut Tx,
    account: &str,
    level: &str,
    by: Uuid,
    until: DateTime<Utc>,
) -> Result<bool> {
    let sql = "update shared.ads_insight_reads set busy_until = $4 where account = $1 and level = $2 and busy_by = $3";
    let done = sqlx::query(sql).bind(account).bind(level).bind(by).bind(until).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Lets go of a level, after a failure with the time before which requests are not to try again.
pub(in crate::ads::performance) async fn release(
    tx: &mut Tx,
    account: &str,
    level: &str,
    by: Uuid,
    retry_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let sql = "update shared.ads_insight_reads set busy_by = null, busy_until = null, retry_at = coalesce($4, retry_at)
         where account = $1 and level = $2 and busy_by = $3";
    sqlx::query(sql).bind(account).bind(level).bind(by).bind(retry_at).execute(tx.conn()).await?;
    Ok(())
}

/// Notes that the last days were read, or the whole window, and lets go.
pub(in crate::ads::performance) async fn finish(
    tx: &mut Tx,
    account: &str,
    level: &str,
    by: Uuid,
    began: DateTime<Utc>,
    is_whole: bool,
) -> Result<()> {
    let sql = "update shared.ads_insight_reads
         set recent_at = greatest(recent_at, $4), whole_at = case when $5 then greatest(whole_at, $4) else whole_at end,
            retry_at = null, busy_by = null, busy_until = null
         where account = $1 and level = $2 and busy_by = $3";
    sqlx::query(sql).bind(account).bind(level).bind(by).bind(began).bind(is_whole).execute(tx.conn()).await?;
    Ok(())
}

/// Notes the report that Meta makes, and lets go.
pub(in crate::ads::performance) async fn begin_report(
    tx: &mut Tx,
    account: &str,
    level: &str,
    by: Uuid,
    run: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let sql = "update shared.ads_insight_reads set report_run = $4, report_at = $5, busy_by = null, busy_until = null
         where account = $1 and level = $2 and busy_by = $3";
    sqlx::query(sql).bind(account).bind(level).bind(by).bind(run).bind(at).execute(tx.conn()).await?;
    Ok(())
}

/// Notes that a report is stored, or that nothing came of it.
pub(in crate::ads::performance) async fn end_report(
    tx: &mut Tx,
    account: &str,
    level: &str,
    run: &str,
    stored: Option<DateTime<Utc>>,
) -> Result<()> {
    let sql = "update shared.ads_insight_reads
         set report_run = null, report_at = null,
            recent_at = greatest(recent_at, $4), whole_at = greatest(whole_at, $4)
         where account = $1 and level = $2 and report_run = $3";
    sqlx::query(sql).bind(account).bind(level).bind(run).bind(stored).execute(tx.conn()).await?;
    Ok(())
}
