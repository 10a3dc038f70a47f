use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::whole::whole_option;
use crate::{JobScheduleId, ProductSlug};

/// Makes a job at certain times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobSchedule {
    /// Its id.
    pub id: JobScheduleId,
    /// The product it belongs to; null for the platform's own.
    pub product: Option<ProductSlug>,
    /// What its owner calls it, unique in the product.
    pub name: String,
    /// The kind of the jobs.
    pub kind: String,
    /// Their payload.
    pub payload: Value,
    /// The times: minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// The IANA time zone that the times are in.
    pub time_zone: String,
    /// The jobs' priority.
    pub priority: i16,
    /// The jobs' attempts.
    pub max_attempts: u32,
    /// Whether it makes jobs.
    pub is_enabled: bool,
    /// When it makes the next; null while it is disabled, or when the times never come.
    pub next_at: Option<DateTime<Utc>>,
    /// The time for which it made the last.
    pub last_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The body of [`CREATE_SCHEDULE`](super::CREATE_SCHEDULE).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateJobSchedule {
    /// The product it belongs to. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What to call it, unique in the product.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// The kind of the jobs, as in [`EnqueueJob`](super::EnqueueJob).
    #[schemars(length(max = 100), regex(pattern = "^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*$"))]
    pub kind: String,
    /// Their payload, at most 64 KiB of JSON.
    #[serde(default)]
    pub payload: Map<String, Value>,
    /// The times, as cron has them: minute, hour, day of the month, month and day of the week, or `@hourly`, `@daily`,
    /// `@weekly`, `@monthly`, `@yearly`.
    #[schemars(length(min = 1, max = 200))]
    pub cron: String,
    /// The IANA time zone that the times are in, such as `Europe/Berlin`; `UTC` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub time_zone: Option<String>,
    /// The jobs' priority, -100 to 100; 0 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -100, max = 100))]
    pub priority: Option<i16>,
    /// The jobs' attempts, 1 to 1,000; 10 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_attempts: Option<u32>,
}

/// The body of [`UPDATE_SCHEDULE`](super::UPDATE_SCHEDULE): what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateJobSchedule {
    /// The new payload of the jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
    /// The new times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub cron: Option<String>,
    /// The new time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub time_zone: Option<String>,
    /// The jobs' new priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -100, max = 100))]
    pub priority: Option<i16>,
    /// The jobs' new attempts.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_attempts: Option<u32>,
    /// Whether it makes jobs. Times that pass while it does not are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
}

/// The query of [`LIST_SCHEDULES`](super::LIST_SCHEDULES). Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListJobSchedules {
    /// Most schedules in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The query of [`SCHEDULE_RUNS`](super::SCHEDULE_RUNS). Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListScheduleRuns {
    /// Most jobs in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
}
