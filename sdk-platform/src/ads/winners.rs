//! Which ads of a campaign do better than the others, by a rule that may be asked every day.

use acd_core::{Client, Operation};
use acd_meta::{AdAccountId, AdId, CampaignId, CreativeId};
use chrono::{DateTime, NaiveDate, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::daily::AdFigures;
use crate::named::named;
use crate::{AssetId, PlatformCall, ProductSlug};

/// `GET /v1/ads/winners`
pub const LIST: Operation = Operation::new("platform.ads_winners.list", Method::GET, "/v1/ads/winners").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST];

named!(
    /// What conversions are counted against.
    ConversionsPer {
        /// Conversions per impression: which ad works.
        Impressions = "impressions",
        /// Conversions per click: which page keeps what its ad promises.
        Clicks = "clicks",
        /// Conversions per money: which ad is worth its price.
        Spend = "spend",
    }
);

named!(
    /// What is said of an ad.
    AdVerdict {
        /// It converts better than the others together.
        Winner = "winner",
        /// It converts worse than the others together.
        Loser = "loser",
        /// The numbers do not say.
        Undecided = "undecided",
    }
);

named!(
    /// Why that is said of an ad.
    VerdictReason {
        /// The evidence is beyond doubt that its rate is higher, and it is so by enough.
        ConvertsBetter = "converts_better",
        /// The evidence is beyond doubt that its rate is lower, and it is so by enough.
        ConvertsWorse = "converts_worse",
        /// The campaign has no other ad that was shown.
        NothingToCompare = "nothing_to_compare",
        /// It was not shown, or not clicked where clicks count.
        NotShown = "not_shown",
        /// The campaign has too few conversions in all.
        TooFewConversions = "too_few_conversions",
        /// The rates differ by too little to act on.
        DifferenceTooSmall = "difference_too_small",
        /// The rates differ, and that may still be chance.
        MayBeChance = "may_be_chance",
    }
);

/// The query of [`LIST`]. By campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWinners {
    /// Only this campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Only campaigns with an ad that shows this asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// The product whose campaigns are meant. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The first day, in the ad account's time zone; 27 days before `until` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    /// The last day, at most 366 days after `since`; today (UTC) when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// What conversions are counted against; `impressions` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<ConversionsPer>,
    /// Meta's type of the action that counts as a conversion; `offsite_conversion.fb_pixel_purchase` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_.:]{1,100}$"))]
    pub conversion: Option<String>,
    /// Most campaigns in one page, 1 to 100; 20 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{1,25}$"))]
    pub cursor: Option<String>,
}

/// A page of campaigns with a verdict on each ad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Winners {
    /// The campaigns, by id. Those of which no ad was shown are left out.
    pub data: Vec<CampaignVerdicts>,
    /// Give it back as `cursor` for the next page; null on the last page.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// When the figures of the last three days were asked of Meta, of several ad accounts the longest ago.
    pub as_of: Option<DateTime<Utc>>,
    /// The rule by which it was judged.
    pub rule: VerdictRule,
}

/// How sure and how much a verdict has to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerdictRule {
    /// What conversions are counted against.
    pub per: ConversionsPer,
    /// What counts as a conversion.
    pub conversion: String,
    /// The largest probability of a wrong verdict about any ad of a campaign of equal ads, over all looks.
    pub false_positive_rate: f64,
    /// Conversions that the campaign must have in all.
    pub least_conversions: u64,
    /// How far the ratio of the rates must be from 1: 0.1 for a tenth better, or as much worse.
    pub least_effect: f64,
}

/// The ads of a campaign against one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CampaignVerdicts {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The ad account.
    pub account: AdAccountId,
    /// Its ads, by id.
    pub ads: Vec<JudgedAd>,
}

/// An ad, its figures over the period, and what they say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedAd {
    /// The ad.
    pub ad_id: AdId,
    /// What it shows, as far as it was read.
    pub creative_id: Option<CreativeId>,
    /// The product's images and videos in it, where it was published with them as assets.
    #[serde(default)]
    pub asset_ids: Vec<AssetId>,
    /// What is said of it.
    pub verdict: AdVerdict,
    /// Why.
    pub reason: VerdictReason,
    /// How many times the others' rate its own is, days compared within themselves; null where that cannot be said.
    pub ratio: Option<f64>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: AdFigures,
}

/// Which ads do better than the others.
#[derive(Clone, Copy, Debug)]
pub struct WinnersClient<'c> {
    http: &'c Client,
}

impl<'c> WinnersClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// One page of campaigns with a verdict on each ad.
    pub fn list(&self, query: &ListWinners) -> PlatformCall<'c, Winners> {
        PlatformCall::json(self.http, &LIST).query(query)
    }
}
