//! Why a webhook was refused.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::error::Error;

/// Why a webhook was refused.
///
/// The reasons are for logs and counters of the receiver. Its answer carries the [`status`](Self::status) alone: every
/// further word would help someone who tries out signatures.
#[derive(Debug)]
#[non_exhaustive]
pub enum WebhookError {
    /// A header that the scheme needs is not there: this is no webhook of the scheme, or a proxy removed it.
    MissingHeader(&'static str),
    /// A header has not the form that the scheme gives it, or appears twice.
    Malformed {
        /// The header's name.
        header: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The header says that no signature comes with it, or only ones of a kind that is never accepted.
    Unsigned,
    /// No signature fits any of the secrets: another secret was used, the body is not the bytes that were signed, or the
    /// signatures are of a kind for which there is no key.
    NoMatch,
    /// The signature is right, but was made too long ago.
    Expired {
        /// How long ago.
        age: Duration,
    },
    /// The signature is right, but was made too far in the future: a clock is wrong, or the sender counts milliseconds.
    TooNew {
        /// How far ahead.
        ahead: Duration,
    },
    /// The message was taken before.
    Replayed,
    /// Whether the message was taken before could not be found out.
    Guard(Error),
    /// The message is authentic, but its body is not the JSON that was expected.
    Body(Error),
}

impl WebhookError {
    /// The reason in snake case, stable: a label for logs and counters.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingHeader(_) => "missing_header",
            Self::Malformed { .. } => "malformed",
            Self::Unsigned => "unsigned",
            Self::NoMatch => "no_match",
            Self::Expired { .. } => "expired",
            Self::TooNew { .. } => "too_new",
            Self::Replayed => "replayed",
            Self::Guard(_) => "guard",
            Self::Body(_) => "body",
        }
    }

    /// The status to answer with, and nothing besides: 400 for what is no webhook of the scheme, 401 for what is not
    /// authentic, 503 when the sender should come again, and 200 for a replay, since a sender repeats what it believes
    /// undelivered until it is told otherwise.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MissingHeader(_) | Self::Malformed { .. } | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Unsigned | Self::NoMatch | Self::Expired { .. } | Self::TooNew { .. } => StatusCode::UNAUTHORIZED,
            Self::Replayed => StatusCode::OK,
            Self::Guard(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader(header) => {
                write!(f, "the header `{header}` is missing: no webhook of this scheme, or a proxy removed it")
            }
            Self::Malformed { header, problem } => write!(f, "the header `{header}` {problem}"),
            Self::Unsigned => {
                f.write_str("there is no signature of a kind that is accepted: set a secret at the sender")
            }
            Self::NoMatch => f.write_str(
                "no signature matches: check the secret, and that the body is verified as the bytes that arrived",
            ),
            Self::Expired { age } => write!(f, "signed {age:?} ago, which is too long"),
            Self::TooNew { ahead } => {
                write!(f, "signed {ahead:?} ahead of now: check this machine's clock and the sender's unit of time")
            }
            Self::Replayed => f.write_str("this message was taken before"),
            Self::Guard(cause) => write!(f, "whether this message was taken before is unknown: {cause}"),
            Self::Body(cause) => write!(f, "the message is authentic, but {cause}"),
        }
    }
}

impl std::error::Error for WebhookError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Guard(cause) | Self::Body(cause) => Some(cause),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_sender_repeats_only_what_may_succeed_later() {
        let down = WebhookError::Guard(Error::new(ErrorKind::Environment, "the database is down"));
        assert_eq!(down.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(down.code(), "guard");
        assert!(down.to_string().ends_with("the database is down") && down.source().is_some());
        assert_eq!(WebhookError::Replayed.status(), StatusCode::OK);
        assert_eq!(WebhookError::NoMatch.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(WebhookError::MissingHeader("x").status(), StatusCode::BAD_REQUEST);
    }
}
