//! Insights: reports on what ads did, at once or as a job.

mod fields;
mod query;
mod row;
mod run;

use acd_core::paging::Paged;
use acd_core::{Operation, TimeoutClass};
use http::Method;

pub use fields::InsightsFields;
pub use query::{ActionBreakdown, AttributionWindow, Breakdown, DatePreset, InsightsQuery, Level, TimeIncrement};
pub use row::{ActionStat, InsightsRow};
pub use run::{AsyncStatus, ReportRun};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::ADS_INSIGHTS;
use crate::page::paged;
use crate::{AdAccountId, AdId, AdSetId, CampaignId, MetaCall, MetaClient, Page, ReportRunId};

/// `GET /{account, campaign, ad set or ad}/insights`
/// ([page](https://developers.facebook.com/docs/marketing-api/insights), read 2026-11)
pub const GET: Operation = Operation::new("meta.insights.get", Method::GET, "/{version}/{id}/insights")
    .safe()
    .pool(ADS_INSIGHTS)
    .timeout(TimeoutClass::Long);
/// `POST /{account, campaign, ad set or ad}/insights`: a run that is made twice is read once.
pub const START: Operation =
    Operation::new("meta.insights.start", Method::POST, "/{version}/{id}/insights").idempotent().pool(ADS_INSIGHTS);
/// `GET /{report run}`
pub const RUN: Operation =
    Operation::new("meta.insights.run", Method::GET, "/{version}/{id}").safe().pool(ADS_INSIGHTS);
/// `GET /{report run}/insights`
pub const RUN_ROWS: Operation = Operation::new("meta.insights.run_rows", Method::GET, "/{version}/{id}/insights")
    .safe()
    .pool(ADS_INSIGHTS)
    .timeout(TimeoutClass::Long);

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[GET, START, RUN, RUN_ROWS];

/// Of what a report is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsightsOf {
    /// An ad account.
    Account(AdAccountId),
    /// A campaign.
    Campaign(CampaignId),
    /// An ad set.
    AdSet(AdSetId),
    /// An ad.
    Ad(AdId),
}

impl std::fmt::Display for InsightsOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Campaign(id) => id.fmt(f),
            Self::AdSet(id) => id.fmt(f),
            Self::Ad(id) => id.fmt(f),
        }
    }
}

impl From<AdAccountId> for InsightsOf {
    fn from(id: AdAccountId) -> Self {
        Self::Account(id)
    }
}

impl From<CampaignId> for InsightsOf {
    fn from(id: CampaignId) -> Self {
        Self::Campaign(id)
    }
}

impl From<AdSetId> for InsightsOf {
    fn from(id: AdSetId) -> Self {
        Self::AdSet(id)
    }
}

impl From<AdId> for InsightsOf {
    fn from(id: AdId) -> Self {
        Self::Ad(id)
    }
}

/// Reports on what ads did.
#[derive(Clone, Copy, Debug)]
pub struct InsightsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> InsightsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// One page of a report that is made while one waits. Safe to repeat. What is too large for that fails with an error
    /// that [asks for less](crate::MetaError::asks_for_less): make it as a [run](Self::start).
    pub fn get(&self, of: &InsightsOf, query: &InsightsQuery) -> MetaCall<'c, Page<InsightsRow>> {
        self.about(&GET, of).query(query)
    }

    /// Every row of a report that is made while one waits. With a `limit`, pages that are too heavy are halved.
    pub fn all(&self, of: &InsightsOf, query: InsightsQuery) -> Paged<InsightsRow> {
        let (meta, of) = (self.meta.clone(), of.clone());
        paged(query.after.clone(), query.limit, move |request| {
            let (meta, of) = (meta.clone(), of.clone());
            let query = InsightsQuery { after: request.cursor, limit: request.size, ..query.clone() };
            async move { InsightsClient::new(&meta).get(&of, &query).await }
        })
    }

    /// Begins a report as a job; it is kept for 30 days. Safe to repeat.
    pub fn start(&self, of: &InsightsOf, query: &InsightsQuery) -> MetaCall<'c, ReportRunStarted> {
        self.about(&START, of).body(query)
    }

    /// Reads where a run stands. Safe to repeat.
    pub fn run(&self, id: &ReportRunId) -> MetaCall<'c, ReportRun> {
        MetaCall::json(self.meta, &RUN).path("id", id)
    }

    /// Every row of a run that is [ready](ReportRun::is_ready), `limit` a page; Meta's own number when left out.
    pub fn rows(&self, id: &ReportRunId, limit: Option<u32>) -> Paged<InsightsRow> {
        let (meta, id) = (self.meta.clone(), id.clone());
        paged(None, limit, move |request| {
            let (meta, id) = (meta.clone(), id.clone());
            async move {
                let query = [("after", request.cursor), ("limit", request.size.map(|size| size.to_string()))];
                let call = MetaCall::json(&meta, &RUN_ROWS).path("id", &id);
                query
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
                    .fold(call, |call, (name, value)| call.param(name, value))
                    .await
            }
        })
    }

    /// Waits until a run is ready, asking after 2 s and then ever more rarely, every 30 s at the end. A large run takes up
    /// to an hour; dropping the future ends the waiting, not the run.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] when the run failed, with its code as the error's and retryable where that may pass, and
    /// [`ErrorKind::NotFound`] when it expired. Also those of the calls.
    pub async fn wait(&self, id: &ReportRunId) -> Result<ReportRun> {
        let mut waits = run::waits();
        loop {
            let run = self.run(id).await?;
            match &run.async_status {
                Some(AsyncStatus::Failed) => return Err(run.failure()),
                Some(AsyncStatus::Skipped) => {
                    return Err(Error::new(ErrorKind::NotFound, "the report's run has expired: begin it anew"));
                }
                _ if run.is_ready() => return Ok(run),
                _ => self.meta.http().runtime().sleep(waits.next().unwrap_or(run::LONGEST_PAUSE)).await,
            }
        }
    }

    /// Begins a report as a job, waits until it is ready and gives its rows: one call for reports of any size.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn report(&self, of: &InsightsOf, query: &InsightsQuery) -> Result<Paged<InsightsRow>> {
        let started = self.start(of, query).await?;
        self.wait(&started.report_run_id).await?;
        Ok(self.rows(&started.report_run_id, query.limit))
    }

    fn about<T: serde::de::DeserializeOwned + 'static>(
        &self,
        operation: &'static Operation,
        of: &InsightsOf,
    ) -> MetaCall<'c, T> {
        MetaCall::json(self.meta, operation).path("id", of)
    }
}

