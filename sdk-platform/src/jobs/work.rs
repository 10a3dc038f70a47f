use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JobState;
use crate::named::named;
use crate::whole::whole_option;
use crate::{JobId, JobLeaseId, ProductSlug};

/// The body of [`CLAIM`](super::CLAIM).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimJobs {
    /// The kinds that the worker does, 1 to 100.
    #[schemars(length(min = 1, max = 100))]
    pub kinds: Vec<String>,
    /// The product whose jobs it does. A product's own key may leave it out; an administrator names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Most jobs, 1 to 500; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u16>,
    /// Seconds until the lease ends unless a heartbeat extends it, 1 to 3,600; 30 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub lease_seconds: Option<u16>,
    /// Seconds to wait for a job while there is none, 0 to 20; 0 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 20))]
    pub wait_seconds: Option<u16>,
    /// Who the worker is, for whoever looks at the job: 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub worker: String,
}

/// A job that the worker now holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimedJob {
    /// The job.
    pub id: JobId,
    /// What it is held by: to be given with whatever is said of it.
    pub lease_id: JobLeaseId,
    /// When the lease ends.
    pub lease_until: DateTime<Utc>,
    /// The product it belongs to; null for the platform's own.
    pub product: Option<ProductSlug>,
    /// What is to be done.
    pub kind: String,
    /// What to do it with.
    pub payload: Value,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When it might have started.
    pub run_at: DateTime<Utc>,
}

/// The answer to [`CLAIM`](super::CLAIM).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimedJobs {
    /// The jobs, none when none waits.
    pub jobs: Vec<ClaimedJob>,
}

/// A job that is held, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldJob {
    /// The job.
    pub id: JobId,
    /// What it is held by.
    pub lease_id: JobLeaseId,
    /// How far it is, in percent; as before when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 0, max = 100))]
    pub progress: Option<u8>,
    /// A word to that; as before when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub progress_note: Option<String>,
}

/// The body of [`HEARTBEAT`](super::HEARTBEAT).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatJobs {
    /// The jobs that are held, 1 to 1,000.
    #[schemars(length(min = 1, max = 1000))]
    pub jobs: Vec<HeldJob>,
    /// Seconds from now until the leases end, 1 to 3,600; 30 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub lease_seconds: Option<u16>,
}

named! {
    /// Whether a lease holds.
    LeaseStanding {
        /// It does.
        Held = "held",
        /// It does, and the job was called off: stop, and say so with [`FAIL`](super::FAIL).
        CancelRequested = "cancel_requested",
        /// It does not: it ended, or the job is finished. Stop; what the worker says of the job counts no more.
        Lost = "lost",
    }
}

/// What is known of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedJob {
    /// The job.
    pub id: JobId,
    /// Whether the lease holds, or held until now.
    pub lease: LeaseStanding,
    /// Where the job stands now; null when the lease is lost.
    pub state: Option<JobState>,
}

/// The answer to whatever a worker says of its jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leases {
    /// One for each that was asked about, in that order.
    pub jobs: Vec<ReportedJob>,
}

/// A job that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletedJob {
    /// The job.
    pub id: JobId,
    /// What it is held by.
    pub lease_id: JobLeaseId,
    /// What came of it, at most 64 KiB of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// The body of [`COMPLETE`](super::COMPLETE).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteJobs {
    /// The jobs, 1 to 1,000.
    #[schemars(length(min = 1, max = 1000))]
    pub jobs: Vec<CompletedJob>,
}

/// A job that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedJob {
    /// The job.
    pub id: JobId,
    /// What it is held by.
    pub lease_id: JobLeaseId,
    /// Why, in at most 4,000 characters; what is longer is cut.
    pub error: String,
    /// Milliseconds until the next attempt, at most 31,536,000,000 (a year); as the job's backoff says when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 0, max = 31_536_000_000_u64))]
    pub retry_after_ms: Option<u64>,
    /// Whether there is no use in another attempt: the job is given up at once.
    #[serde(default)]
    pub is_permanent: bool,
    /// Whether it stopped because the job was called off.
    #[serde(default)]
    pub is_cancelled: bool,
}

/// The body of [`FAIL`](super::FAIL).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailJobs {
    /// The jobs, 1 to 1,000.
    #[schemars(length(min = 1, max = 1000))]
    pub jobs: Vec<FailedJob>,
}

/// A job that goes back to the queue undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleasedJob {
    /// The job.
    pub id: JobId,
    /// What it is held by.
    pub lease_id: JobLeaseId,
}

/// The body of [`RELEASE`](super::RELEASE): the attempts do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseJobs {
    /// The jobs, 1 to 1,000.
    #[schemars(length(min = 1, max = 1000))]
    pub jobs: Vec<ReleasedJob>,
}
