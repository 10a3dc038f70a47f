//! What media and accounts reached.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{ACCOUNT_INSIGHTS, InstagramClient, MEDIA_INSIGHTS};
use crate::macros::open_enum;
use crate::{IgMediaId, IgUserId, MetaCall, Page, Timestamp};

open_enum! {
    /// A figure of media.
    MediaMetric {
        /// How many accounts saw them.
        Reach = "reach",
        Views = "views",
        Likes = "likes",
        Comments = "comments",
        Saved = "saved",
        Shares = "shares",
        /// Likes, comments, saves and shares together.
        TotalInteractions = "total_interactions",
    }
}

open_enum! {
    /// A figure of an account.
    AccountMetric {
        /// How many accounts saw anything of it.
        Reach = "reach",
        Views = "views",
        /// New followers by day.
        FollowerCount = "follower_count",
        AccountsEngaged = "accounts_engaged",
        TotalInteractions = "total_interactions",
        Likes = "likes",
        Comments = "comments",
        Shares = "shares",
        Saves = "saves",
        ProfileLinksTaps = "profile_links_taps",
    }
}

open_enum! {
    /// Over what a figure is taken.
    InsightsPeriod {
        Day = "day",
        Week = "week",
        Days28 = "days_28",
        Lifetime = "lifetime",
    }
}

open_enum! {
    /// In which form a figure comes.
    MetricType {
        /// One value for each part of the time: in `values`.
        TimeSeries = "time_series",
        /// One value: in `total_value`.
        TotalValue = "total_value",
    }
}

/// Which figures of an account are asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AccountInsights {
    /// The figures.
    #[serde(rename = "metric", serialize_with = "joined", deserialize_with = "split")]
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub metrics: Vec<AccountMetric>,
    /// Over what they are taken.
    pub period: InsightsPeriod,
    /// In which form they come; Meta wants this for most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<MetricType>,
    /// By what they are split, such as `media_product_type` or `follow_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<String>,
    /// How far back figures on people go, such as `this_month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeframe: Option<String>,
    /// From here on, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Up to here, in seconds since 1970; at most 30 days later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl AccountInsights {
    /// These figures over this period.
    pub fn new(metrics: impl IntoIterator<Item = AccountMetric>, period: InsightsPeriod) -> Self {
        let (metric_type, breakdown, timeframe, since, until) = (None, None, None, None, None);
        Self { metrics: metrics.into_iter().collect(), period, metric_type, breakdown, timeframe, since, until }
    }
}

fn joined<S: Serializer>(metrics: &[AccountMetric], serializer: S) -> Result<S::Ok, S::Error> {
    let names: Vec<&str> = metrics.iter().map(AccountMetric::as_str).collect();
    serializer.serialize_str(&names.join(","))
}

fn split<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AccountMetric>, D::Error> {
    let names = String::deserialize(deserializer)?;
    Ok(names.split(',').filter(|name| !name.is_empty()).map(AccountMetric::from).collect())
}

/// A value of a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct IgInsightValue {
    /// A number; an object for figures that have parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The end of the time that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// The parts that were asked for.
    #[serde(default)]
    pub breakdowns: Vec<Value>,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct IgInsight {
    /// Its name on the wire, as that of a [`MediaMetric`] or an [`AccountMetric`].
    pub name: String,
    /// Over what it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<InsightsPeriod>,
    /// Its name for people, in the language of the token's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its values over time; media have one.
    #[serde(default)]
    pub values: Vec<IgInsightValue>,
    /// Its one value, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_value: Option<IgInsightValue>,
}

impl IgInsight {
    /// The figure as a number: the one value, or the last of those over time.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.total_value.as_ref().or_else(|| self.values.last())?.value.as_ref()?.as_u64()
    }
}

impl<'c> InstagramClient<'c> {
    /// Reads figures of media that are published. Those of stories are there for a day. Safe to repeat.
    pub fn media_insights(&self, id: &IgMediaId, metrics: &[MediaMetric]) -> MetaCall<'c, Page<IgInsight>> {
        let names: Vec<&str> = metrics.iter().map(MediaMetric::as_str).collect();
        MetaCall::json(self.meta, &MEDIA_INSIGHTS).path("id", id).param("metric", names.join(","))
    }

    /// Reads figures of an account. Safe to repeat.
    pub fn account_insights(&self, user: &IgUserId, query: &AccountInsights) -> MetaCall<'c, Page<IgInsight>> {
        MetaCall::json(self.meta, &ACCOUNT_INSIGHTS).path("user", user).query(query)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    #[test]
    fn figures_are_asked_for_by_name_and_read_in_both_forms() {
        let media = r#"{"data":[{"name":"reach","period":"lifetime","values":[{"value":7}],"title":"t","id":"6/x"}]}"#;
        let account = r#"{"data":[{"name":"views","period":"day","total_value":{"value":9},"id":"9/x"}]}"#;
        let (harness, meta) = scripted([answer(200).body(media), answer(200).body(account)]);
        let call = meta.instagram().media_insights(&"6".into(), &[MediaMetric::Reach, "plays".into()]);
        assert_eq!(harness.run(call.into_future()).unwrap().data[0].number(), Some(7));
        let query = AccountInsights {
            metric_type: Some(MetricType::TotalValue),
            ..AccountInsights::new([AccountMetric::Views], InsightsPeriod::Day)
        };
        let call = meta.instagram().account_insights(&"9".into(), &query);
        assert_eq!(harness.run(call.into_future()).unwrap().data[0].number(), Some(9));
        let sent = sent(&harness);
        assert_eq!(sent[0].0, "GET /v26.0/6/insights?metric=reach%2Cplays");
        assert_eq!(sent[1].0, "GET /v26.0/9/insights?metric=views&metric_type=total_value&period=day");
    }

    #[test]
    fn names_of_tomorrow_survive() {
        check_enum::<MediaMetric>();
        check_enum::<AccountMetric>();
        check_enum::<InsightsPeriod>();
        check_enum::<MetricType>();
    }
}
