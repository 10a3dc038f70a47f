//! What ads did, day by day: kept by the server, refreshed from Meta every 15 minutes while somebody asks, else hourly.

use acd_core::{Client, Operation};
use acd_meta::{AdAccountId, AdId, AdSetId, CampaignId};
use chrono::{DateTime, NaiveDate, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::{PlatformCall, ProductSlug};

/// `GET /v1/ads/insights/daily`
pub const LIST: Operation =
    Operation::new("platform.ads_insights_daily.list", Method::GET, "/v1/ads/insights/daily").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST];

/// How the cursor of the list looks.
const CURSOR: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[.]act_[0-9]{1,20}[.][0-9]{0,25}$";

named!(
    /// What a row of the daily figures stands for.
    DailyLevel {
        /// All campaigns of the product in an ad account.
        Product = "product",
        /// A campaign.
        Campaign = "campaign",
        /// An ad set.
        AdSet = "ad_set",
        /// An ad.
        Ad = "ad",
        /// The whole ad account, with what other products and people did in it: for administrators.
        Account = "account",
    }
);

/// The query of [`LIST`]. By day, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDailyInsights {
    /// What a row stands for; `product` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<DailyLevel>,
    /// Only this ad account, as `act_17`; all that the product may use when left out. The level `account` needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AdAccountId>,
    /// The product whose ads are meant. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Only this campaign and what is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The first day, in the ad account's time zone; six days before `until` when left out.
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

/// A page of daily figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DailyInsights {
    /// The rows. A day on which nothing was shown has none.
    pub data: Vec<DailyInsight>,
    /// Give it back as `cursor` for the next page; null on the last page.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// When the figures of the last three days were asked of Meta, of several ad accounts the longest ago; null where there
    /// is none. Meta goes on correcting a day for 28 days: days before are asked for once a day.
    pub as_of: Option<DateTime<Utc>>,
}

/// What ads did on one day. Money is in minor units by ISO 4217.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DailyInsight {
    /// The day, in the ad account's time zone.
    pub day: NaiveDate,
    /// The ad account.
    pub account: AdAccountId,
    /// The product; null for what nobody made through the server.
    pub product: Option<ProductSlug>,
    /// The campaign; null for levels above.
    pub campaign_id: Option<CampaignId>,
    /// The ad set; null for levels above.
    pub ad_set_id: Option<AdSetId>,
    /// The ad; null for levels above.
    pub ad_id: Option<AdId>,
    /// The figures.
    #[serde(flatten)]
    pub figures: AdFigures,
}

/// Figures of some ads over some time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdFigures {
    /// The currency of the ad account.
    pub currency: String,
    /// What was spent.
    pub spend_minor: i64,
    /// How often ads were shown.
    pub impressions: u64,
    /// Clicks of any kind.
    pub clicks: u64,
    /// Clicks on links.
    pub link_clicks: u64,
    /// How often the action was done that counts as a conversion.
    pub conversions: u64,
    /// What those conversions were worth.
    pub conversion_value_minor: i64,
    /// Videos that began to play.
    pub video_plays: u64,
    /// Videos watched for 15 s or to the end.
    pub video_thruplays: u64,
    /// Clicks for each hundred impressions; null without impressions.
    pub ctr: Option<f64>,
    /// Spend a click, in minor units; null without clicks.
    pub cpc_minor: Option<f64>,
    /// Spend a thousand impressions, in minor units; null without impressions.
    pub cpm_minor: Option<f64>,
    /// Spend a conversion, in minor units; null without conversions.
    pub cost_per_conversion_minor: Option<f64>,
}

/// What ads did, day by day.
#[derive(Clone, Copy, Debug)]
pub struct DailyInsightsClient<'c> {
    http: &'c Client,
}

impl<'c> DailyInsightsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// One page of daily figures.
    pub fn list(&self, query: &ListDailyInsights) -> PlatformCall<'c, DailyInsights> {
        PlatformCall::json(self.http, &LIST).query(query)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_stand_beside_what_they_are_of() {
        let row = json!({ "day": "2026-03-01", "account": "act_17", "product": "pct", "campaign_id": "5",
            "ad_set_id": null, "ad_id": null, "currency": "USD", "spend_minor": 1234, "impressions": 10, "clicks": 1,
            "link_clicks": 1, "conversions": 0, "conversion_value_minor": 0, "video_plays": 0, "video_thruplays": 0,
            "ctr": 10.0, "cpc_minor": 1234.0, "cpm_minor": 123_400.0, "cost_per_conversion_minor": null });
        let read: DailyInsight = serde_json::from_value(row.clone()).unwrap();
        assert_eq!((read.figures.spend_minor, read.figures.cost_per_conversion_minor), (1_234, None));
        assert_eq!(serde_json::to_value(&read).unwrap(), row);
    }
}
