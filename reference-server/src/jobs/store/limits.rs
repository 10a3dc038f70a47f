//! Limits that jobs keep to.

use acd_platform::jobs::JobLimit;
use acd_platform::{JobLimitId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "l.id, l.product, l.key, l.max_running, l.rate_count, l.rate_period_ms, l.burst, l.created_at";

#[derive(FromRow)]
pub(in crate::jobs) struct LimitRow {
    id: Uuid,
    product: Option<String>,
    key: String,
    max_running: Option<i32>,
    rate_count: Option<i32>,
    rate_period_ms: Option<i32>,
    burst: Option<i32>,
    created_at: DateTime<Utc>,
}

impl TryFrom<LimitRow> for JobLimit {
    type Error = Problem;

    fn try_from(row: LimitRow) -> Result<Self> {
        Ok(Self {
            id: JobLimitId::from(row.id),
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            key: row.key,
            max_running: row.max_running.map(i32::unsigned_abs),
            rate_count: row.rate_count.map(i32::unsigned_abs),
            rate_period_ms: row.rate_period_ms.map(i32::unsigned_abs),
            burst: row.burst.map(i32::unsigned_abs),
            created_at: row.created_at,
        })
    }
}

/// A limit to be stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct NewLimit<'a> {
    pub(in crate::jobs) product: Option<&'a ProductSlug>,
    pub(in crate::jobs) key: &'a str,
    pub(in crate::jobs) max_running: Option<i32>,
    pub(in crate::jobs) rate_count: Option<i32>,
    pub(in crate::jobs) rate_period_ms: Option<i32>,
    pub(in crate::jobs) burst: Option<i32>,
}

/// Stores a limit, or changes the one with its key. A bucket keeps the tokens that it still has room for.
pub(in crate::jobs) async fn set(tx: &mut Tx, limit: &NewLimit<'_>, now: DateTime<Utc>) -> Result<LimitRow> {
    let sql = format!(
        "insert into shared_job_limits as l
            (id, product, key, max_running, rate_count, rate_period_ms, burst, tokens, refilled_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, coalesce($7, 0), $8, $8)
         on conflict (coalesce(product, ''), key) do update
         set max_running = excluded.max_running, rate_count = excluded.rate_count,
            rate_period_ms = excluded.rate_period_ms, burst = excluded.burst,
            tokens = case when l.rate_count is null then excluded.tokens else least(l.tokens, excluded.tokens) end
         returning {COLUMNS}"
    );
    query_as(AssertSqlSafe(sql))
        .bind(Uuid::now_v7())
        .bind(limit.product.map(ProductSlug::as_str))
        .bind(limit.key)
        .bind(limit.max_running)
        .bind(limit.rate_count)
        .bind(limit.rate_period_ms)
        .bind(limit.burst)
        .bind(now)
        .fetch_one(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("shared_job_limits_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            _ => error.into(),
        })
}

/// Limits by product and key.
pub(in crate::jobs) async fn list(tx: &mut Tx) -> Result<Vec<LimitRow>> {
    let sql = format!("select {COLUMNS} from shared_job_limits as l order by l.product nulls first, l.key limit 1000");
    Ok(query_as(AssertSqlSafe(sql)).fetch_all(tx.conn()).await?)
}

/// Locks a limit against new jobs, and says whether a job that is not finished names it; none when there is no such limit.
pub(in crate::jobs) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<bool>> {
    let found: Option<(Option<String>, String)> =
        query_as("select product, key from shared_job_limits where id = $1 for update")
            .bind(id)
            .fetch_optional(tx.conn())
            .await?;
    let Some((product, key)) = found else { return Ok(None) };
    // A statement of its own: it sees what those committed that the lock was waited for.
    let used = query_scalar(
        "select exists (select from shared_jobs where limit_key = $2 and owner = coalesce($1, '')
            and state in ('scheduled', 'pending', 'running'))",
    )
    .bind(product)
    .bind(key)
    .fetch_one(tx.conn())
    .await?;
    Ok(Some(used))
}

/// Deletes a limit.
pub(in crate::jobs) async fn delete(tx: &mut Tx, id: Uuid) -> Result<()> {
    query("delete from shared_job_limits where id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}