/// A run that was begun.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReportRunStarted {
    /// The run.
    pub report_run_id: ReportRunId,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use acd_core::testing::{Script, answer};
    use serde_json::json;

    use super::*;
    use crate::TimeRange;
    use crate::error::MetaError as _;
    use crate::testing::{scripted, sent};

    fn json(body: &serde_json::Value) -> Script {
        answer(200).body(body.to_string())
    }

    #[test]
    fn a_report_is_asked_for_as_metas_page_has_it() {
        let row = json!({ "impressions": "1200", "spend": "12.34", "date_start": "2026-01-01", "date_stop": "2026-01-07",
            "age": "18-24", "ctr": "1.5", "actions": [{ "action_type": "purchase", "value": "12", "7d_click": "9" }] });
        let (harness, meta) = scripted([json(&json!({ "data": [row] }))]);
        let query = InsightsQuery {
            level: Some(Level::Ad),
            breakdowns: vec![Breakdown::Age],
            time_range: Some(TimeRange { since: "2026-01-01".parse().unwrap(), until: "2026-01-07".parse().unwrap() }),
            time_increment: Some(TimeIncrement::Days(7)),
            action_attribution_windows: vec![AttributionWindow::Click7d],
            sort: vec!["spend_descending".to_owned()],
            ..InsightsQuery::of(InsightsFields::new().impressions().spend().actions())
        };
        let page = harness.run(meta.insights().get(&AdAccountId::from("17").into(), &query).into_future()).unwrap();
        let row = &page.data[0];
        assert_eq!((row.impressions, row.spend.as_ref().unwrap().as_str()), (Some(1200), "12.34"));
        assert_eq!(row.breakdown("age"), Some("18-24"));
        let action = &row.actions.as_ref().unwrap()[0];
        assert_eq!((action.value.as_ref().unwrap().as_str(), action.window("7d_click").unwrap().as_str()), ("12", "9"));
        let line = &sent(&harness)[0].0;
        for part in [
            "GET /v26.0/act_17/insights?",
            "fields=impressions%2Cspend%2Cactions",
            "level=ad",
            "breakdowns=%5B%22age%22%5D",
            "time_range=%7B%22since%22%3A%222026-01-01%22%2C%22until%22%3A%222026-01-07%22%7D",
            "time_increment=7",
            "action_attribution_windows=%5B%227d_click%22%5D",
            "sort=%5B%22spend_descending%22%5D",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }

    fn run(status: &str, percent: u8) -> Script {
        json(&json!({ "id": "7", "account_id": "17", "async_status": status, "async_percent_completion": percent }))
    }

    #[test]
    fn a_run_is_begun_waited_for_and_read() {
        let (harness, meta) = scripted([
            json(&json!({ "report_run_id": "7" })),
            run("Job Not Started", 0),
            run("Job Running", 50),
            run("Job Completed", 99),
            run("Job Completed", 100),
            json(
                &json!({ "data": [{ "clicks": "1" }], "paging": { "cursors": { "after": "c" }, "next": "https://x.test/" } }),
            ),
            json(&json!({ "data": [{ "clicks": "2" }] })),
        ]);
        let query = InsightsQuery { limit: Some(1), ..InsightsQuery::default() };
        let insights = meta.insights();
        let rows = harness.run(insights.report(&CampaignId::from("5").into(), &query)).unwrap();
        assert_eq!(harness.clock().elapsed(), Duration::from_secs(2 + 4 + 8));
        let rows = harness.run(rows.items().collect(9)).unwrap();
        assert_eq!(rows.iter().map(|row| row.clicks).collect::<Vec<_>>(), [Some(1), Some(2)]);
        let lines: Vec<_> = sent(&harness).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines[0], "POST /v26.0/5/insights");
        assert_eq!(lines[6], "GET /v26.0/7/insights?after=c&limit=1");
    }

    #[test]
    fn a_run_that_fails_says_why() {
        let failed = json!({ "id": "7", "async_status": "Job Failed", "async_percent_completion": 0, "error_code": 2,
            "error_subcode": 1504043, "error_message": "later", "error_user_title": "T", "error_user_msg": "M" });
        for (script, kind, retryable) in
            [(json(&failed), ErrorKind::Rejected, true), (run("Job Skipped", 0), ErrorKind::NotFound, false)]
        {
            let (harness, meta) = scripted([script]);
            let error = harness.run(meta.insights().wait(&"7".into())).unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable));
        }
    }

    #[test]
    fn a_report_that_is_too_large_asks_for_less() {
        let body = r#"{"error":{"message":"too much","code":100,"error_subcode":1487534}}"#;
        let (harness, meta) = scripted([answer(400).body(body)]);
        let call = meta.insights().get(&AdId::from("1").into(), &InsightsQuery::default());
        assert!(harness.run(call.into_future()).unwrap_err().asks_for_less());
    }
}
