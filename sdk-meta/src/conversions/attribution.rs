//! What a partner's measurement attributed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::macros::open_enum;

open_enum! {
    /// How credit is shared among the touches.
    AttributionModel {
        /// All to the first.
        FirstTouch = "first_touch",
        /// All to the last click.
        LastClick = "last_click",
        /// All to the last.
        LastTouch = "last_touch",
        /// To all alike.
        Linear = "linear",
        /// By place in the row.
        PositionBased = "position_based",
        /// More to later ones.
        TimeDecay = "time_decay",
        /// By a rule of the advertiser's own.
        CustomizedMultiTouch = "customized_multi_touch",
        /// Not known.
        NotKnown = "unknown",
    }
}

open_enum! {
    /// How a touch was found.
    AttributionMethod {
        /// Aggregated reporting data.
        Ard = "ard",
        /// A deep link.
        Deeplink = "deeplink",
        /// Google Play's install referrer.
        Gpir = "gpir",
        /// An answer that was not valid.
        InvalidResponse = "invalid_response",
        /// Meta's install referrer.
        Mir = "mir",
        /// A network that reports itself.
        Srn = "srn",
    }
}

open_enum! {
    /// Why a touch was given no credit.
    DeclineReason {
        /// Another source has it.
        AttributeToOtherSource = "attribute_to_other_source",
        /// It was too long ago.
        OutOfLookbackWindow = "out_of_lookback_window",
        /// Views do not count.
        ViewThroughDisabled = "view_through_disabled",
        /// The person was not yet inactive for long enough.
        WithinInactiveWindow = "within_inactive_window",
        /// The touch is inactive.
        Inactive = "inactive",
        /// It was fraud.
        FraudDetected = "fraud_detected",
        /// Not known.
        NotKnown = "unknown",
        /// Installing again does not count.
        ReinstallAttributionDisabled = "reinstall_attribution_disabled",
        /// The look back ended before it.
        Lookback = "lookback",
        /// No match of probabilistic modelling.
        NotPmodMatch = "not_pmod_match",
        /// A rule refused it.
        ValidationRuleDetected = "validation_rule_detected",
        /// The app came with the device.
        PreloadInstall = "preload_install",
        /// Too soon after the one before.
        MinTimeBetweenReEngagements = "min_time_between_re_engagements",
        /// It is a duplicate.
        Duplicated = "duplicated",
        /// Probabilistic modelling is off.
        PmodDisabled = "pmod_disabled",
    }
}

/// The windows of an attribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AttributionSetting {
    /// Hours without activity after which a person counts as inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactivity_window_hours: Option<u32>,
    /// Hours before an event may be attributed anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reattribution_window_hours: Option<u32>,
}

/// What a partner's measurement attributed an event to
/// ([server event](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/server-event)).
/// `Debug` shows the objects and the method.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AttributionData {
    /// What the attribution covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When the person visited.
    #[serde(default, with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<i64>"))]
    pub visit_time: Option<DateTime<Utc>>,
    /// The ad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    /// The ad set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adset_id: Option<String>,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<String>,
    /// The share of the credit, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_share: Option<f64>,
    /// How credit was shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_model: Option<AttributionModel>,
    /// How many days were looked back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attr_window: Option<u32>,
    /// The share of the value, in the event's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_value: Option<f64>,
    /// Who attributed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_source: Option<String>,
    /// The kind of the touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touchpoint_type: Option<String>,
    /// When the touch was.
    #[serde(default, with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<i64>"))]
    pub touchpoint_ts: Option<DateTime<Utc>>,
    /// The touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touchpoint_id: Option<String>,
    /// How the touch was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_method: Option<AttributionMethod>,
    /// Why it was given no credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// A token for auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auditing_token: Option<String>,
    /// A key that links several touches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linkage_key: Option<String>,
    /// The whole credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_credit: Option<f64>,
    /// The partner's id of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_client_id: Option<String>,
    /// The windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_setting: Option<AttributionSetting>,
}

/// Without tokens and keys of others.
impl fmt::Debug for AttributionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributionData")
            .field("campaign_id", &self.campaign_id)
            .field("adset_id", &self.adset_id)
            .field("ad_id", &self.ad_id)
            .field("attribution_method", &self.attribution_method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<AttributionModel>();
        check_enum::<AttributionMethod>();
        check_enum::<DeclineReason>();
    }
}
