use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::whole::whole_option;
use crate::{JobLimitId, ProductSlug};

/// A limit that jobs with its key keep to, over all workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobLimit {
    /// Its id.
    pub id: JobLimitId,
    /// The product it belongs to; null for the platform's own.
    pub product: Option<ProductSlug>,
    /// What jobs name it by.
    pub key: String,
    /// Most jobs that run at a time; null for any number.
    pub max_running: Option<u32>,
    /// Most jobs that start in a period, on average; null for any number.
    pub rate_count: Option<u32>,
    /// The period, in milliseconds.
    pub rate_period_ms: Option<u32>,
    /// Most jobs that start at once after a pause.
    pub burst: Option<u32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The body of [`SET_LIMIT`](super::SET_LIMIT): makes the limit with this key, or changes it. At least one of `max_running`
/// and `rate_count` is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetJobLimit {
    /// The product it belongs to. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What jobs name it by.
    #[schemars(length(min = 1, max = 200))]
    pub key: String,
    /// Most jobs that run at a time, 1 to 100,000; any number when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_running: Option<u32>,
    /// Most jobs that start in a period, 1 to 1,000,000; any number when left out. No stretch of time sees more starts than
    /// `burst` and its share of this.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rate_count: Option<u32>,
    /// The period, 100 to 86,400,000 milliseconds (a day); 1,000 (a second) when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 100, max = 86_400_000))]
    pub rate_period_ms: Option<u32>,
    /// Most jobs that start at once after a pause, 1 to `rate_count`; 1, which spreads them evenly, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
}

/// The answer to [`LIST_LIMITS`](super::LIST_LIMITS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobLimits {
    /// The limits by product and key, 1,000 at most.
    pub limits: Vec<JobLimit>,
}
