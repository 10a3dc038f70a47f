//! The outermost step: one span per call, and an error that knows the whole story.

use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;
use crate::telemetry::OperationWatch;

pub(super) struct OperationSpan<S>(pub(super) S);

impl<S: Step> Step for OperationSpan<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let operation = call.operation();
        let span = info_span!(
            "operation",
            otel.name = operation.name(),
            otel.kind = "internal",
            acd.operation.name = operation.name(),
            acd.operation.safety = operation.safety().as_str(),
            acd.operation.attempts = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        let watch = OperationWatch::start(call);
        // Without anyone listening the instrumentation would only move the future once more.
        let result =
            if span.is_disabled() { self.0.run(call).await } else { self.0.run(call).instrument(span.clone()).await };
        let attempts = call.take_attempts();
        span.record("acd.operation.attempts", attempts.len());
        if let Some(watch) = watch {
            watch.stop(attempts.len(), result.as_ref().err());
        }
        match result {
            Ok(response) => Ok(response.with_call(operation.name(), attempts)),
            Err(error) => {
                span.record("error.type", error.kind().as_str());
                span.record("otel.status_code", "ERROR");
                Err(error.with_operation(operation.name()).with_attempts(attempts, call.elapsed()))
            }
        }
    }
}
