//! One attempt at a job.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use acd_platform::JobId;
use acd_platform::jobs::AttemptOutcome;
use futures_util::FutureExt as _;
use serde_json::Value;
use tracing::Instrument as _;

use super::acks::Ack;
use super::held::Signals;
use super::{ProgressSender, Shared};
use crate::jobs::handler::{AnyHandler, JobContext, JobError, Next};
use crate::jobs::new::check_result;
use crate::jobs::store::claim::Claimed;
use crate::jobs::store::settle::{Failure, Hold};
use crate::jobs::work::shown;

/// Runs the handler; nothing is to be said when the lease was lost.
pub(super) async fn attempt(shared: &Shared, job: Claimed, hold: Hold, signals: Signals) -> Option<Ack> {
    let Some(handler) = shared.handlers.get(&job.kind) else {
        return Some(Ack::Released(hold));
    };
    let context = JobContext {
        id: JobId::from(job.id),
        product: job.product.as_deref().and_then(|slug| slug.parse().ok()),
        attempt: job.attempt.unsigned_abs(),
        cancelled: signals.cancelled,
        progress: ProgressSender::new(Arc::clone(&shared.held), job.id),
    };
    let span = tracing::info_span!("job", job_id = %context.id, kind = job.kind, attempt = job.attempt);
    let started = Instant::now();
    let ended = {
        let run = run(&**handler, &context, job.payload).instrument(span.clone());
        tokio::select! {
            biased;
            () = signals.stop.cancelled() => None,
            ended = run => Some(ended),
        }
    };
    metrics::histogram!("acd_jobs_run_seconds").record(started.elapsed());
    let _entered = span.enter();
    match ended {
        None if shared.handing_back.is_cancelled() => Some(Ack::Released(hold)),
        None => {
            tracing::warn!("the lease was lost; another worker begins anew");
            None
        }
        Some(Ok(result)) => Some(Ack::Done(hold, result)),
        Some(Err((outcome, error))) => {
            tracing::info!(outcome = outcome.as_str(), "an attempt failed: {error}");
            let retry_after_ms = match error.next {
                Next::After(wait) => Some(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
                Next::Backoff | Next::Never | Next::Cancelled => None,
            };
            Some(Ack::Failed(Failure {
                hold,
                outcome: outcome.as_str(),
                error: shown(&error.text),
                retry_after_ms,
                is_permanent: error.next == Next::Never,
            }))
        }
    }
}

async fn run(
    handler: &dyn AnyHandler,
    context: &JobContext,
    payload: Value,
) -> Result<Option<Value>, (AttemptOutcome, JobError)> {
    let running = AssertUnwindSafe(handler.run(context, payload)).catch_unwind();
    let ended = match tokio::time::timeout(handler.timeout(), running).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(panic)) => Err(JobError::retry(format_args!("the handler panicked: {}", told(&*panic)))),
        Err(_) => {
            let why = format!("it took longer than {} s, which its kind may", handler.timeout().as_secs_f64());
            return Err((AttemptOutcome::TimedOut, JobError::retry(why)));
        }
    };
    let storable = ended.and_then(|result| match result.as_ref().map_or(Ok(()), check_result) {
        Ok(()) => Ok(result),
        Err(problem) => Err(JobError::permanent(problem)),
    });
    storable.map_err(|error| match error.next {
        Next::Cancelled => (AttemptOutcome::Cancelled, error),
        Next::Backoff | Next::After(_) | Next::Never => (AttemptOutcome::Failed, error),
    })
}

fn told(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}
