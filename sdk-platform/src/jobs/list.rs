use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::JobState;
use crate::{JobId, ProductSlug};

/// The query of [`LIST`](super::LIST). Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListJobs {
    /// Most jobs in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only those that stand here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Only of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only those with this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_key: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The body of [`RETRY_MANY`](super::RETRY_MANY): dead jobs, those that all the given fields describe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryJobs {
    /// Only this product's; a product reaches its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Only of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub kind: Option<String>,
    /// Only these, 1,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub ids: Option<Vec<JobId>>,
    /// Only those whose last error contains this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub error_contains: Option<String>,
}

/// The answer to [`RETRY_MANY`](super::RETRY_MANY).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetriedJobs {
    /// How many wait again.
    pub retried: u64,
    /// Whether more are left that the fields describe: one call takes 1,000, oldest first.
    pub has_more: bool,
}
