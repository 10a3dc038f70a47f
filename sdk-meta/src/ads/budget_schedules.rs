//! Budget schedules: stretches of time in which a campaign or an ad set may spend more, which Meta calls high demand
//! periods.

use acd_core::Operation;
use http::Method;
use serde::{Serialize, Serializer};

use crate::answers::{Created, Done};
use crate::limits::{ads_read, ads_write};
use crate::macros::{object, open_enum, request};
use crate::page::list_all;
use crate::{AdSetId, CampaignId, HighDemandPeriodId, MetaCall, MetaClient, Page, Timestamp};

/// `POST /{campaign or ad set}/budget_schedules`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group/budget_schedules), read 2026-11)
pub const CREATE: Operation =
    ads_write("meta.budget_schedules.create", Method::POST, "/{version}/{id}/budget_schedules");
/// `GET /{campaign or ad set}/budget_schedules`
pub const LIST: Operation = ads_read("meta.budget_schedules.list", "/{version}/{id}/budget_schedules");
/// `GET /{period}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/high-demand-period), read 2026-11)
pub const GET: Operation = ads_read("meta.budget_schedules.get", "/{version}/{id}");
/// `POST /{period}`
pub const UPDATE: Operation = ads_write("meta.budget_schedules.update", Method::POST, "/{version}/{id}").idempotent();
/// `DELETE /{period}`
pub const DELETE: Operation = ads_write("meta.budget_schedules.delete", Method::DELETE, "/{version}/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, GET, UPDATE, DELETE];

open_enum! {
    /// In what more is spent.
    BudgetValueType {
        /// An amount of money. Meta's page does not say whether in the minor unit: read one back that was made by hand.
        Absolute = "ABSOLUTE",
        /// A percentage.
        Multiplier = "MULTIPLIER",
    }
}

/// Whose budget it is: that of whoever has it, the campaign or the ad set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BudgetOf {
    /// A campaign with a budget.
    Campaign(CampaignId),
    /// An ad set with a budget.
    AdSet(AdSetId),
}

impl std::fmt::Display for BudgetOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Campaign(id) => id.fmt(f),
            Self::AdSet(id) => id.fmt(f),
        }
    }
}

impl From<CampaignId> for BudgetOf {
    fn from(id: CampaignId) -> Self {
        Self::Campaign(id)
    }
}

impl From<AdSetId> for BudgetOf {
    fn from(id: AdSetId) -> Self {
        Self::AdSet(id)
    }
}

/// These calls take Unix seconds alone.
fn seconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.0.timestamp())
}

request! {
    /// The body of [`CREATE`] and of [`UPDATE`]: a period, whole.
    BudgetSchedule {
        /// How much more may be spent.
        budget_value: u64,
        /// In what that is given.
        budget_value_type: BudgetValueType,
        /// When it begins.
        #[serde(serialize_with = "seconds")]
        #[cfg_attr(feature = "schemars", schemars(with = "i64", range(min = 0, max = 253_402_300_799_i64)))]
        time_start: Timestamp,
        /// When it ends.
        #[serde(serialize_with = "seconds")]
        #[cfg_attr(feature = "schemars", schemars(with = "i64", range(min = 0, max = 253_402_300_799_i64)))]
        time_end: Timestamp,
        ..
    }
}

object! {
    /// A period ([page](https://developers.facebook.com/docs/marketing-api/reference/high-demand-period), read 2026-11).
    HighDemandPeriod(HighDemandPeriodId), HighDemandPeriodFields {
        /// The campaign or ad set.
        ad_object_id: String,
        /// How much more may be spent.
        budget_value: u64,
        /// In what that is given.
        budget_value_type: BudgetValueType,
        /// Whether it comes again, and how.
        recurrence_type: String,
        /// When it begins.
        time_start: Timestamp,
        /// When it ends.
        time_end: Timestamp,
    }
}

/// The query of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ListBudgetSchedules {
    /// The fields of each period. Default: every one that is declared.
    pub fields: HighDemandPeriodFields,
    /// Only those that end after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_start: Option<Timestamp>,
    /// Only those that begin before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stop: Option<Timestamp>,
    /// The most periods in one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The cursor that the page before gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Budget schedules.
#[derive(Clone, Copy, Debug)]
pub struct BudgetSchedulesClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> BudgetSchedulesClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Adds a period. Not repeated when its outcome is unknown: look for it by its times in [`list`](Self::list).
    pub fn create(&self, of: &BudgetOf, period: &BudgetSchedule) -> MetaCall<'c, Created<HighDemandPeriodId>> {
        MetaCall::json(self.meta, &CREATE).path("id", of).body(period)
    }

    /// Lists periods. Safe to repeat.
    pub fn list(&self, of: &BudgetOf, query: &ListBudgetSchedules) -> MetaCall<'c, Page<HighDemandPeriod>> {
        MetaCall::json(self.meta, &LIST).path("id", of).query(query)
    }

    list_all! {
        /// Every period from the query's cursor on.
        BudgetSchedulesClient: list_all, list(of: BudgetOf), ListBudgetSchedules => HighDemandPeriod
    }

    /// Reads one. Safe to repeat.
    pub fn get(&self, id: &HighDemandPeriodId, fields: &HighDemandPeriodFields) -> MetaCall<'c, HighDemandPeriod> {
        MetaCall::json(self.meta, &GET).path("id", id).param("fields", fields)
    }

    /// Replaces one. Safe to repeat.
    pub fn update(&self, id: &HighDemandPeriodId, period: &BudgetSchedule) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &UPDATE).path("id", id).body(period)
    }

    /// Takes one away. Safe to repeat.
    pub fn delete(&self, id: &HighDemandPeriodId) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &DELETE).path("id", id)
    }
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture as _;

    use acd_core::testing::answer;
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn times_are_sent_as_seconds_and_read_as_written() {
        let at = |seconds| Timestamp::from(DateTime::from_timestamp(seconds, 0).unwrap());
        let body = r#"{"data":[{"id":"5","budget_value":50,"time_start":"2026-01-05T10:00:00+0000"}]}"#;
        let (harness, meta) = scripted([answer(200).body(r#"{"id":"5"}"#), answer(200).body(body)]);
        let of = BudgetOf::from(CampaignId::from("7"));
        let (start, end) = (at(1_767_607_200), at(1_767_693_600));
        let period = BudgetSchedule::new(50_u64, BudgetValueType::Multiplier, start, end);
        let created = harness.run(meta.budget_schedules().create(&of, &period).into_future()).unwrap();
        assert_eq!(created.id.as_str(), "5");
        let query = ListBudgetSchedules { time_stop: Some(end), ..ListBudgetSchedules::default() };
        let page = harness.run(meta.budget_schedules().list(&of, &query).into_future()).unwrap();
        assert_eq!((page.data[0].budget_value, page.data[0].time_start), (Some(50), Some(start)));
        let sent = sent(&harness);
        let body = json!({
            "budget_value": 50, "budget_value_type": "MULTIPLIER", "time_start": 1_767_607_200, "time_end": 1_767_693_600,
        });
        assert_eq!(sent[0], ("POST /v26.0/7/budget_schedules".to_owned(), body));
        assert!(sent[1].0.ends_with("&time_stop=2026-01-06T10%3A00%3A00%2B0000"), "{}", sent[1].0);
    }
}
