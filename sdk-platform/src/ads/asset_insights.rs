//! What a product's images and videos did in ads: the figures of all ads that show them.

use acd_core::{Client, Operation};
use chrono::{DateTime, NaiveDate, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::daily::AdFigures;
use crate::{AssetId, PlatformCall, ProductSlug};

/// `GET /v1/ads/insights/assets`
pub const LIST: Operation =
    Operation::new("platform.ads_asset_insights.list", Method::GET, "/v1/ads/insights/assets").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST];

/// How the cursor of the list looks.
const CURSOR: &str = "^ast_[0-9a-f]{32}[.][A-Z]{3}$";

/// The query of [`LIST`]. By asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAssetInsights {
    /// Only this asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// The product whose ads are meant. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The first day, in the ad account's time zone; 27 days before `until` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    /// The last day, at most 366 days after `since`; today (UTC) when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Meta's type of the action that counts as a conversion, such as `lead`; `offsite_conversion.fb_pixel_purchase` when
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_.:]{1,100}$"))]
    pub conversion: Option<String>,
    /// Most rows in one page, 1 to 1,000; 200 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = CURSOR))]
    pub cursor: Option<String>,
}

/// A page of what assets did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssetInsights {
    /// The rows. An asset that no ad showed in that time has none.
    pub data: Vec<AssetInsight>,
    /// Give it back as `cursor` for the next page; null on the last page.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// When the figures of the last three days were asked of Meta, of several ad accounts the longest ago; null where there
    /// is none.
    pub as_of: Option<DateTime<Utc>>,
}

/// What an asset did over the period, in all ads that show it together. An ad that shows several counts for each of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssetInsight {
    /// The asset. It has a row for each currency in which it was advertised.
    pub asset_id: AssetId,
    /// How many ads showed it.
    pub ads: u64,
    /// Their figures together.
    #[serde(flatten)]
    pub figures: AdFigures,
}

/// What assets did in ads.
#[derive(Clone, Copy, Debug)]
pub struct AssetInsightsClient<'c> {
    http: &'c Client,
}

impl<'c> AssetInsightsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// One page of what assets did.
    pub fn list(&self, query: &ListAssetInsights) -> PlatformCall<'c, AssetInsights> {
        PlatformCall::json(self.http, &LIST).query(query)
    }
}
