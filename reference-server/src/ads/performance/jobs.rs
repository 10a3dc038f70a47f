//! The jobs of the sync: a schedule plans it each hour, each account has its own job, and a large report one for each look at it.

use std::time::Duration;

use acd_meta::AdAccountId;
use acd_platform::ads::daily::DailyLevel;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::service::Performance;
use super::sync::failure;
use crate::jobs::{Handler, JobContext, JobError, NewJob, Policy, WorkersBuilder, enqueue};
use crate::kernel::request_id::RequestId;

/// Puts a sync of each ad account in use into the queue. A schedule of the platform's own runs it each hour.
#[derive(Clone, Debug)]
pub(super) struct PlanSyncs(Performance);

/// It needs to be told nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanSyncsPayload {}

impl Handler for PlanSyncs {
    const KIND: &'static str = "acd.ads.plan_syncs";
    type Payload = PlanSyncsPayload;

    async fn run(&self, _: &JobContext, _: PlanSyncsPayload) -> Result<Option<Value>, JobError> {
        let Self(performance) = self;
        let accounts = performance.accounts_in_use().await?;
        let since = performance.clock.now();
        let mut tx = performance.as_service().await?;
        for account in &accounts {
            let payload = SyncAccountPayload { account: account.clone(), since };
            // One that takes longer than an hour is not joined by another.
            let job = NewJob::of::<SyncAccount>(&payload)?.unique_key(account.to_string());
            enqueue(&mut tx, &performance.clock, None, &job, &RequestId::new()).await?;
        }
        tx.commit().await?;
        Ok(Some(json!({ "accounts": accounts.len() })))
    }
}

/// Syncs an ad account.
#[derive(Clone, Debug)]
pub(super) struct SyncAccount(Performance);

/// Which account, and since when what was read counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncAccountPayload {
    /// The account.
    pub(super) account: AdAccountId,
    /// What was read since then is not read again.
    pub(super) since: DateTime<Utc>,
}

impl Handler for SyncAccount {
    const KIND: &'static str = "acd.ads.sync_account";
    /// Calls wait for their turn behind everybody who waits for an answer; what is left after an hour the next sync does.
    const POLICY: Policy = Policy {
        timeout: Duration::from_secs(1_800),
        max_attempts: 6,
        backoff: Duration::from_secs(30),
        backoff_max: Duration::from_secs(600),
    };
    type Payload = SyncAccountPayload;

    async fn run(&self, context: &JobContext, payload: SyncAccountPayload) -> Result<Option<Value>, JobError> {
        self.0.sync(context, &payload.account, payload.since).await.map(Some)
    }
}

/// Looks at a report that Meta makes, and stores it when it is ready.
#[derive(Clone, Debug)]
pub(super) struct CollectReport(Performance);

/// Which report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectReportPayload {
    /// The account.
    pub(super) account: AdAccountId,
    /// What its rows stand for.
    pub(super) level: DailyLevel,
    /// Its id at Meta.
    pub(super) report_run: String,
    /// Which look at it this is, from 1.
    pub(super) look: u32,
}

impl Handler for CollectReport {
    const KIND: &'static str = "acd.ads.collect_report";
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1_800), ..Policy::DEFAULT };
    type Payload = CollectReportPayload;

    async fn run(&self, _: &JobContext, payload: CollectReportPayload) -> Result<Option<Value>, JobError> {
        let state = self.0.collect(&payload).await.map_err(failure)?;
        Ok(Some(json!({ "report": state })))
    }
}

/// Workers that do the jobs of the sync too.
pub fn handled(workers: WorkersBuilder, performance: &Performance) -> WorkersBuilder {
    workers
        .handle(PlanSyncs(performance.clone()))
        .handle(SyncAccount(performance.clone()))
        .handle(CollectReport(performance.clone()))
}
