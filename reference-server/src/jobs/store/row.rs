use acd_platform::jobs::Job;
use acd_platform::{JobId, JobScheduleId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::problem::{Problem, Result};

/// The columns of [`JobRow`], of the table as `j`.
pub(in crate::jobs) const COLUMNS: &str = "j.id, j.product, j.kind, j.payload, j.state, j.priority, j.run_at, j.attempt, j.max_attempts,
    j.unique_key, j.limit_key, j.schedule_id, j.scheduled_for, j.worker, j.lease_until, j.progress, j.progress_note, j.result,
    j.error, j.cancel_requested_at, j.started_at, j.finished_at, j.created_at";

/// A job as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(in crate::jobs) struct JobRow {
    pub(in crate::jobs) id: Uuid,
    pub(in crate::jobs) product: Option<String>,
    pub(in crate::jobs) kind: String,
    pub(in crate::jobs) payload: Value,
    pub(in crate::jobs) state: String,
    priority: i16,
    run_at: DateTime<Utc>,
    attempt: i32,
    max_attempts: i32,
    unique_key: Option<String>,
    limit_key: Option<String>,
    schedule_id: Option<Uuid>,
    scheduled_for: Option<DateTime<Utc>>,
    worker: Option<String>,
    lease_until: Option<DateTime<Utc>>,
    progress: Option<i16>,
    progress_note: Option<String>,
    result: Option<Value>,
    error: Option<String>,
    cancel_requested_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TryFrom<JobRow> for Job {
    type Error = Problem;

    fn try_from(row: JobRow) -> Result<Self> {
        Ok(Self {
            id: JobId::from(row.id),
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            kind: row.kind,
            payload: row.payload,
            state: row.state.parse().map_err(Problem::internal)?,
            priority: row.priority,
            run_at: row.run_at,
            attempt: row.attempt.unsigned_abs(),
            max_attempts: row.max_attempts.unsigned_abs(),
            unique_key: row.unique_key,
            limit_key: row.limit_key,
            schedule_id: row.schedule_id.map(JobScheduleId::from),
            scheduled_for: row.scheduled_for,
            worker: row.worker,
            lease_until: row.lease_until,
            progress: row.progress.and_then(|percent| u8::try_from(percent).ok()),
            progress_note: row.progress_note,
            result: row.result,
            error: row.error,
            cancel_requested_at: row.cancel_requested_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            created_at: row.created_at,
        })
    }
}
