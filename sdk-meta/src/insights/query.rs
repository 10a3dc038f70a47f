//! What a report is asked for.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::InsightsFields;
use crate::macros::open_enum;
use crate::text::TextOrNumber;
use crate::{Filter, TimeRange};

open_enum! {
    /// For what a row stands.
    Level {
        Account = "account",
        Campaign = "campaign",
        AdSet = "adset",
        Ad = "ad",
    }
}

open_enum! {
    /// Days by name, in the ad account's time zone.
    DatePreset {
        Today = "today",
        Yesterday = "yesterday",
        ThisMonth = "this_month",
        LastMonth = "last_month",
        ThisQuarter = "this_quarter",
        LastQuarter = "last_quarter",
        ThisYear = "this_year",
        LastYear = "last_year",
        Last3d = "last_3d",
        Last7d = "last_7d",
        Last14d = "last_14d",
        Last28d = "last_28d",
        Last30d = "last_30d",
        Last90d = "last_90d",
        LastWeekMonSun = "last_week_mon_sun",
        LastWeekSunSat = "last_week_sun_sat",
        ThisWeekMonToday = "this_week_mon_today",
        ThisWeekSunToday = "this_week_sun_today",
        /// At most 37 months.
        Maximum = "maximum",
        DataMaximum = "data_maximum",
    }
}

open_enum! {
    /// By what rows are split. Only some may be combined. Meta knows about ninety; these are the common ones.
    Breakdown {
        Age = "age",
        Gender = "gender",
        Country = "country",
        Region = "region",
        Dma = "dma",
        Zip = "zip",
        PublisherPlatform = "publisher_platform",
        PlatformPosition = "platform_position",
        DevicePlatform = "device_platform",
        ImpressionDevice = "impression_device",
        HourlyByAdvertiserTimeZone = "hourly_stats_aggregated_by_advertiser_time_zone",
        HourlyByAudienceTimeZone = "hourly_stats_aggregated_by_audience_time_zone",
        ProductId = "product_id",
        FrequencyValue = "frequency_value",
        BodyAsset = "body_asset",
        TitleAsset = "title_asset",
        ImageAsset = "image_asset",
        VideoAsset = "video_asset",
        DescriptionAsset = "description_asset",
        LinkUrlAsset = "link_url_asset",
        CallToActionAsset = "call_to_action_asset",
        AdFormatAsset = "ad_format_asset",
        MediaType = "media_type",
        GenAiAssetType = "gen_ai_asset_type",
        UserPersonaId = "user_persona_id",
    }
}

open_enum! {
    /// By what actions are split within a row.
    ActionBreakdown {
        /// The default.
        ActionType = "action_type",
        ActionTargetId = "action_target_id",
        ActionDestination = "action_destination",
        ActionDevice = "action_device",
        ActionReaction = "action_reaction",
        ActionVideoSound = "action_video_sound",
        ActionVideoType = "action_video_type",
        ActionCarouselCardId = "action_carousel_card_id",
        ActionCarouselCardName = "action_carousel_card_name",
        ActionCanvasComponentName = "action_canvas_component_name",
        ConversionDestination = "conversion_destination",
        StandardEventContentType = "standard_event_content_type",
        SignalSourceBucket = "signal_source_bucket",
        MatchedPersonaId = "matched_persona_id",
        MatchedPersonaName = "matched_persona_name",
        IsBusinessAiAssisted = "is_business_ai_assisted",
    }
}

open_enum! {
    /// For how long after a click or a view an action counts.
    AttributionWindow {
        Click1d = "1d_click",
        Click7d = "7d_click",
        Click28d = "28d_click",
        View1d = "1d_view",
        /// One day after an engaged view of a video.
        EngagedView1d = "1d_ev",
        Default = "default",
        Dda = "dda",
        Custom = "custom",
        Incrementality = "incrementality",
        Sequenced1d = "1d_sequenced",
        Sequenced7d = "7d_sequenced",
        Sequenced28d = "28d_sequenced",
    }
}

