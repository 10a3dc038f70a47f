//! One span and one record per attempt.

use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;
use crate::telemetry::http::{ErrorType, error_type, server_address, server_port};

/// Opens a span after OpenTelemetry's [semantic conventions for HTTP
/// clients](https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client), and records the attempt in the
/// call, where it stays even if the deadline drops everything behind.
pub(super) struct AttemptSpan<S>(pub(super) S);

impl<S: Step> Step for AttemptSpan<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let number = call.begin_attempt();
        let (operation, method, uri) = (call.operation(), call.request().method(), call.request().uri());
        let span = info_span!(
            "attempt",
            otel.name = %format_args!("{method} {}", operation.path()),
            otel.kind = "client",
            http.request.method = method.as_str(),
            http.request.resend_count = (number > 1).then(|| number - 1),
            server.address = server_address(uri),
            server.port = server_port(uri),
            url.full = %call.allow_list().uri(uri),
            url.template = operation.path(),
            http.response.status_code = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        let mut unfinished = Unfinished(Some(&span));
        let result =
            if span.is_disabled() { self.0.run(call).await } else { self.0.run(call).instrument(span.clone()).await };
        unfinished.0 = None;
        if let Some((attempt, took)) = call.attempt_mut() {
            match &result {
                Ok(response) => attempt.answered(response.status(), took),
                Err(error) => attempt.failed(error, took),
            }
            if let Some(status) = attempt.status() {
                span.record("http.response.status_code", status.as_u16());
            }
        }
        if let Err(error) = &result {
            span.record("error.type", error_type(error).as_str());
            span.record("otel.status_code", "ERROR");
        }
        result
    }
}

/// Says of an attempt that is dropped, by the deadline or by its caller, that it had no end of its own.
struct Unfinished<'a>(Option<&'a Span>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(span) = self.0 {
            span.record("error.type", ErrorType::cancelled().as_str());
            span.record("otel.status_code", "ERROR");
        }
    }
}
