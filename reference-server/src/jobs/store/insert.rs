//! Putting jobs into the queue.

use std::collections::HashMap;

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, query_as, query_scalar};
use uuid::Uuid;

use super::{COLUMNS, JobRow};
use crate::jobs::new::NewJob;
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Where and when jobs are made.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct Origin<'a> {
    pub(in crate::jobs) product: Option<&'a ProductSlug>,
    pub(in crate::jobs) now: DateTime<Utc>,
    pub(in crate::jobs) request_id: &'a RequestId,
}

/// Stores jobs that nothing forbids and gives them by id; those whose unique or idempotency key is taken are left out.
///
/// One array a column: the statement stays the same for any number of rows, and PostgreSQL plans it once.
pub(in crate::jobs) async fn insert(
    tx: &mut Tx,
    origin: Origin<'_>,
    jobs: &[(Uuid, &NewJob)],
) -> Result<HashMap<Uuid, JobRow>> {
    macro_rules! column {
        (|$job:ident| $value:expr) => {
            jobs.iter().map(|(_, $job)| $value).collect::<Vec<_>>()
        };
    }
    let sql = format!(
        "insert into shared_jobs as j (id, product, kind, payload, state, priority, run_at, max_attempts, backoff_ms,
            backoff_max_ms, unique_key, idempotency_key, limit_key, request_id, created_at)
         select n.id, $1, n.kind, n.payload, case when n.run_at > $2 then 'scheduled' else 'pending' end, n.priority, n.run_at,
            n.max_attempts, n.backoff_ms, n.backoff_max_ms, n.unique_key, n.idempotency_key, n.limit_key, $3, $2
         from unnest($4::uuid[], $5::text[], $6::jsonb[], $7::smallint[], $8::timestamptz[], $9::int[], $10::int[], $11::int[],
            $12::text[], $13::text[], $14::text[])
            as n (id, kind, payload, priority, run_at, max_attempts, backoff_ms, backoff_max_ms, unique_key,
                idempotency_key, limit_key)
         on conflict do nothing
         returning {COLUMNS}"
    );
    let rows: Vec<JobRow> = query_as(AssertSqlSafe(sql))
        .bind(origin.product.map(ProductSlug::as_str))
        .bind(origin.now)
        .bind(origin.request_id.as_str())
        .bind(jobs.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(column!(|job| job.kind.as_str()))
        .bind(column!(|job| &job.payload))
        .bind(column!(|job| job.priority))
        .bind(column!(|job| job.run_at.unwrap_or(origin.now)))
        .bind(column!(|job| job.max_attempts))
        .bind(column!(|job| job.backoff_ms))
        .bind(column!(|job| job.backoff_max_ms))
        .bind(column!(|job| job.unique_key.as_deref()))
        .bind(column!(|job| job.idempotency_key.as_deref()))
        .bind(column!(|job| job.limit_key.as_deref()))
        .fetch_all(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("shared_jobs_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            _ => error.into(),
        })?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The job that this idempotency key made.
pub(in crate::jobs) async fn by_idempotency_key(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    key: &str,
) -> Result<Option<JobRow>> {
    let sql = format!("select {COLUMNS} from shared_jobs as j where j.owner = $1 and j.idempotency_key = $2");
    Ok(query_as(AssertSqlSafe(sql))
        .bind(product.map_or("", ProductSlug::as_str))
        .bind(key)
        .fetch_optional(tx.conn())
        .await?)
}

/// The job that is not finished and has this unique key.
pub(in crate::jobs) async fn by_unique_key(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    kind: &str,
    key: &str,
) -> Result<Option<JobRow>> {
    let sql = format!(
        "select {COLUMNS} from shared_jobs as j
         where j.owner = $1 and j.kind = $2 and j.unique_key = $3
            and j.state in ('scheduled', 'pending', 'running')"
    );
    Ok(query_as(AssertSqlSafe(sql))
        .bind(product.map_or("", ProductSlug::as_str))
        .bind(kind)
        .bind(key)
        .fetch_optional(tx.conn())
        .await?)
}

/// Which of these keys have a limit. It cannot be deleted until the transaction ends.
pub(in crate::jobs) async fn known_limits(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    keys: &[&str],
) -> Result<Vec<String>> {
    Ok(query_scalar(
        "select key from shared_job_limits where coalesce(product, '') = $1 and key = any($2) order by key for key share",
    )
    .bind(product.map_or("", ProductSlug::as_str))
    .bind(keys)
    .fetch_all(tx.conn())
    .await?)
}

/// Makes the job of a schedule's time, unless another replica did.
pub(in crate::jobs) async fn insert_run(
    tx: &mut Tx,
    schedule: &super::schedules::Due,
    now: DateTime<Utc>,
    payload: &Value,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into shared_jobs (id, product, kind, payload, priority, run_at, max_attempts, schedule_id, scheduled_for,
            created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $6)
         on conflict (schedule_id, scheduled_for) where schedule_id is not null do nothing",
    )
    .bind(Uuid::now_v7())
    .bind(schedule.product.as_deref())
    .bind(&schedule.kind)
    .bind(payload)
    .bind(schedule.priority)
    .bind(now)
    .bind(schedule.max_attempts)
    .bind(schedule.id)
    .bind(schedule.next_at)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
