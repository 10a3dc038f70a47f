//! Reports: conversions by where they came from, and what customers were worth.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::{ConversionRuleId, ProductSlug};

named!(
    /// Which touch a conversion is credited to. Visits without a campaign or click are no touches, so the last touch is
    /// the last that was not direct.
    AttributionModel {
        /// The earliest within the window.
        FirstTouch = "first_touch",
        /// The latest within the window.
        LastTouch = "last_touch",
    }
);

named!(
    /// How long before a conversion a touch may lie. A day has 24 hours; a touch at its very beginning is within.
    Window {
        /// One day.
        OneDay = "1d",
        /// 7 days.
        SevenDays = "7d",
        /// 28 days.
        TwentyEightDays = "28d",
        /// 30 days.
        ThirtyDays = "30d",
        /// 90 days.
        NinetyDays = "90d",
    }
);

impl Window {
    /// Its length in days.
    #[must_use]
    pub const fn days(self) -> u16 {
        match self {
            Self::OneDay => 1,
            Self::SevenDays => 7,
            Self::TwentyEightDays => 28,
            Self::ThirtyDays => 30,
            Self::NinetyDays => 90,
        }
    }
}

named!(
    /// What a row of a report stands for.
    GroupBy {
        /// The product in which the touch was.
        Product = "product",
        /// The source, as `facebook`.
        Source = "source",
        /// Source and medium.
        Medium = "medium",
        /// Source, medium and campaign.
        Campaign = "campaign",
        /// Source, medium, campaign, and the ids of campaign, ad set and ad.
        Ad = "ad",
    }
);

/// The query of [`REPORT`](super::REPORT).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetReport {
    /// What a row stands for; `source` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<GroupBy>,
    /// Which touch is credited; `last_touch` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<AttributionModel>,
    /// How far back; `30d` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Conversions at this time or later; 30 days before `to` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Conversions before this time; now when left out. At most 366 days after `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Only this product's conversions; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Only what this rule counted, and refunds of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<ConversionRuleId>,
}

/// The answer of [`REPORT`](super::REPORT).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttributionReport {
    /// Conversions from this time on.
    pub from: DateTime<Utc>,
    /// Conversions before this time.
    pub to: DateTime<Utc>,
    /// By origin, most conversions first; at most 1,000.
    pub rows: Vec<AttributionRow>,
    /// What no touch within the window led to.
    pub unattributed: Credit,
    /// Everything, rows that were cut off included.
    pub total: Credit,
}

/// Where visitors came from. Fields finer than the report's grouping are null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The product in which the touch was; only when grouped by it, and in paths.
    pub product: Option<ProductSlug>,
    /// `utm_source` in lower case, or the network that a click id tells: `facebook`, `google`, `tiktok`.
    pub source: Option<String>,
    /// `utm_medium` in lower case; with a click id alone `cpc` where only ads set it, else `referral`.
    pub medium: Option<String>,
    /// `utm_campaign`.
    pub campaign: Option<String>,
    /// The network's id of the campaign.
    pub campaign_id: Option<String>,
    /// The network's id of the ad set or ad group.
    pub adset_id: Option<String>,
    /// The network's id of the ad.
    pub ad_id: Option<String>,
}

/// What one origin led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttributionRow {
    /// Where from.
    pub origin: Origin,
    /// What it led to.
    pub credit: Credit,
}

/// Conversions and their amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Credit {
    /// Conversions, refunded ones included.
    pub conversions: u64,
    /// Refunds.
    pub refunds: u64,
    /// Amounts by currency, in the order of their codes.
    pub values: Vec<MoneySum>,
}

/// A sum in one currency, in minor units by ISO 4217. Refunds count at the time of their conversion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MoneySum {
    /// The currency.
    pub currency: String,
    /// What conversions brought.
    pub revenue_minor: i64,
    /// What refunds took.
    pub refunded_minor: i64,
    /// The difference.
    pub net_minor: i64,
}

/// The query of [`LIFETIME_VALUE`](super::LIFETIME_VALUE).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetLifetimeValue {
    /// What a row stands for; `source` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<GroupBy>,
    /// Persons whose first touch was at this time or later; a year before `to` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Persons whose first touch was before this time; now when left out. At most 1,098 days (three years) after `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Only conversions in this product; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The answer of [`LIFETIME_VALUE`](super::LIFETIME_VALUE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LifetimeValue {
    /// First touches from this time on.
    pub from: DateTime<Utc>,
    /// First touches before this time.
    pub to: DateTime<Utc>,
    /// Oldest month first, then most customers; at most 5,000.
    pub cohorts: Vec<Cohort>,
}

/// Persons who first came in the same month from the same origin, and converted since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cohort {
    /// The first day of the month of their first touch, UTC.
    pub month: NaiveDate,
    /// Where their first touch was from.
    pub origin: Origin,
    /// How many persons converted at least once.
    pub customers: u64,
    /// What they converted to this day.
    pub credit: Credit,
}
