//! Jobs: work that is kept until it is done. Any product puts jobs into the queue, and works its own with a few calls.
//!
//! A job has a kind, such as `email.send`, and each kind of a product is a queue. Whoever claims a job holds it for the length
//! of a lease and says how it ended before the lease does; a lease that ends unheard gives the job to someone else. So a job
//! may be run more than once, and what it does should be harmless to repeat: its id is the same each time.

mod client;
mod enqueue;
mod job;
mod limit;
mod list;
mod queue;
mod schedule;
mod work;

use acd_core::Operation;
use http::Method;

pub use client::JobsClient;
pub use enqueue::{EnqueueJob, EnqueueJobs, EnqueuedJob, EnqueuedJobs};
pub use job::{AttemptOutcome, Job, JobAttempt, JobDetails, JobState};
pub use limit::{JobLimit, JobLimits, SetJobLimit};
pub use list::{ListJobs, RetriedJobs, RetryJobs};
pub use queue::{JobQueue, JobQueues, ListJobQueues};
pub use schedule::{CreateJobSchedule, JobSchedule, ListJobSchedules, ListScheduleRuns, UpdateJobSchedule};
pub use work::{
    ClaimJobs, ClaimedJob, ClaimedJobs, CompleteJobs, CompletedJob, FailJobs, FailedJob, HeartbeatJobs, HeldJob,
    LeaseStanding, Leases, ReleaseJobs, ReleasedJob, ReportedJob,
};

/// `GET /v1/jobs`
pub const LIST: Operation = Operation::new("platform.jobs.list", Method::GET, "/v1/jobs").safe();
/// `POST /v1/jobs`
pub const ENQUEUE: Operation = Operation::new("platform.jobs.enqueue", Method::POST, "/v1/jobs").keyed();
/// `POST /v1/jobs/batch`
pub const ENQUEUE_BATCH: Operation =
    Operation::new("platform.jobs.enqueue_batch", Method::POST, "/v1/jobs/batch").keyed();
/// `GET /v1/jobs/{id}`
pub const GET: Operation = Operation::new("platform.jobs.get", Method::GET, "/v1/jobs/{id}").safe();
/// `POST /v1/jobs/{id}/cancel`. A second one changes nothing.
pub const CANCEL: Operation = Operation::new("platform.jobs.cancel", Method::POST, "/v1/jobs/{id}/cancel").idempotent();
/// `POST /v1/jobs/{id}/retry`. A job that waits already stays as it is.
pub const RETRY: Operation = Operation::new("platform.jobs.retry", Method::POST, "/v1/jobs/{id}/retry").idempotent();
/// `POST /v1/jobs/retry`. Jobs that wait already stay as they are.
pub const RETRY_MANY: Operation =
    Operation::new("platform.jobs.retry_many", Method::POST, "/v1/jobs/retry").idempotent();
/// `GET /v1/jobs/queues`
pub const QUEUES: Operation = Operation::new("platform.jobs.queues", Method::GET, "/v1/jobs/queues").safe();
/// `POST /v1/jobs/claim`. A repeat claims other jobs; those of a lost answer come back when their lease ends.
pub const CLAIM: Operation = Operation::new("platform.jobs.claim", Method::POST, "/v1/jobs/claim").idempotent();
/// `POST /v1/jobs/heartbeat`
pub const HEARTBEAT: Operation =
    Operation::new("platform.jobs.heartbeat", Method::POST, "/v1/jobs/heartbeat").idempotent();
/// `POST /v1/jobs/complete`. The lease makes a repeat harmless.
pub const COMPLETE: Operation =
    Operation::new("platform.jobs.complete", Method::POST, "/v1/jobs/complete").idempotent();
/// `POST /v1/jobs/fail`. The lease makes a repeat harmless.
pub const FAIL: Operation = Operation::new("platform.jobs.fail", Method::POST, "/v1/jobs/fail").idempotent();
/// `POST /v1/jobs/release`. The lease makes a repeat harmless.
pub const RELEASE: Operation = Operation::new("platform.jobs.release", Method::POST, "/v1/jobs/release").idempotent();
/// `GET /v1/jobs/limits`
pub const LIST_LIMITS: Operation = Operation::new("platform.jobs.list_limits", Method::GET, "/v1/jobs/limits").safe();
/// `PUT /v1/jobs/limits`
pub const SET_LIMIT: Operation = Operation::new("platform.jobs.set_limit", Method::PUT, "/v1/jobs/limits").idempotent();
/// `DELETE /v1/jobs/limits/{id}`
pub const DELETE_LIMIT: Operation =
    Operation::new("platform.jobs.delete_limit", Method::DELETE, "/v1/jobs/limits/{id}").idempotent();
/// `GET /v1/jobs/schedules`
pub const LIST_SCHEDULES: Operation =
    Operation::new("platform.jobs.list_schedules", Method::GET, "/v1/jobs/schedules").safe();
/// `POST /v1/jobs/schedules`. The name makes a repeat harmless.
pub const CREATE_SCHEDULE: Operation =
    Operation::new("platform.jobs.create_schedule", Method::POST, "/v1/jobs/schedules").idempotent();
/// `GET /v1/jobs/schedules/{id}`
pub const GET_SCHEDULE: Operation =
    Operation::new("platform.jobs.get_schedule", Method::GET, "/v1/jobs/schedules/{id}").safe();
/// `PATCH /v1/jobs/schedules/{id}`
pub const UPDATE_SCHEDULE: Operation =
    Operation::new("platform.jobs.update_schedule", Method::PATCH, "/v1/jobs/schedules/{id}").idempotent();
/// `DELETE /v1/jobs/schedules/{id}`
pub const DELETE_SCHEDULE: Operation =
    Operation::new("platform.jobs.delete_schedule", Method::DELETE, "/v1/jobs/schedules/{id}").idempotent();
/// `GET /v1/jobs/schedules/{id}/runs`
pub const SCHEDULE_RUNS: Operation =
    Operation::new("platform.jobs.schedule_runs", Method::GET, "/v1/jobs/schedules/{id}/runs").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[
    CANCEL,
    CLAIM,
    COMPLETE,
    CREATE_SCHEDULE,
    DELETE_LIMIT,
    DELETE_SCHEDULE,
    ENQUEUE,
    ENQUEUE_BATCH,
    FAIL,
    GET,
    GET_SCHEDULE,
    HEARTBEAT,
    LIST,
    LIST_LIMITS,
    LIST_SCHEDULES,
    QUEUES,
    RELEASE,
    RETRY,
    RETRY_MANY,
    SCHEDULE_RUNS,
    SET_LIMIT,
    UPDATE_SCHEDULE,
];
