//! An error as plain data.

use std::time::Duration;

use serde::Serialize;

use super::Error;
use super::format::causes;
use crate::call::Attempt;
use crate::retry::GiveUp;

/// What an [`Error`] says, as plain fields: for structured logs, and for the bindings, which cannot pass the error itself.
/// Holds nothing that `Display` and `Debug` would not show, and every field is always there, `null` or empty if unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorView {
    /// The class, as [`ErrorKind::as_str`](super::ErrorKind::as_str) names it.
    pub kind: &'static str,
    /// The one-line form.
    pub message: String,
    /// The name of the operation.
    pub operation: Option<&'static str>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The server's machine-readable code.
    pub code: Option<String>,
    /// The server's explanation.
    pub detail: Option<String>,
    /// The server's id for the exchange.
    pub request_id: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// How long the server asked to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Whether the server may have acted.
    pub may_have_been_sent: bool,
    /// Where in a JSON document decoding failed.
    pub json_path: Option<String>,
    /// The beginning of the answer's body.
    pub body_excerpt: Option<String>,
    /// What each attempt did, in order.
    pub attempts: Vec<AttemptView>,
    /// Why a failure that may pass was not retried further.
    pub gave_up: Option<GiveUp>,
    /// The time from start to end, in milliseconds.
    pub elapsed_ms: Option<u64>,
    /// The causes, the nearest first.
    pub causes: Vec<String>,
}

/// What an [`Attempt`] did, as plain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AttemptView {
    /// Its place in the call, from 1.
    pub number: u32,
    /// The time from the call's start to the attempt's, in milliseconds.
    pub started_ms: u64,
    /// The time it took, in milliseconds; unknown when the overall deadline cut it short.
    pub took_ms: Option<u64>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The kind of failure, if there was no answer.
    pub failure: Option<&'static str>,
    /// Whether the server may have acted.
    pub may_have_been_sent: bool,
}

impl ErrorView {
    pub(super) fn of(error: &Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            message: error.to_string(),
            operation: error.operation(),
            status: error.status().map(|status| status.as_u16()),
            code: error.code().map(str::to_owned),
            detail: error.detail().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            retryable: error.is_retryable(),
            retry_after_ms: error.retry_after().map(milliseconds),
            may_have_been_sent: error.may_have_been_sent(),
            json_path: error.json_path().map(str::to_owned),
            body_excerpt: error.body_excerpt().map(str::to_owned),
            attempts: error.attempts().iter().map(AttemptView::of).collect(),
            gave_up: error.gave_up(),
            elapsed_ms: error.elapsed().map(milliseconds),
            causes: causes(error).collect(),
        }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number(),
            started_ms: milliseconds(attempt.started()),
            took_ms: attempt.took().map(milliseconds),
            status: attempt.status().map(|status| status.as_u16()),
            failure: attempt.failure().map(super::ErrorKind::as_str),
            may_have_been_sent: attempt.may_have_been_sent(),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Harness, Script, answer};
    use crate::{Error, ErrorKind, RetryConfig};

    /// The bindings are built on this shape.
    #[test]
    fn the_view_has_this_shape() {
        let cut =
            || Error::new(ErrorKind::Interrupted, "the connection was cut").with_source(std::io::Error::other("reset"));
        let body = r#"{"code":"busy","detail":"come back"}"#;
        let busy = answer(503).header("retry-after", "2").header("x-request-id", "r1").body(body);
        let harness = Harness::new([Script::fail(cut), busy]);
        let at_once = RetryConfig::default().with_max_attempts(2).with_backoff(Default::default(), Default::default());
        let client = harness.client().retry(at_once).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        let expected = json!({
            "kind": "server",
            "message": "test.get: the server answered 503 Service Unavailable (busy): come back; request id r1; \
                retry after 2s; gave up: all attempts are used; 2 attempts in 0.0ns",
            "operation": "test.get",
            "status": 503,
            "code": "busy",
            "detail": "come back",
            "request_id": "r1",
            "retryable": true,
            "retry_after_ms": 2000,
            "may_have_been_sent": true,
            "json_path": null,
            "body_excerpt": body,
            "attempts": [
                {
                    "number": 1, "started_ms": 0, "took_ms": 0,
                    "status": null, "failure": "interrupted", "may_have_been_sent": true,
                },
                { "number": 2, "started_ms": 0, "took_ms": 0, "status": 503, "failure": null, "may_have_been_sent": true },
            ],
            "gave_up": "attempts",
            "elapsed_ms": 0,
            "causes": [],
        });
        assert_eq!(serde_json::to_value(error.view()).unwrap(), expected);
        assert_eq!(cut().view().causes, ["reset"]);
    }
}
