//! What can go wrong, by what an app does about it.

use std::error::Error as _;
use std::iter::successors;

use acd_analytics::app::AppError;
use acd_analytics::{BuildError, EnqueueError, FlushError, JournalError};
use acd_core::{Error, ErrorKind};

use crate::session::StorageError;

/// Why a call failed. What an app does about it differs from case to case.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum MobileError {
    /// A setting cannot work: mend the program.
    #[error("{reason}")]
    Setting {
        /// Which one, and what it must be.
        reason: String,
    },
    /// The event cannot be stored as it is: mend the program.
    #[error("{reason}")]
    Event {
        /// What is wrong with it.
        reason: String,
    },
    /// The user has not agreed to be tracked.
    #[error("consent is withheld: call set_consent once the user agrees")]
    ConsentWithheld,
    /// Memory or disk hold as many events as they may.
    #[error("{reason}")]
    QueueFull {
        /// Which limit was reached.
        reason: String,
    },
    /// The object was shut down.
    #[error("the object was shut down: make a new one")]
    Closed,
    /// The disk or the secure storage refused.
    #[error("{reason}")]
    Storage {
        /// What it said.
        reason: String,
    },
    /// Nobody is signed in, or no longer: have the user sign in.
    #[error("{}", .failure.summary)]
    SignedOut {
        /// What happened.
        failure: Box<Failure>,
    },
    /// The server could not be reached, or was too slow: try again when the network is back.
    #[error("{}", .failure.summary)]
    Network {
        /// What happened.
        failure: Box<Failure>,
    },
    /// Too many calls: try again after `retry_after_ms`.
    #[error("{}", .failure.summary)]
    Busy {
        /// What happened.
        failure: Box<Failure>,
    },
    /// The server refuses the call, and would again: the user may not do this, or there is no such thing.
    #[error("{}", .failure.summary)]
    Refused {
        /// What happened.
        failure: Box<Failure>,
    },
    /// The server failed, or answered what was not understood.
    #[error("{}", .failure.summary)]
    Server {
        /// What happened.
        failure: Box<Failure>,
    },
    /// The library cannot go on: a bug, or a process at its end.
    #[error("{reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

/// What is known of a failed call.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Failure {
    /// The class in one word, such as `timeout`, `forbidden`, `not_found`.
    pub kind: String,
    /// One line with everything below. Holds no secrets.
    pub summary: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The server's code, such as `token_expired`.
    pub code: Option<String>,
    /// The server's id of the request, for its operators.
    pub request_id: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// How long to wait before it, in milliseconds, where the server said so.
    pub retry_after_ms: Option<u64>,
    /// Whether the server may have acted.
    pub may_have_been_sent: bool,
    /// Attempts made.
    pub attempts: u32,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let view = error.view();
        Self {
            kind: view.kind.to_owned(),
            summary: view.message,
            status: view.status,
            code: view.code,
            request_id: view.request_id,
            retryable: view.retryable,
            retry_after_ms: view.retry_after_ms,
            may_have_been_sent: view.may_have_been_sent,
            attempts: u32::try_from(view.attempts.len()).unwrap_or(u32::MAX),
        }
    }
}

impl From<&Error> for MobileError {
    fn from(error: &Error) -> Self {
        let mut causes = successors(error.source(), |&cause| cause.source());
        if let Some(cause) = causes.find_map(|cause| cause.downcast_ref::<StorageError>()) {
            return Self::Storage { reason: cause.to_string() };
        }
        let failure = Box::new(Failure::from(error));
        match error.kind() {
            ErrorKind::Configuration => Self::Setting { reason: failure.summary },
            ErrorKind::Environment => Self::Internal { reason: failure.summary },
            // A token that could not be renewed for want of a network says nothing about the user.
            ErrorKind::Credentials if failure.retryable => Self::Network { failure },
            ErrorKind::Credentials | ErrorKind::Unauthenticated => Self::SignedOut { failure },
            ErrorKind::CircuitOpen | ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout => {
                Self::Network { failure }
            }
            ErrorKind::RateLimited | ErrorKind::Throttled => Self::Busy { failure },
            ErrorKind::Request
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Rejected => Self::Refused { failure },
            _ => Self::Server { failure },
        }
    }
}

impl From<Error> for MobileError {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<EnqueueError> for MobileError {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Closed => Self::Closed,
            EnqueueError::ConsentWithheld => Self::ConsentWithheld,
            EnqueueError::QueueFull => Self::QueueFull { reason: error.to_string() },
            other => Self::Event { reason: other.to_string() },
        }
    }
}

impl From<FlushError> for MobileError {
    fn from(error: FlushError) -> Self {
        match error {
            FlushError::Undelivered { cause, .. } => Self::from(&*cause),
            FlushError::ConsentWithheld { .. } => Self::ConsentWithheld,
            FlushError::Unreadable { .. } => Self::Storage { reason: error.to_string() },
            _ => Self::Closed,
        }
    }
}

impl From<JournalError> for MobileError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Full { .. } => Self::QueueFull { reason: error.to_string() },
            JournalError::Closed => Self::Closed,
            other => Self::Storage { reason: other.to_string() },
        }
    }
}

impl From<BuildError> for MobileError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Http(cause) => cause.into(),
            BuildError::Journal(cause) => cause.into(),
            other => Self::Setting { reason: other.to_string() },
        }
    }
}

impl From<AppError> for MobileError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Build(cause) => cause.into(),
            AppError::Event(cause) => cause.into(),
            AppError::Queue(cause) => cause.into(),
            AppError::Randomness(cause) => cause.into(),
            other => Self::Storage { reason: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_app_can_do_decides_the_case() {
        let case = |kind| MobileError::from(Error::new(kind, "x"));
        assert!(matches!(case(ErrorKind::Configuration), MobileError::Setting { .. }));
        assert!(matches!(case(ErrorKind::Unauthenticated), MobileError::SignedOut { .. }));
        assert!(matches!(case(ErrorKind::Timeout), MobileError::Network { failure } if failure.kind == "timeout"));
        assert!(matches!(case(ErrorKind::Throttled), MobileError::Busy { .. }));
        assert!(matches!(case(ErrorKind::NotFound), MobileError::Refused { .. }));
        assert!(matches!(case(ErrorKind::Decode), MobileError::Server { .. }));
    }

    #[test]
    fn a_storage_that_refused_is_named_however_deep_it_is() {
        let cause = StorageError::Refused { reason: "locked".to_owned() };
        let inner = Error::new(ErrorKind::Credentials, "x").with_source(cause);
        let error = Error::new(ErrorKind::Credentials, "y").with_source(std::sync::Arc::new(inner));
        assert!(matches!(MobileError::from(error), MobileError::Storage { reason } if reason.contains("locked")));
    }

    #[test]
    fn a_token_that_could_not_be_renewed_for_now_signs_nobody_out() {
        let error = |retryable| MobileError::from(Error::new(ErrorKind::Credentials, "x").with_retryable(retryable));
        assert!(matches!(error(true), MobileError::Network { .. }));
        assert!(matches!(error(false), MobileError::SignedOut { .. }));
    }
}
