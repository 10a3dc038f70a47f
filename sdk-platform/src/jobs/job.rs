use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::named::named;
use crate::{JobId, JobScheduleId, ProductSlug};

named! {
    /// Where a job stands.
    JobState {
        /// Waits for its time: a first run that was put off, or a repeat after a failure.
        Scheduled = "scheduled",
        /// Waits for a worker.
        Pending = "pending",
        /// A worker has it.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Given up: the last attempt failed, or one failed for good. Kept until someone looks at it.
        Dead = "dead",
        /// Called off.
        Cancelled = "cancelled",
    }
}

named! {
    /// How an attempt ended that did not do the job.
    AttemptOutcome {
        /// The worker said why.
        Failed = "failed",
        /// It took longer than its kind may.
        TimedOut = "timed_out",
        /// The worker was not heard of before its lease ended.
        Lost = "lost",
        /// It stopped because the job was called off.
        Cancelled = "cancelled",
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// Its id, the same in each attempt: what the work can be made harmless to repeat by.
    pub id: JobId,
    /// The product it belongs to; null for the platform's own.
    pub product: Option<ProductSlug>,
    /// What is to be done.
    pub kind: String,
    /// What to do it with.
    pub payload: Value,
    /// Where it stands.
    pub state: JobState,
    /// Among the waiting jobs of its product, higher ones come first.
    pub priority: i16,
    /// When it may start, or might have.
    pub run_at: DateTime<Utc>,
    /// Attempts begun so far.
    pub attempt: u32,
    /// Attempts after which it is given up, counted from the last retry by hand.
    pub max_attempts: u32,
    /// While it is not finished, its product has no other job of this kind with this key.
    pub unique_key: Option<String>,
    /// The limit that it keeps to.
    pub limit_key: Option<String>,
    /// The schedule that made it.
    pub schedule_id: Option<JobScheduleId>,
    /// The time of the schedule that it stands for.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// Who has it, or had it last.
    pub worker: Option<String>,
    /// When the lease ends; null unless it runs.
    pub lease_until: Option<DateTime<Utc>>,
    /// How far it is, in percent, as its worker said last.
    pub progress: Option<u8>,
    /// What its worker said to that.
    pub progress_note: Option<String>,
    /// What came of it.
    pub result: Option<Value>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was called off; a running one ends when its worker heeds that.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// When the last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it succeeded, was given up or was called off.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was put into the queue.
    pub created_at: DateTime<Utc>,
}

/// An attempt that did not do the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobAttempt {
    /// Its number, from 1.
    pub attempt: u32,
    /// Who made it.
    pub worker: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it failed, or was found lost.
    pub ended_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why.
    pub error: String,
}

/// A job with the attempts that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobDetails {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// The attempts that failed, oldest first, 1,000 at most. The one that runs or succeeded is the job itself.
    pub attempts: Vec<JobAttempt>,
}
