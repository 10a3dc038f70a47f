//! The job that carries a publication out.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::service::Publishing;
use super::work::Work;
use crate::jobs::{Handler, JobContext, JobError, Policy};

/// Carries out publications.
#[derive(Debug)]
pub struct Publisher {
    publishing: Publishing,
}

/// Which publication, and which run of it: another try of one that had ended is another run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The publication.
    pub publication: Uuid,
    /// The run.
    pub run: i32,
}

impl Publisher {
    /// Carries out what this service accepted.
    pub fn new(publishing: Publishing) -> Self {
        Self { publishing }
    }
}

impl Handler for Publisher {
    const KIND: &'static str = "acd.ads.publish";
    // What waits for a limit comes back: attempts are no measure of failure here, each thing counts its own.
    const POLICY: Policy = Policy {
        timeout: Duration::from_secs(3_600),
        max_attempts: 1_000,
        backoff: Duration::from_secs(5),
        backoff_max: Duration::from_secs(300),
    };
    type Payload = Publish;

    async fn run(
        &self,
        context: &JobContext,
        Publish { publication, run }: Publish,
    ) -> Result<Option<Value>, JobError> {
        match Work::take(&self.publishing, publication, run).await? {
            Some(work) => Box::pin(work.carry_out(context)).await.map(|state| Some(json!({ "state": state }))),
            None => Ok(None),
        }
    }
}
