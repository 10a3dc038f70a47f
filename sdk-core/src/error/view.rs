//! An error as flat data.

use serde::Serialize;

use super::Error;

/// What an [`Error`] says, as plain fields: for structured logs, and for the bindings, which cannot pass the error itself.
/// Holds nothing that `Display` and `Debug` would not show.
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
    /// How many attempts were made.
    pub attempts: usize,
    /// The time from start to end, in milliseconds.
    pub elapsed_ms: Option<u64>,
}

impl ErrorView {
    pub(super) fn of(error: &Error) -> Self {
        let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
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
            attempts: error.attempts().len(),
            elapsed_ms: error.elapsed().map(milliseconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn the_view_is_flat_json() {
        let error = Error::new(ErrorKind::Throttled, "slow down").with_retry_after(Duration::from_secs(2));
        let json = serde_json::to_value(error.view()).unwrap();
        assert_eq!(json["kind"], "throttled");
        assert_eq!(json["retry_after_ms"], 2000);
        assert_eq!(json["retryable"], true);
        assert!(json.as_object().unwrap().values().all(|value| !value.is_object() && !value.is_array()));
    }
}
