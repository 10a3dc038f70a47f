use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ProductSlug;

/// The query of [`QUEUES`](super::QUEUES).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListJobQueues {
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// A product's jobs of one kind, counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobQueue {
    /// The product; null for the platform's own.
    pub product: Option<ProductSlug>,
    /// The kind.
    pub kind: String,
    /// Jobs that wait for a worker: the depth.
    pub pending: u64,
    /// Jobs that wait for their time.
    pub scheduled: u64,
    /// Jobs that a worker has.
    pub running: u64,
    /// Jobs that were given up and are kept.
    pub dead: u64,
    /// Seconds that the longest waiting job has been waiting; 0 when none waits.
    pub oldest_wait_seconds: f64,
    /// Jobs that succeeded in the last minute.
    pub succeeded_last_minute: u64,
    /// Mean seconds from when those might have started to when they did; 0 when there were none.
    pub mean_wait_seconds: f64,
}

/// The answer to [`QUEUES`](super::QUEUES).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobQueues {
    /// The queues that have jobs, or had some in the last minute, by product and kind; 1,000 at most.
    pub queues: Vec<JobQueue>,
}
