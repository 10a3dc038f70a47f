//! One span and one record per attempt.

use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;

/// Opens a span with the field names of OpenTelemetry's semantic conventions for HTTP clients, and records the attempt
/// in the call, where it stays even if the deadline drops everything behind.
pub(super) struct AttemptSpan<S>(pub(super) S);

impl<S: Step> Step for AttemptSpan<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let number = call.begin_attempt();
        let operation = call.operation();
        let uri = call.request().uri();
        let span = info_span!(
            "attempt",
            otel.name = operation.name(),
            otel.kind = "client",
            http.request.method = call.request().method().as_str(),
            http.request.resend_count = number - 1,
            server.address = uri.host(),
            server.port = uri.port_u16().or_else(|| default_port(uri.scheme_str())),
            url.full = %call.allow_list().uri(uri),
            url.template = operation.path(),
            http.response.status_code = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        let result = self.0.run(call).instrument(span.clone()).await;
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
            span.record("error.type", error.kind().as_str());
            span.record("otel.status_code", "ERROR");
        }
        result
    }
}

fn default_port(scheme: Option<&str>) -> Option<u16> {
    match scheme? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
