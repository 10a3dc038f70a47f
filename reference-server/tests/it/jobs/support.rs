//! What tests of jobs share.

use acd_platform::JobId;
use acd_platform::PlatformClient;
use acd_platform::jobs::{
    ClaimJobs, ClaimedJob, CompleteJobs, CompletedJob, EnqueueJob, FailJobs, FailedJob, JobDetails, JobState,
};
use acd_platform::keys::Scope;
use serde_json::{Map, Value, json};

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;

pub(super) const ALL: [Scope; 3] = [Scope::JobsRead, Scope::JobsWrite, Scope::JobsWork];

/// A server whose time stands still.
pub(super) async fn at(time: &str) -> (TestApp, ManualClock) {
    let clock = ManualClock::at(time);
    let app = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    (app, clock)
}

pub(super) fn payload(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub(super) fn job(kind: &str) -> EnqueueJob {
    EnqueueJob::new(kind, payload(&json!({ "to": "ada@x.test" })))
}

pub(super) fn wanted(kind: &str, most: u16) -> ClaimJobs {
    ClaimJobs { kinds: vec![kind.to_owned()], limit: Some(most), worker: "tester".to_owned(), ..ClaimJobs::default() }
}

pub(super) async fn claim(client: &PlatformClient, kind: &str, most: u16) -> Vec<ClaimedJob> {
    client.jobs().claim(&wanted(kind, most)).await.unwrap().jobs
}

pub(super) fn done(jobs: &[ClaimedJob]) -> CompleteJobs {
    let done = |job: &ClaimedJob| CompletedJob { id: job.id, lease_id: job.lease_id, result: None };
    CompleteJobs { jobs: jobs.iter().map(done).collect() }
}

pub(super) fn failed(job: &ClaimedJob, error: &str) -> FailedJob {
    FailedJob {
        id: job.id,
        lease_id: job.lease_id,
        error: error.to_owned(),
        retry_after_ms: None,
        is_permanent: false,
        is_cancelled: false,
    }
}

pub(super) fn fail(job: FailedJob) -> FailJobs {
    FailJobs { jobs: vec![job] }
}

pub(super) async fn show(client: &PlatformClient, id: JobId) -> JobDetails {
    client.jobs().get(id).await.unwrap()
}

pub(super) async fn state(client: &PlatformClient, id: JobId) -> JobState {
    show(client, id).await.job.state
}
