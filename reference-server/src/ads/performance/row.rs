//! A day of a report as it is stored.

use std::collections::BTreeMap;

use acd_meta::Decimal;
use acd_meta::insights::{ActionStat, InsightsFields, InsightsRow, Level};
use acd_platform::ads::daily::DailyLevel;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Number, Value};

use super::account::Account;
use crate::ads::attribution::money;
use crate::kernel::problem::{Problem, Result};

/// What an object did on a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct DayRow {
    object_id: String,
    day: NaiveDate,
    campaign_id: Option<String>,
    ad_set_id: Option<String>,
    spend_minor: i64,
    impressions: i64,
    reach: i64,
    clicks: i64,
    link_clicks: i64,
    video_plays: i64,
    video_thruplays: i64,
    video_p25: i64,
    video_p50: i64,
    video_p75: i64,
    video_p100: i64,
    actions: BTreeMap<String, Number>,
    action_values_minor: BTreeMap<String, i64>,
}

/// The level of a report whose rows stand for these.
pub(super) fn level_of(level: DailyLevel) -> Level {
    match level {
        DailyLevel::Account => Level::Account,
        DailyLevel::AdSet => Level::AdSet,
        DailyLevel::Ad => Level::Ad,
        // A product is the sum of its campaigns.
        _ => Level::Campaign,
    }
}

/// The fields that a report needs for its level.
pub(super) fn fields_of(level: &Level) -> InsightsFields {
    let fields = InsightsFields::new().account_id();
    let fields = match level {
        Level::Account => fields,
        Level::Campaign => fields.campaign_id(),
        Level::AdSet => fields.campaign_id().adset_id(),
        _ => fields.campaign_id().adset_id().ad_id(),
    };
    fields
        .spend()
        .impressions()
        .reach()
        .clicks()
        .inline_link_clicks()
        .actions()
        .action_values()
        .video_play_actions()
        .video_thruplay_watched_actions()
        .video_p25_watched_actions()
        .video_p50_watched_actions()
        .video_p75_watched_actions()
        .video_p100_watched_actions()
}

impl DayRow {
    /// A row of a report on an account.
    ///
    /// # Errors
    /// 500 for a row that says not of what, of which day or how much.
    pub(super) fn read(account: &Account, level: &Level, row: InsightsRow) -> Result<Self> {
        let text = |id: Option<String>| id.filter(|id| !id.is_empty());
        let campaign_id = text(row.campaign_id.map(|id| id.to_string()));
        let ad_set_id = text(row.adset_id.map(|id| id.to_string()));
        let object_id = match level {
            Level::Account => Some(account.id.number().to_owned()),
            Level::Campaign => campaign_id.clone(),
            Level::AdSet => ad_set_id.clone(),
            _ => text(row.ad_id.map(|id| id.to_string())),
        };
        let object_id = object_id.ok_or_else(|| unreadable(account, "has no id"))?;
        let day = row.date_start.ok_or_else(|| unreadable(account, "has no day"))?;
        let count = |count: Option<u64>| {
            i64::try_from(count.unwrap_or_default()).map_err(|_| unreadable(account, "has a count beyond 63 bits"))
        };
        let minor = |amount: &Decimal| {
            let amount = Value::String(amount.as_str().to_owned());
            money::minor_units(&amount, money::exponent(&account.currency))
                .ok_or_else(|| unreadable(account, "has an amount that cannot be read"))
        };
        let mut actions = BTreeMap::new();
        for (kind, value) in by_type(row.actions.as_deref()) {
            if let Some(number) = value.as_str().parse::<u64>().ok().map(Number::from).or_else(|| fraction(value)) {
                actions.insert(kind.to_owned(), number);
            }
        }
        let mut action_values_minor = BTreeMap::new();
        for (kind, value) in by_type(row.action_values.as_deref()) {
            action_values_minor.insert(kind.to_owned(), minor(value)?);
        }
        Ok(Self {
            object_id,
            day,
            campaign_id,
            ad_set_id,
            spend_minor: row.spend.as_ref().map_or(Ok(0), minor)?,
            impressions: count(row.impressions)?,
            reach: count(row.reach)?,
            clicks: count(row.clicks)?,
            link_clicks: count(row.inline_link_clicks)?,
            video_plays: sum(row.video_play_actions.as_deref()),
            video_thruplays: sum(row.video_thruplay_watched_actions.as_deref()),
            video_p25: sum(row.video_p25_watched_actions.as_deref()),
            video_p50: sum(row.video_p50_watched_actions.as_deref()),
            video_p75: sum(row.video_p75_watched_actions.as_deref()),
            video_p100: sum(row.video_p100_watched_actions.as_deref()),
            actions,
            action_values_minor,
        })
    }
}

fn by_type(stats: Option<&[ActionStat]>) -> impl Iterator<Item = (&str, &Decimal)> {
    stats.unwrap_or_default().iter().filter_map(|stat| Some((stat.action_type.as_deref()?, stat.value.as_ref()?)))
}

/// Meta's models may share a conversion among several ads.
fn fraction(value: &Decimal) -> Option<Number> {
    Number::from_f64(value.to_f64())
}

fn sum(stats: Option<&[ActionStat]>) -> i64 {
    by_type(stats).filter_map(|(_, value)| value.as_str().parse::<i64>().ok()).fold(0, i64::saturating_add)
}

fn unreadable(account: &Account, what: &str) -> Problem {
    Problem::internal(format!("a row of Meta's report on the account {} {what}", account.id))
}
