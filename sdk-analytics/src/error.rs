use std::sync::Arc;

use thiserror::Error;

use crate::wire::{MAX_DEPTH, MAX_EVENT_BYTES};

/// Why an event was not taken. Nothing of it is kept; all but [`EnqueueError::QueueFull`] would come again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnqueueError {
    /// The client was shut down.
    #[error("the analytics client is shut down: build a new one, or track before shutdown()")]
    Closed,
    /// The user has not agreed to be tracked.
    #[error("consent is withheld: call set_consent(true) once the user agrees")]
    ConsentWithheld,
    /// The queue holds as much as it may, since events come faster than the server takes them or it is away.
    #[error(
        "the event queue is full: raise queue_events or queue_bytes, or keep events on disk with the durable queue"
    )]
    QueueFull,
    /// Neither id says whose event it is.
    #[error("userId and anonymousId are both absent: set one of them")]
    MissingUser,
    /// A text is empty.
    #[error("{field} is empty: give it at least one character, or leave it out where it is optional")]
    EmptyField {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A text is too long.
    #[error("{field} is longer than {limit} bytes: shorten it")]
    FieldTooLong {
        /// The field's name on the wire.
        field: &'static str,
        /// Most bytes it may have.
        limit: usize,
    },
    /// Free-form facts are a list, text or number.
    #[error("{field} does not serialise to a JSON object: use a struct or a map")]
    NotAnObject {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// Free-form facts are nested too deep.
    #[error("{field} is nested deeper than {MAX_DEPTH}: flatten it")]
    NestingTooDeep {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A text holds U+0000, which PostgreSQL cannot store.
    #[error("{field} holds a NUL character, which cannot be stored: remove it")]
    NulCharacter {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// The caller's own `Serialize` failed, or a map has keys that are not text.
    #[error("{field} cannot be written as JSON: {cause}")]
    Unserialisable {
        /// The field's name on the wire.
        field: &'static str,
        /// What the serializer said.
        cause: Box<str>,
    },
    /// The event is too long.
    #[error("the event is longer than {MAX_EVENT_BYTES} bytes of JSON: send less, or refer to a stored document")]
    TooLarge,
    /// The given time is outside the years the server stores.
    #[error("the timestamp lies outside the years 1970 to 9999: check its unit")]
    InvalidTimestamp,
}

impl EnqueueError {
    /// A stable name for logs, metrics and other languages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ConsentWithheld => "consent_withheld",
            Self::QueueFull => "queue_full",
            Self::MissingUser => "missing_user",
            Self::EmptyField { .. } => "empty_field",
            Self::FieldTooLong { .. } => "field_too_long",
            Self::NotAnObject { .. } => "not_an_object",
            Self::NestingTooDeep { .. } => "nesting_too_deep",
            Self::NulCharacter { .. } => "nul_character",
            Self::Unserialisable { .. } => "unserialisable",
            Self::TooLarge => "too_large",
            Self::InvalidTimestamp => "invalid_timestamp",
        }
    }
}

/// Why [`AnalyticsClient::flush`](crate::AnalyticsClient::flush) could not settle every event.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum FlushError {
    /// An attempt failed for a reason that may pass. The events stay queued and are tried again by themselves.
    #[error("{left} events are still queued, since the server could not take them now: {cause}")]
    Undelivered {
        /// Events still held.
        left: u64,
        /// What the attempt ended with.
        #[source]
        cause: Arc<acd_core::Error>,
    },
    /// Consent is withheld, so nothing is sent.
    #[error("{left} events are kept unsent, since consent is withheld: call set_consent(true) once the user agrees")]
    ConsentWithheld {
        /// Events still held.
        left: u64,
    },
    /// The durable queue cannot be read at present. The events stay there and are tried again by themselves.
    #[error("{left} events are still queued, since the durable queue cannot be read: {cause}")]
    Unreadable {
        /// Events still held.
        left: u64,
        /// What the file system said.
        cause: Arc<str>,
    },
    /// The client was shut down, or the async runtime that carried it has ended.
    #[error("the analytics client is no longer running: flush before shutdown() and before the runtime ends")]
    Stopped,
}

/// Why a client could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A setting is outside its limits.
    #[error("{setting} is {given}: it must be {allowed}")]
    Setting {
        /// The builder method.
        setting: &'static str,
        /// What was given.
        given: String,
        /// What may be given.
        allowed: String,
    },
    /// The context cannot be sent.
    #[error("the context cannot be sent: {0}")]
    Context(String),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built")]
    Http(#[source] acd_core::Error),
    /// The durable queue could not be opened.
    #[cfg(feature = "durable")]
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
}