/// The longest stretch, in days.
const LONGEST: u8 = 90;

/// Into which stretches of time a report is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeIncrement {
    /// So many days, 1 to 90.
    Days(u8),
    /// Calendar months.
    Monthly,
    /// One stretch: the default.
    AllDays,
}

impl Serialize for TimeIncrement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Days(days) => serializer.serialize_u8(*days),
            Self::Monthly => serializer.serialize_str("monthly"),
            Self::AllDays => serializer.serialize_str("all_days"),
        }
    }
}

impl<'de> Deserialize<'de> for TimeIncrement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = TextOrNumber::deserialize(deserializer)?.0;
        match text.as_str() {
            "monthly" => Ok(Self::Monthly),
            "all_days" => Ok(Self::AllDays),
            days => match days.parse() {
                Ok(days @ 1..=LONGEST) => Ok(Self::Days(days)),
                _ => Err(de::Error::custom("expected 1 to 90 days, `monthly` or `all_days`")),
            },
        }
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for TimeIncrement {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeIncrement".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Into which stretches of time a report is cut: so many days, calendar months, or not at all, \
                which is the default.",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": LONGEST },
                { "type": "string", "enum": ["monthly", "all_days"] },
            ],
        })
    }
}

/// What a report is asked for
/// ([page](https://developers.facebook.com/docs/marketing-api/insights/parameters), read 2026-11). Reports reach back 37
/// months; numbers change for 28 days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct InsightsQuery {
    /// The fields of each row.
    pub fields: InsightsFields,
    /// For what a row stands; the object itself when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Days by name; the last 30 when neither these nor a range are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_preset: Option<DatePreset>,
    /// Days by date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_range: Option<TimeRange>,
    /// Several ranges, which may overlap, each with rows of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub time_ranges: Vec<TimeRange>,
    /// Into which stretches of time the days are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_increment: Option<TimeIncrement>,
    /// By what rows are split.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breakdowns: Vec<Breakdown>,
    /// By what actions are split within a row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_breakdowns: Vec<ActionBreakdown>,
    /// For how long actions count, each in a column of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_attribution_windows: Vec<AttributionWindow>,
    /// Only rows that fit all of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filtering: Vec<Filter>,
    /// The order, such as `spend_descending`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<String>,
    /// Whether actions count as the ad account's settings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_account_attribution_setting: Option<bool>,
    /// The most rows in one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The cursor that the page before gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl InsightsQuery {
    /// A report with these fields.
    pub fn of(fields: InsightsFields) -> Self {
        Self { fields, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<Level>();
        check_enum::<DatePreset>();
        check_enum::<Breakdown>();
        check_enum::<ActionBreakdown>();
        check_enum::<AttributionWindow>();
    }

    #[test]
    fn increments_are_written_as_meta_reads_them() {
        let written = [TimeIncrement::Days(7), TimeIncrement::Monthly, TimeIncrement::AllDays];
        let json = r#"[7,"monthly","all_days"]"#;
        assert_eq!(serde_json::to_string(&written).unwrap(), json);
        assert_eq!(serde_json::from_str::<[TimeIncrement; 3]>(json).unwrap(), written);
        for wrong in ["0", "91", "-1", r#""weekly""#, "1.5", "null"] {
            assert!(serde_json::from_str::<TimeIncrement>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let json = r#"{"fields":"spend,actions","level":"ad","time_range":{"since":"2026-01-01","until":"2026-01-07"},"time_increment":7,"breakdowns":["age"],"filtering":[{"field":"spend","operator":"GREATER_THAN","value":5}],"limit":50}"#;
        let query: InsightsQuery = serde_json::from_str(json).unwrap();
        assert_eq!(query.fields, InsightsFields::new().spend().actions());
        assert_eq!(serde_json::to_string(&query).unwrap(), json);
        assert_eq!(serde_json::from_str::<InsightsQuery>("{}").unwrap(), InsightsQuery::default());
    }
}
