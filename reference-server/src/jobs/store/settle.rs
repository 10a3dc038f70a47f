//! What workers say of the jobs that they hold. A lease that is not the job's own changes nothing.
//!
//! A job has a lease while it runs and at no other time. Its state is not asked for besides: the planner would then look through all
//! that run, which it believes to be few, instead of looking up each.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::{FromRow, query_as};
use uuid::Uuid;

use crate::kernel::call::Call;
use crate::kernel::db::{Db, Tx};
use crate::kernel::problem::Result;

/// A job and what it is held by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jobs) struct Hold {
    pub(in crate::jobs) id: Uuid,
    pub(in crate::jobs) lease_id: Uuid,
}

/// Where a job stands after what was said of it.
#[derive(Clone, Debug, FromRow)]
pub(in crate::jobs) struct Standing {
    pub(in crate::jobs) id: Uuid,
    pub(in crate::jobs) product: Option<String>,
    pub(in crate::jobs) kind: String,
    pub(in crate::jobs) state: String,
    pub(in crate::jobs) attempt: i32,
    pub(in crate::jobs) is_cancel_requested: bool,
}

fn ids(holds: &[Hold]) -> Vec<Uuid> {
    holds.iter().map(|hold| hold.id).collect()
}

fn leases(holds: &[Hold]) -> Vec<Uuid> {
    holds.iter().map(|hold| hold.lease_id).collect()
}

/// Extends leases, and keeps how far the jobs are. Tells of those that are held.
pub(in crate::jobs) async fn heartbeat(
    tx: &mut Tx,
    holds: &[Hold],
    progress: &[(Option<i16>, Option<String>)],
    until: DateTime<Utc>,
) -> Result<Vec<Standing>> {
    let said = holds.iter().zip(progress).filter(|(_, (percent, note))| percent.is_some() || note.is_some());
    let said: Map<String, Value> = said
        .map(|(hold, (percent, note))| (hold.id.to_string(), json!({ "progress": percent, "note": note })))
        .collect();
    Ok(query_as("select * from acd.extend_jobs($1, $2, $3, $4)")
        .bind(ids(holds))
        .bind(leases(holds))
        .bind(Value::Object(said))
        .bind(until)
        .fetch_all(tx.conn())
        .await?)
}

/// Finishes jobs that are done.
pub(in crate::jobs) async fn complete(
    tx: &mut Tx,
    holds: &[Hold],
    results: &[Option<Value>],
    now: DateTime<Utc>,
) -> Result<Vec<Standing>> {
    let by_id = |(hold, result): (&Hold, &Option<Value>)| Some((hold.id.to_string(), result.clone()?));
    let results: Map<String, Value> = holds.iter().zip(results).filter_map(by_id).collect();
    Ok(query_as("select * from acd.complete_jobs($1, $2, $3, $4)")
        .bind(ids(holds))
        .bind(leases(holds))
        .bind((!results.is_empty()).then_some(Value::Object(results)))
        .bind(now)
        .fetch_all(tx.conn())
        .await?)
}

/// Finishes jobs that are done and gave nothing, as the service, in one round trip.
pub(in crate::jobs) async fn complete_as_service(db: &Db, holds: &[Hold], now: DateTime<Utc>) -> Result<Vec<Standing>> {
    let (ids, leases) = (holds.iter().map(|hold| hold.id), holds.iter().map(|hold| hold.lease_id));
    let call = Call::of("acd.complete_jobs").ids(ids).ids(leases).null().time(now);
    db.call(&call, true).await
}

/// An attempt that did not do the job.
#[derive(Clone, Debug)]
pub(in crate::jobs) struct Failure {
    pub(in crate::jobs) hold: Hold,
    /// A name of [`AttemptOutcome`](acd_platform::jobs::AttemptOutcome).
    pub(in crate::jobs) outcome: &'static str,
    pub(in crate::jobs) error: String,
    /// Milliseconds until the next attempt; as the job's backoff says when there are none.
    pub(in crate::jobs) retry_after_ms: Option<i64>,
    pub(in crate::jobs) is_permanent: bool,
}

/// Keeps the attempts, and puts the jobs back until their next one, or gives them up.
pub(in crate::jobs) async fn fail(tx: &mut Tx, failures: &[Failure], now: DateTime<Utc>) -> Result<Vec<Standing>> {
    macro_rules! column {
        (|$failure:ident| $value:expr) => {
            failures.iter().map(|$failure| $value).collect::<Vec<_>>()
        };
    }
    Ok(query_as(
        "with held as (
            select j.id, j.product, j.worker, j.started_at, j.attempt, h.outcome, h.error,
                case
                    when h.outcome = 'cancelled' or j.cancel_requested_at is not null then 'cancelled'
                    when h.is_permanent or j.attempt - j.attempts_before >= j.max_attempts then 'dead'
                    else 'again'
                end as fate,
                coalesce(h.retry_after_ms, least(j.backoff_max_ms::float8,
                    j.backoff_ms * 2.0 ^ least(j.attempt - j.attempts_before - 1, 30)) * (0.5 + random() / 2)) as delay
            from unnest($1::uuid[], $2::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bool[])
                as h (id, lease_id, outcome, error, retry_after_ms, is_permanent)
            cross join lateral (select o.* from shared_jobs as o where o.id = h.id and o.lease_id = h.lease_id for update) as j
        ),
        history as (
            insert into shared_job_attempts (job_id, attempt, product, worker, started_at, ended_at, outcome, error)
            select id, attempt, product, worker, started_at, $3, outcome, error from held
        )
        update shared_jobs as j
        set state = case when h.fate <> 'again' then h.fate when h.delay > 0 then 'scheduled' else 'pending' end,
            run_at = case when h.fate = 'again' and h.delay > 0 then $3 + make_interval(secs => h.delay / 1000) else j.run_at end,
            finished_at = case when h.fate <> 'again' then $3 end,
            error = h.error, lease_id = null, lease_until = null
        from held as h where j.id = h.id
        returning j.id, j.product, j.kind, j.state, j.attempt, j.cancel_requested_at is not null as is_cancel_requested",
    )
    .bind(column!(|failure| failure.hold.id))
    .bind(column!(|failure| failure.hold.lease_id))
    .bind(now)
    .bind(column!(|failure| failure.outcome))
    .bind(column!(|failure| failure.error.as_str()))
    .bind(column!(|failure| failure.retry_after_ms))
    .bind(column!(|failure| failure.is_permanent))
    .fetch_all(tx.conn())
    .await?)
}

/// Puts jobs back undone. The attempt does not count: nothing is said against the job.
pub(in crate::jobs) async fn release(tx: &mut Tx, holds: &[Hold], now: DateTime<Utc>) -> Result<Vec<Standing>> {
    Ok(query_as(
        "update shared_jobs as j
         set state = case when j.cancel_requested_at is null then 'pending' else 'cancelled' end,
            finished_at = case when j.cancel_requested_at is not null then $3 end,
            attempt = j.attempt - 1, lease_id = null, lease_until = null, started_at = null
         from unnest($1::uuid[], $2::uuid[]) as h (id, lease_id)
         where j.id = h.id and j.lease_id = h.lease_id
         returning j.id, j.product, j.kind, j.state, j.attempt, j.cancel_requested_at is not null as is_cancel_requested",
    )
    .bind(ids(holds))
    .bind(leases(holds))
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Wakes whoever waits for jobs, once this commits.
pub(in crate::jobs) async fn wake(tx: &mut Tx) -> Result<()> {
    sqlx::query("select pg_notify('acd_jobs', '')").execute(tx.conn()).await?;
    Ok(())
}
