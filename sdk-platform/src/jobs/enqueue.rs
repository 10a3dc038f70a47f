use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Job;
use crate::ProductSlug;
use crate::whole::whole_option;

/// A job to be put into the queue: the body of [`ENQUEUE`](super::ENQUEUE).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnqueueJob {
    /// The product it belongs to. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What is to be done: lower-case words of letters, digits and underscores, joined by dots, 100 characters at most. Those
    /// that begin with `acd.` are the platform's own.
    #[schemars(length(max = 100), regex(pattern = "^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*$"))]
    pub kind: String,
    /// What to do it with, at most 64 KiB of JSON.
    #[serde(default)]
    pub payload: Map<String, Value>,
    /// Among the waiting jobs of its product, higher ones come first: -100 to 100, 0 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -100, max = 100))]
    pub priority: Option<i16>,
    /// When it may start, at most a year from now; at once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// Attempts after which it is given up, 1 to 1,000; 10 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_attempts: Option<u32>,
    /// Milliseconds until the first repeat, doubled with each further one and shortened at random by up to half; 1 to
    /// 86,400,000 (a day), 1,000 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 86_400_000))]
    pub backoff_ms: Option<u32>,
    /// The most milliseconds between two attempts, 1 to 86,400,000 (a day); 3,600,000 (an hour) when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 86_400_000))]
    pub backoff_max_ms: Option<u32>,
    /// While a job of this kind with this key is not finished, another is not made: the one that is there is returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub unique_key: Option<String>,
    /// The limit of the product that it keeps to, which must exist; see [`SetJobLimit`](super::SetJobLimit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub limit_key: Option<String>,
}

impl EnqueueJob {
    /// A job of this kind with this payload, to be run at once.
    #[must_use]
    pub fn new(kind: impl Into<String>, payload: Map<String, Value>) -> Self {
        Self { kind: kind.into(), payload, ..Self::default() }
    }
}

/// What came of putting a job into the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnqueuedJob {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// Whether it is new; false when its unique key or the idempotency key found one that was there.
    pub is_new: bool,
}

/// The body of [`ENQUEUE_BATCH`](super::ENQUEUE_BATCH): all are put into the queue, or none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnqueueJobs {
    /// The jobs, 1 to 1,000, all of one product.
    #[schemars(length(min = 1, max = 1000))]
    pub jobs: Vec<EnqueueJob>,
}

/// The answer to [`ENQUEUE_BATCH`](super::ENQUEUE_BATCH).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnqueuedJobs {
    /// One for each that was asked for, in that order.
    pub jobs: Vec<EnqueuedJob>,
}
