//! What does the jobs of a kind.

use std::fmt;
use std::time::Duration;

use acd_platform::{JobId, ProductSlug};
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::workers::ProgressSender;
use crate::kernel::problem::Problem;

/// How the jobs of a kind are treated. What concerns repeats is kept with each job when it is put into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Attempts after which a job is given up, 1 to 1,000.
    pub max_attempts: u32,
    /// The wait before the first repeat; it doubles with each further one and is shortened at random by up to half.
    pub backoff: Duration,
    /// The longest wait between two attempts.
    pub backoff_max: Duration,
}

impl Policy {
    /// 5 minutes an attempt, 10 attempts, 1 s and at most an hour between them.
    pub const DEFAULT: Self = Self {
        timeout: Duration::from_secs(300),
        max_attempts: 10,
        backoff: Duration::from_secs(1),
        backoff_max: Duration::from_secs(3_600),
    };
}

/// Does the jobs of one kind.
///
/// A job may be run more than once: when a worker dies, or its answer is lost, another one begins anew. The job's id is the same
/// each time; what is done by it should be harmless to repeat.
pub trait Handler: Send + Sync + 'static {
    /// The kind.
    const KIND: &'static str;
    /// How its jobs are treated.
    const POLICY: Policy = Policy::DEFAULT;
    /// What a job is to be done with.
    type Payload: DeserializeOwned + Send;

    /// Does a job, and gives what came of it, if anything.
    fn run(
        &self,
        context: &JobContext,
        payload: Self::Payload,
    ) -> impl Future<Output = Result<Option<Value>, JobError>> + Send;
}

/// The job that runs.
#[derive(Clone, Debug)]
pub struct JobContext {
    /// Its id, the same in each attempt.
    pub id: JobId,
    /// The product it belongs to; none for the platform's own.
    pub product: Option<ProductSlug>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    pub(super) cancelled: CancellationToken,
    pub(super) progress: ProgressSender,
}

impl JobContext {
    /// Set when the job is called off: the handler may stop then, with [`JobError::cancelled`].
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// Says how far the job is, in percent, and a word to that. Kept with the next heartbeat.
    pub fn progress(&self, percent: u8, note: impl Into<String>) {
        self.progress.send(percent.min(100), note.into());
    }

    /// Does a long work in short transactions: repeats `batch`, which says how many rows it took, until it takes fewer than
    /// `full`, and gives the sum. Stops between two of them when the job is called off.
    pub(crate) async fn in_batches<B>(&self, full: i64, mut batch: impl FnMut() -> B) -> Result<u64, JobError>
    where
        B: Future<Output = Result<u64, Problem>>,
    {
        let mut sum = 0;
        loop {
            if self.cancelled.is_cancelled() {
                return Err(JobError::cancelled());
            }
            let taken = batch().await?;
            sum += taken;
            if taken < full.unsigned_abs() {
                return Ok(sum);
            }
        }
    }
}

/// Why an attempt did not do the job, and whether another one is of use.
#[derive(Debug)]
pub struct JobError {
    pub(super) text: String,
    pub(super) next: Next,
}

/// What comes after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Backoff,
    After(Duration),
    Never,
    Cancelled,
}

impl JobError {
    /// It may succeed another time, after the kind's backoff.
    pub fn retry(why: impl fmt::Display) -> Self {
        Self { text: why.to_string(), next: Next::Backoff }
    }

    /// It may succeed after this time, as a `Retry-After` says it.
    pub fn retry_after(why: impl fmt::Display, wait: Duration) -> Self {
        Self { text: why.to_string(), next: Next::After(wait) }
    }

    /// It will never succeed: the job is given up now.
    pub fn permanent(why: impl fmt::Display) -> Self {
        Self { text: why.to_string(), next: Next::Never }
    }

    /// It stopped because the job was called off.
    pub fn cancelled() -> Self {
        Self { text: "called off".to_owned(), next: Next::Cancelled }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for JobError {}

impl From<Problem> for JobError {
    fn from(problem: Problem) -> Self {
        let cause = problem.cause_chain().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::retry(format_args!("{}{cause}", problem.detail))
    }
}

/// A handler of any kind.
pub(super) trait AnyHandler: Send + Sync {
    fn timeout(&self) -> Duration;
    fn run<'a>(&'a self, context: &'a JobContext, payload: Value) -> BoxFuture<'a, Result<Option<Value>, JobError>>;
}

impl<H: Handler> AnyHandler for H {
    fn timeout(&self) -> Duration {
        H::POLICY.timeout
    }

    fn run<'a>(&'a self, context: &'a JobContext, payload: Value) -> BoxFuture<'a, Result<Option<Value>, JobError>> {
        Box::pin(async move {
            let payload = serde_json::from_value(payload)
                .map_err(|error| JobError::permanent(format_args!("the payload does not fit its kind: {error}")))?;
            Handler::run(self, context, payload).await
        })
    }
}
