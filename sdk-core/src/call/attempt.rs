//! The record of one attempt.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use smallvec::SmallVec;

use crate::error::{Error, ErrorKind};

/// The attempts of a call. Most have one, which needs no allocation.
pub(crate) type Attempts = SmallVec<[Attempt; 1]>;

/// What one attempt of a call did and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    number: u32,
    started: Duration,
    took: Option<Duration>,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Still under way, or dropped by the deadline while it was.
    Unfinished,
    Answered {
        status: StatusCode,
        /// False when the server said that it refused the call without acting on it.
        maybe_acted: bool,
    },
    Failed {
        kind: ErrorKind,
        maybe_sent: bool,
    },
}

impl Attempt {
    pub(crate) const fn begin(number: u32, started: Duration) -> Self {
        Self { number, started, took: None, outcome: Outcome::Unfinished }
    }

    pub(crate) fn answered(&mut self, status: StatusCode, took: Duration) {
        self.outcome = Outcome::Answered { status, maybe_acted: true };
        self.took = Some(took);
    }

    pub(crate) fn failed(&mut self, error: &Error, took: Duration) {
        self.took = Some(took);
        let maybe = error.may_have_been_sent();
        self.outcome = match error.status() {
            Some(status) => Outcome::Answered { status, maybe_acted: maybe },
            None => Outcome::Failed { kind: error.kind(), maybe_sent: maybe },
        };
    }

    /// Its place in the call, from 1.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The time from the call's start to the attempt's.
    pub const fn started(&self) -> Duration {
        self.started
    }

    /// The time it took, or `None` when the overall deadline cut it short.
    pub const fn took(&self) -> Option<Duration> {
        self.took
    }

    /// The status of the answer, if there was one.
    pub const fn status(&self) -> Option<StatusCode> {
        match self.outcome {
            Outcome::Answered { status, .. } => Some(status),
            Outcome::Unfinished | Outcome::Failed { .. } => None,
        }
    }

    /// The kind of failure, if there was no answer.
    pub const fn failure(&self) -> Option<ErrorKind> {
        match self.outcome {
            Outcome::Unfinished => Some(ErrorKind::Timeout),
            Outcome::Failed { kind, .. } => Some(kind),
            Outcome::Answered { .. } => None,
        }
    }

    /// Whether the request may have reached the server. False as well when the server is known to have refused it without
    /// acting.
    pub const fn may_have_been_sent(&self) -> bool {
        match self.outcome {
            Outcome::Unfinished => true,
            Outcome::Answered { maybe_acted, .. } => maybe_acted,
            Outcome::Failed { maybe_sent, .. } => maybe_sent,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {}: ", self.number)?;
        match self.outcome {
            Outcome::Unfinished => f.write_str("cut short")?,
            Outcome::Answered { status, .. } => write!(f, "{status}")?,
            Outcome::Failed { kind, maybe_sent: true } => write!(f, "{}, may have been sent", kind.as_str())?,
            Outcome::Failed { kind, maybe_sent: false } => write!(f, "{}, not sent", kind.as_str())?,
        }
        write!(f, ", began at {:.1?}", self.started)?;
        self.took.map_or(Ok(()), |took| write!(f, ", took {took:.1?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_never_ended_may_have_been_sent() {
        let attempt = Attempt::begin(2, Duration::from_secs(1));
        assert!(attempt.may_have_been_sent());
        assert_eq!(attempt.to_string(), "attempt 2: cut short, began at 1.0s");
    }

    #[test]
    fn a_refused_connection_was_not_sent() {
        let mut attempt = Attempt::begin(1, Duration::ZERO);
        attempt.failed(&Error::new(ErrorKind::Connect, "refused"), Duration::from_millis(5));
        assert!(!attempt.may_have_been_sent());
        assert_eq!(attempt.to_string(), "attempt 1: connect, not sent, began at 0.0ns, took 5.0ms");
    }
}
