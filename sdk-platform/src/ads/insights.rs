//! Reports on what ads did.

use acd_core::{Client, Operation};
use acd_meta::insights::{DatePreset, InsightsRow, Level};
use chrono::NaiveDate;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Page, PlatformCall};

/// `GET /v1/ads/insights`
pub const GET: Operation = Operation::new("platform.ads_insights.get", Method::GET, "/v1/ads/insights").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[GET];

/// The query of [`GET`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetInsights {
    /// The campaign, ad set or ad, one of the product's.
    pub id: String,
    /// For what a row stands, such as `ad`; the object itself when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Days by name, such as `last_7d`; the last 30 when neither these nor `since` and `until` are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_preset: Option<DatePreset>,
    /// The first day, in the ad account's time zone; together with `until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Most rows in one page, 1 to 500; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u16>,
    /// From the page before. Meta forgets it after a while: do not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl GetInsights {
    /// The last 30 days of this campaign, ad set or ad.
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), level: None, date_preset: None, since: None, until: None, limit: None, cursor: None }
    }
}

/// Reports on what ads did.
#[derive(Clone, Copy, Debug)]
pub struct HubInsightsClient<'c> {
    http: &'c Client,
}

impl<'c> HubInsightsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// One page of a report.
    pub fn get(&self, query: &GetInsights) -> PlatformCall<'c, Page<InsightsRow>> {
        PlatformCall::json(self.http, &GET).query(query)
    }
}
