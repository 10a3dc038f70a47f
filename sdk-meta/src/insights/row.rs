//! Rows of a report.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::fields::InsightsFields;
use crate::Decimal;
use crate::text::TextOrNumber;

/// How often something was done, or what it was worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ActionStat {
    /// What, such as `offsite_conversion.fb_pixel_purchase`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_type: Option<String>,
    /// The number, over the default windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    /// The number in each window that was asked for, and what actions are split by.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ActionStat {
    /// The number in a window that was asked for, such as `7d_click`.
    #[must_use]
    pub fn window(&self, window: &str) -> Option<Decimal> {
        Decimal::deserialize(self.other.get(window)?).ok()
    }
}

/// A number that Meta writes as text.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(text) = Option::<TextOrNumber>::deserialize(deserializer)? else { return Ok(None) };
    text.0.parse().map(Some).map_err(|_| de::Error::custom("expected a whole number"))
}

/// Declares the row and the selection of its fields, counts apart from the rest as they are written as text.
macro_rules! row {
    (counts { $($(#[$count_doc:meta])* $count:ident,)+ } values { $($(#[$doc:meta])* $field:ident: $kind:ty,)+ }) => {
        /// A row of a report. An object that was not shown has none. What it is split by, and fields that were asked for
        /// by name, are in `other`.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct InsightsRow {
            $($(#[$count_doc])* #[serde(default, deserialize_with = "count", skip_serializing_if = "Option::is_none")] pub $count: Option<u64>,)+
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)+
            /// What it is split by, and fields that were asked for by name.
            #[serde(flatten)]
            pub other: Map<String, Value>,
        }

        impl InsightsFields {
            /// Every field that [`InsightsRow`] declares.
            #[must_use]
            pub fn all() -> Self {
                Self::of(&[$(stringify!($count),)+ $(stringify!($field),)+])
            }

            $(
                $(#[$count_doc])*
                #[must_use]
                pub fn $count(self) -> Self {
                    self.named(stringify!($count))
                }
            )+
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $field(self) -> Self {
                    self.named(stringify!($field))
                }
            )+
        }
    };
}

row! {
    counts {
        /// How often ads were shown.
        impressions,
        /// How many people saw them.
        reach,
        /// Clicks of any kind.
        clicks,
        /// People who clicked.
        unique_clicks,
        /// Clicks on links.
        inline_link_clicks,
        /// Engagements with the post.
        inline_post_engagement,
        /// People who would remember the ad.
        estimated_ad_recallers,
    }
    values {
        /// The account.
        account_id: String,
        /// Its name.
        account_name: String,
        /// Its currency, in which money is.
        account_currency: String,
        /// The campaign.
        campaign_id: crate::CampaignId,
        /// Its name.
        campaign_name: String,
        /// The ad set.
        adset_id: crate::AdSetId,
        /// Its name.
        adset_name: String,
        /// The ad.
        ad_id: crate::AdId,
        /// Its name.
        ad_name: String,
        /// What the campaign is for.
        objective: crate::ads::campaigns::Objective,
        /// What Meta makes ads reach.
        optimization_goal: crate::ads::ad_sets::OptimizationGoal,
        /// How impressions are bought.
        buying_type: crate::ads::campaigns::BuyingType,
        /// For how long conversions count.
        attribution_setting: String,
        /// The first day.
        date_start: chrono::NaiveDate,
        /// The last day.
        date_stop: chrono::NaiveDate,
        /// Impressions a person.
        frequency: Decimal,
        /// What was spent, in the currency's main unit.
        spend: Decimal,
        /// Clicks for each hundred impressions.
        ctr: Decimal,
        /// Money a click.
        cpc: Decimal,
        /// Money a thousand impressions.
        cpm: Decimal,
        /// Money a thousand people.
        cpp: Decimal,
        /// Clicks on links for each hundred impressions.
        inline_link_click_ctr: Decimal,
        /// Money a click on a link.
        cost_per_inline_link_click: Decimal,
        /// Clicks that led away from Meta.
        outbound_clicks: Vec<ActionStat>,
        /// What people did.
        actions: Vec<ActionStat>,
        /// What it was worth.
        action_values: Vec<ActionStat>,
        /// How many people did it.
        unique_actions: Vec<ActionStat>,
        /// Conversions.
        conversions: Vec<ActionStat>,
        /// What they were worth.
        conversion_values: Vec<ActionStat>,
        /// Money an action.
        cost_per_action_type: Vec<ActionStat>,
        /// Money a conversion.
        cost_per_conversion: Vec<ActionStat>,
        /// Return on what was spent, by purchases.
        purchase_roas: Vec<ActionStat>,
        /// Return on what was spent, by purchases on the web.
        website_purchase_roas: Vec<ActionStat>,
        /// Videos that began to play.
        video_play_actions: Vec<ActionStat>,
        /// Videos watched for 15 s or to the end.
        video_thruplay_watched_actions: Vec<ActionStat>,
        /// Videos watched to a quarter.
        video_p25_watched_actions: Vec<ActionStat>,
        /// Videos watched to the half.
        video_p50_watched_actions: Vec<ActionStat>,
        /// Videos watched to three quarters.
        video_p75_watched_actions: Vec<ActionStat>,
        /// Videos watched to the end.
        video_p100_watched_actions: Vec<ActionStat>,
        /// How the ad's quality compares.
        quality_ranking: String,
        /// How its engagement compares.
        engagement_rate_ranking: String,
        /// How its conversions compare.
        conversion_rate_ranking: String,
    }
}

impl InsightsRow {
    /// The value of what the row is split by, such as `age`.
    #[must_use]
    pub fn breakdown(&self, name: &str) -> Option<&str> {
        self.other.get(name)?.as_str()
    }
}
