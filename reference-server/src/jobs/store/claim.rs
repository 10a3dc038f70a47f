//! Taking jobs that wait: each product in its turn, none beyond its limits. What that means is in `acd.claim_jobs`.

use std::cmp::Reverse;

use acd_platform::jobs::JobState;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, query_as};
use uuid::Uuid;

use super::settle::Hold;
use crate::kernel::call::Call;
use crate::kernel::db::{Db, Tx};
use crate::kernel::problem::Result;

/// Who claims what.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct Wanted<'a> {
    pub(in crate::jobs) kinds: &'a [String],
    /// Only this product's; of every product and the platform in turn when none is named.
    pub(in crate::jobs) product: Option<&'a str>,
    pub(in crate::jobs) most: i32,
    pub(in crate::jobs) worker: &'a str,
    pub(in crate::jobs) lease_id: Uuid,
    pub(in crate::jobs) lease_until: DateTime<Utc>,
    pub(in crate::jobs) now: DateTime<Utc>,
}

/// A job that was claimed.
#[derive(Clone, Debug)]
pub(in crate::jobs) struct Claimed {
    pub(in crate::jobs) id: Uuid,
    pub(in crate::jobs) product: Option<String>,
    pub(in crate::jobs) kind: String,
    pub(in crate::jobs) payload: Value,
    pub(in crate::jobs) attempt: i32,
    pub(in crate::jobs) run_at: DateTime<Utc>,
}

/// What a claim brought.
#[derive(Clone, Debug)]
pub(in crate::jobs) struct Catch {
    /// The jobs, first what comes first within a product.
    pub(in crate::jobs) jobs: Vec<Claimed>,
    /// Others wait that could not be had, and nothing will tell when they can: a limit holds them back, or another claim was
    /// just looking at them.
    pub(in crate::jobs) others_wait: bool,
    /// Jobs that were finished with it.
    pub(in crate::jobs) finished: usize,
}

#[derive(FromRow)]
struct Found {
    id: Option<Uuid>,
    product: Option<String>,
    kind: Option<String>,
    payload: Option<Value>,
    priority: Option<i16>,
    run_at: Option<DateTime<Utc>>,
    attempt: Option<i32>,
    others_wait: bool,
    state: Option<String>,
}

/// Claims in a transaction.
pub(in crate::jobs) async fn claim(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Catch> {
    let found = query_as("select * from acd.claim_jobs($1, $2, $3, $4, $5, $6, $7)")
        .bind(wanted.kinds)
        .bind(wanted.product)
        .bind(wanted.most)
        .bind(wanted.worker)
        .bind(wanted.lease_id)
        .bind(wanted.lease_until)
        .bind(wanted.now)
        .fetch_all(tx.conn())
        .await?;
    Ok(read(found))
}

/// Claims as the service, in one round trip, and in the same transaction finishes jobs that are done and gave nothing: a limit has
/// room again for what comes after them.
pub(in crate::jobs) async fn claim_as_service(db: &Db, wanted: &Wanted<'_>, done: &[Hold]) -> Result<Catch> {
    let mut call = Call::of("acd.claim_jobs")
        .names(wanted.kinds)
        .name(wanted.product)
        .integer(wanted.most)
        .name(Some(wanted.worker))
        .id(wanted.lease_id)
        .time(wanted.lease_until)
        .time(wanted.now);
    if !done.is_empty() {
        call = call.ids(done.iter().map(|hold| hold.id)).ids(done.iter().map(|hold| hold.lease_id));
    }
    Ok(read(db.call(&call, !done.is_empty()).await?))
}

fn read(found: Vec<Found>) -> Catch {
    let others_wait = found.iter().any(|row| row.others_wait);
    let is_running = |row: &Found| row.state.as_deref() == Some(JobState::Running.as_str());
    let (mut claimed, others): (Vec<Found>, Vec<Found>) = found.into_iter().partition(is_running);
    claimed.sort_unstable_by_key(|row| (Reverse(row.priority), row.run_at, row.id));
    let job = |row: Found| {
        Some(Claimed {
            id: row.id?,
            product: row.product,
            kind: row.kind?,
            payload: row.payload?,
            attempt: row.attempt?,
            run_at: row.run_at?,
        })
    };
    Catch {
        jobs: claimed.into_iter().filter_map(job).collect(),
        others_wait,
        finished: others.iter().filter(|row| row.id.is_some()).count(),
    }
}
