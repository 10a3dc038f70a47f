use std::sync::Arc;

use crate::wire::{Message, Rejection};

/// Events that will not be sent again by this client: handed to the callback of
/// [`on_failure`](crate::AnalyticsClientBuilder::on_failure).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedEvents {
    /// Why.
    pub reason: FailureReason,
    /// How many.
    pub count: u64,
    /// The events, oldest first. Empty for [`FailureReason::Overflow`]: keeping them is what there was no room for.
    pub events: Vec<FailedEvent>,
}

impl FailedEvents {
    pub(super) fn of<'a>(reason: FailureReason, events: impl Iterator<Item = &'a [u8]>) -> Self {
        let events: Vec<_> = events.map(FailedEvent::of).collect();
        Self { reason, count: events.len() as u64, events }
    }
}

/// One event that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedEvent {
    /// The event as it was to be sent.
    pub json: String,
    /// What the server found wrong with it, where it looked at this event.
    pub rejection: Option<Rejection>,
}

impl FailedEvent {
    pub(super) fn of(event: &[u8]) -> Self {
        Self { json: String::from_utf8_lossy(event).into_owned(), rejection: None }
    }

    /// The event's fields, for example its `messageId`.
    ///
    /// # Errors
    /// When `json` was changed to something that is not an event.
    pub fn message(&self) -> serde_json::Result<Message<'_>> {
        serde_json::from_str(&self.json)
    }
}

/// Why events failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FailureReason {
    /// The server took the batch but not these events of it; each says why in its `rejection`.
    Rejected,
    /// The server refused the whole request, for instance since the write key is revoked.
    Refused(Arc<acd_core::Error>),
    /// The server, or something in front of it, finds even one event too large.
    TooLarge(Arc<acd_core::Error>),
    /// The server could not be reached, or could not take them, for longer than the client was told to try.
    GaveUp(Arc<acd_core::Error>),
    /// More events came than the queue or the disk limit holds.
    Overflow,
    /// The client was shut down before the server had them. With a durable queue they stay on disk instead.
    Shutdown,
}

impl FailureReason {
    /// A stable name for logs and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Refused(_) => "refused",
            Self::TooLarge(_) => "too_large",
            Self::GaveUp(_) => "gave_up",
            Self::Overflow => "overflow",
            Self::Shutdown => "shutdown",
        }
    }

    /// The last error, where a request failed.
    #[must_use]
    pub fn error(&self) -> Option<&acd_core::Error> {
        match self {
            Self::Refused(error) | Self::TooLarge(error) | Self::GaveUp(error) => Some(error),
            Self::Rejected | Self::Overflow | Self::Shutdown => None,
        }
    }
}
