//! What went wrong, in one word.

use http::StatusCode;
use serde::Serialize;

/// The class of a failure. New classes may be added: keep a wildcard arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client was built with settings that cannot work. Nothing was sent.
    Configuration,
    /// The call could not be turned into a request: a missing parameter, a header value that is not one. Nothing was
    /// sent.
    Request,
    /// The machine lacks something: randomness, an executor. Nothing was sent.
    Environment,
    /// Credentials could not be obtained or applied. Nothing was sent.
    Credentials,
    /// The breaker of the server is open. Nothing was sent.
    CircuitOpen,
    /// The limit of a pool is reached on this side. Nothing was sent.
    RateLimited,
    /// No connection: DNS, TCP or TLS failed. Nothing was sent.
    Connect,
    /// The connection broke after the request may have left; the server may have acted.
    Interrupted,
    /// An attempt's timeout or the overall deadline passed; the server may have acted.
    Timeout,
    /// The answer's body is larger than the call allows.
    TooLarge,
    /// The answer's body could not be understood.
    Decode,
    /// What arrived is not what was meant to be sent: a checksum differs, or the source of an upload changed.
    Integrity,
    /// The server asked to go elsewhere (3xx). Redirects are not followed, as they would carry credentials along.
    Redirect,
    /// The server does not know the caller (401).
    Unauthenticated,
    /// The caller may not do this (403).
    Forbidden,
    /// There is no such thing, or not for this caller (404, 410).
    NotFound,
    /// The call contradicts the present state (409, 412).
    Conflict,
    /// Too many calls (429).
    Throttled,
    /// The server refuses the call as it is (the other 4xx).
    Rejected,
    /// The server failed (5xx).
    Server,
}

impl ErrorKind {
    /// The name, in snake case, as logs and bindings show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Request => "request",
            Self::Environment => "environment",
            Self::Credentials => "credentials",
            Self::CircuitOpen => "circuit_open",
            Self::RateLimited => "rate_limited",
            Self::Connect => "connect",
            Self::Interrupted => "interrupted",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Decode => "decode",
            Self::Integrity => "integrity",
            Self::Redirect => "redirect",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::Rejected => "rejected",
            Self::Server => "server",
        }
    }

    /// The class of an answer that is not a success.
    pub fn from_status(status: StatusCode) -> Self {
        match status.as_u16() {
            300..=399 => Self::Redirect,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            408 => Self::Timeout,
            409 | 412 => Self::Conflict,
            429 => Self::Throttled,
            500..=599 => Self::Server,
            _ => Self::Rejected,
        }
    }

    /// Whether such a failure tends to pass by itself.
    pub(crate) const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::CircuitOpen | Self::RateLimited | Self::Connect | Self::Interrupted | Self::Timeout | Self::Throttled
        )
    }

    /// Whether such a failure happens before anything leaves the process.
    pub(super) const fn is_before_sending(self) -> bool {
        matches!(
            self,
            Self::Configuration
                | Self::Request
                | Self::Environment
                | Self::Credentials
                | Self::CircuitOpen
                | Self::RateLimited
                | Self::Connect
        )
    }
}

/// The statuses after which the same call may well succeed: a timeout, too many calls, and the server errors that
/// gateways and restarts produce. 501 and 505 stay as they are however often one asks.
pub(crate) fn is_transient_status(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_is_the_serialised_one() {
        for kind in [ErrorKind::TooLarge, ErrorKind::NotFound, ErrorKind::Server, ErrorKind::Credentials] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn every_failing_status_has_a_kind() {
        let kind = |status| ErrorKind::from_status(StatusCode::from_u16(status).unwrap());
        assert_eq!(kind(301), ErrorKind::Redirect);
        assert_eq!(kind(418), ErrorKind::Rejected);
        assert_eq!(kind(429), ErrorKind::Throttled);
        assert_eq!(kind(599), ErrorKind::Server);
    }
}
