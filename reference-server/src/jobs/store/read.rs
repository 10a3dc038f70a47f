//! Looking at jobs, calling them off and giving them another chance.

use acd_platform::ProductSlug;
use acd_platform::jobs::{JobAttempt, JobState};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, FromRow, Postgres, QueryBuilder, query_as, query_scalar};
use uuid::Uuid;

use super::{COLUMNS, JobRow};
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// The most attempts that are shown of a job.
const ATTEMPTS_SHOWN: i64 = 1_000;

/// What to list.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::jobs) struct Filter<'a> {
    pub(in crate::jobs) product: Option<&'a ProductSlug>,
    pub(in crate::jobs) state: Option<JobState>,
    pub(in crate::jobs) kind: Option<&'a str>,
    pub(in crate::jobs) unique_key: Option<&'a str>,
    pub(in crate::jobs) schedule: Option<Uuid>,
    pub(in crate::jobs) below: Option<Uuid>,
}

/// Jobs of a filter, newest first.
pub(in crate::jobs) async fn list(tx: &mut Tx, filter: &Filter<'_>, rows: i64) -> Result<Vec<JobRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(format!("select {COLUMNS} from shared_jobs as j where true"));
    if let Some(product) = filter.product {
        sql.push(" and j.product = ").push_bind(product.as_str());
    }
    if let Some(state) = filter.state {
        sql.push(" and j.state = ").push_bind(state.as_str());
    }
    if let Some(kind) = filter.kind {
        sql.push(" and j.kind = ").push_bind(kind);
    }
    if let Some(key) = filter.unique_key {
        sql.push(" and j.unique_key = ").push_bind(key);
    }
    if let Some(schedule) = filter.schedule {
        sql.push(" and j.schedule_id = ").push_bind(schedule);
    }
    if let Some(below) = filter.below {
        sql.push(" and j.id < ").push_bind(below);
    }
    sql.push(" order by j.id desc limit ").push_bind(rows);
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}

/// A job.
pub(in crate::jobs) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<JobRow>> {
    let sql = format!("select {COLUMNS} from shared_jobs as j where j.id = $1");
    Ok(query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// The attempts of a job that failed, oldest first.
pub(in crate::jobs) async fn attempts(tx: &mut Tx, id: Uuid) -> Result<Vec<JobAttempt>> {
    #[derive(FromRow)]
    struct Row {
        attempt: i32,
        worker: Option<String>,
        started_at: DateTime<Utc>,
        ended_at: DateTime<Utc>,
        outcome: String,
        error: String,
    }
    let rows: Vec<Row> = query_as(
        "select attempt, worker, started_at, ended_at, outcome, error from shared_job_attempts
         where job_id = $1 order by attempt limit $2",
    )
    .bind(id)
    .bind(ATTEMPTS_SHOWN)
    .fetch_all(tx.conn())
    .await?;
    let attempt = |row: Row| {
        Ok(JobAttempt {
            attempt: row.attempt.unsigned_abs(),
            worker: row.worker,
            started_at: row.started_at,
            ended_at: row.ended_at,
            outcome: row.outcome.parse().map_err(Problem::internal)?,
            error: row.error,
        })
    };
    rows.into_iter().map(attempt).collect()
}

/// Calls off a job that is not finished: at once while it waits, else its worker is told.
pub(in crate::jobs) async fn cancel(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<Option<JobRow>> {
    let sql = format!(
        "update shared_jobs as j
         set state = case when j.state = 'running' then j.state else 'cancelled' end,
            finished_at = case when j.state = 'running' then null else $2::timestamptz end,
            cancel_requested_at = coalesce(j.cancel_requested_at, $2)
         where j.id = $1 and j.state in ('scheduled', 'pending', 'running')
         returning {COLUMNS}"
    );
    Ok(query_as(AssertSqlSafe(sql)).bind(id).bind(now).fetch_optional(tx.conn()).await?)
}

/// Tells the worker that has the job, once this commits.
pub(in crate::jobs) async fn tell_cancelled(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query("select pg_notify('acd_jobs', $1)").bind(id.to_string()).execute(tx.conn()).await?;
    Ok(())
}

/// What another chance means: as many attempts as at first, from now on.
const AGAIN: &str = "state = 'pending', run_at = $2, attempts_before = j.attempt, cancel_requested_at = null,
    finished_at = null, result = null";

/// Gives a job that was given up or called off, or that waits for its time, another chance.
pub(in crate::jobs) async fn retry(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<Option<JobRow>> {
    let sql = format!(
        "update shared_jobs as j set {AGAIN}
         where j.id = $1 and j.state in ('scheduled', 'dead', 'cancelled') returning {COLUMNS}"
    );
    query_as(AssertSqlSafe(sql)).bind(id).bind(now).fetch_optional(tx.conn()).await.map_err(taken)
}

/// Which dead jobs get another chance.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct Chosen<'a> {
    pub(in crate::jobs) product: Option<&'a ProductSlug>,
    pub(in crate::jobs) kind: Option<&'a str>,
    pub(in crate::jobs) ids: Option<&'a [Uuid]>,
    pub(in crate::jobs) error_contains: Option<&'a str>,
    pub(in crate::jobs) most: i64,
}

/// Gives dead jobs another chance, oldest first. Of those that share a unique key it is the oldest, and none while another
/// job with the key waits or runs.
pub(in crate::jobs) async fn retry_many(tx: &mut Tx, chosen: &Chosen<'_>, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    let sql = format!(
        "with chosen as (
            select j.id from shared_jobs as j
            where j.state = 'dead' and ($3::text is null or j.product = $3) and ($4::text is null or j.kind = $4)
                and ($5::uuid[] is null or j.id = any($5)) and ($6::text is null or strpos(j.error, $6) > 0)
                and (j.unique_key is null or not exists (
                    select from shared_jobs as o
                    where o.owner = j.owner and o.kind = j.kind
                        and o.unique_key = j.unique_key and o.id <> j.id
                        and (o.state in ('scheduled', 'pending', 'running') or o.state = 'dead' and o.id < j.id)))
            order by j.id limit $1 for update skip locked)
         update shared_jobs as j set {AGAIN} from chosen as c where j.id = c.id returning j.id"
    );
    query_scalar(AssertSqlSafe(sql))
        .bind(chosen.most)
        .bind(now)
        .bind(chosen.product.map(ProductSlug::as_str))
        .bind(chosen.kind)
        .bind(chosen.ids)
        .bind(chosen.error_contains)
        .fetch_all(tx.conn())
        .await
        .map_err(taken)
}

fn taken(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|db| db.constraint()) {
        Some("shared_jobs_unique") => Problem::new(
            http::StatusCode::CONFLICT,
            "unique_key_taken",
            "another job with this unique key waits or runs; wait until it is finished, or cancel it",
        ),
        _ => error.into(),
    }
}
