//! What time does to jobs.

use chrono::{DateTime, Utc};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use super::settle::Hold;
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Jobs that are moved in one statement.
const AT_ONCE: i64 = 1_000;

/// Lets jobs wait for a worker whose time has come, and says how many.
pub(in crate::jobs) async fn promote(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64> {
    let done = query(
        "with due as (
            select id from shared_jobs where state = 'scheduled' and run_at <= $1
            order by run_at limit $2 for update skip locked)
         update shared_jobs as j set state = 'pending' from due where j.id = due.id",
    )
    .bind(now)
    .bind(AT_ONCE)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Jobs whose lease has ended, locked: whoever had them can no longer extend it.
pub(in crate::jobs) async fn lost(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<(Hold, Option<String>)>> {
    let rows: Vec<(Uuid, Uuid, Option<String>)> = query_as(
        "select id, lease_id, worker from shared_jobs where state = 'running' and lease_until <= $1
         order by lease_until limit $2 for update skip locked",
    )
    .bind(now)
    .bind(AT_ONCE)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(id, lease_id, worker)| (Hold { id, lease_id }, worker)).collect())
}

/// When time does the next thing to a job or schedule.
pub(in crate::jobs) async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    Ok(query_scalar(
        "select least(
            (select min(run_at) from shared_jobs where state = 'scheduled'),
            (select min(lease_until) from shared_jobs where state = 'running'),
            (select min(next_at) from shared_job_schedules where next_at is not null))",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Deletes finished jobs, at most so many, and says how many it were.
pub(in crate::jobs) async fn delete_finished(
    tx: &mut Tx,
    done_before: DateTime<Utc>,
    dead_before: DateTime<Utc>,
    most: i64,
) -> Result<u64> {
    let done = query(
        "with old as (
            select id from shared_jobs
            where finished_at < greatest($1, $2)
                and finished_at < case when state = 'dead' then $2 else $1 end
            order by finished_at limit $3 for update skip locked)
         delete from shared_jobs as j using old where j.id = old.id",
    )
    .bind(done_before)
    .bind(dead_before)
    .bind(most)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
