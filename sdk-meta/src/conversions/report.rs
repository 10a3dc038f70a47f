//! What became of the events.

use std::borrow::Cow;

use acd_core::json::Json;

use super::check::InvalidEvent;
use crate::error::{Error, ErrorKind, Result};

/// Meta's answer to a request with events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventsReceived {
    /// How many events it took.
    pub events_received: u64,
    /// What it has to say about them, such as on fields that it ignored.
    pub messages: Vec<String>,
    /// The id of the exchange, for Meta's support.
    pub fbtrace_id: Option<String>,
    /// How many it has processed already, where it says so.
    pub num_processed_entries: Option<u64>,
}

impl EventsReceived {
    pub(super) fn of(answer: Json<'_>) -> Option<Self> {
        let number = |name| answer.get(name)?.number()?.parse().ok();
        let messages = answer.get("messages").and_then(Json::elements).unwrap_or_default();
        Some(Self {
            events_received: number("events_received")?,
            messages: messages.into_iter().filter_map(|message| message.text().map(Cow::into_owned)).collect(),
            fbtrace_id: answer.get("fbtrace_id").and_then(Json::text).map(Cow::into_owned),
            num_processed_entries: number("num_processed_entries"),
        })
    }
}

/// What became of one request.
#[derive(Debug)]
#[non_exhaustive]
pub enum BatchOutcome {
    /// Meta took it.
    Received(EventsReceived),
    /// It failed. [`Error::may_have_been_sent`] says whether Meta may have it all the same; events with an id may be sent
    /// again in any case.
    Failed(Error),
    /// It was not tried, since the failure of one before it would have been its own: a token that is not accepted, a limit,
    /// a server that does not answer.
    NotTried,
}

/// One request.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchReport {
    /// Places of its events among those given, from 0.
    pub events: Vec<usize>,
    /// What became of it.
    pub outcome: BatchOutcome,
}

/// What became of all events.
#[must_use = "events may have been left out or not been received"]
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SendReport {
    /// The requests.
    pub batches: Vec<BatchReport>,
    /// The events that were left out because Meta would refuse them, each with its place and what is wrong with it.
    pub invalid: Vec<InvalidEvent>,
}

impl SendReport {
    /// How many events Meta took.
    pub fn events_received(&self) -> u64 {
        self.answers().map(|answer| answer.events_received).sum()
    }

    /// Meta's answers.
    pub fn answers(&self) -> impl Iterator<Item = &EventsReceived> {
        self.batches.iter().filter_map(|batch| match &batch.outcome {
            BatchOutcome::Received(answer) => Some(answer),
            _ => None,
        })
    }

    /// Places of the valid events that Meta did not take, or did not say that it took: those to send again later.
    pub fn unconfirmed(&self) -> impl Iterator<Item = usize> + '_ {
        let open = self.batches.iter().filter(|batch| !matches!(batch.outcome, BatchOutcome::Received(_)));
        open.flat_map(|batch| batch.events.iter().copied())
    }

    /// Whether Meta took every event.
    pub fn is_complete(&self) -> bool {
        self.invalid.is_empty() && self.unconfirmed().next().is_none()
    }

    /// The number of events that Meta took, if it took them all.
    ///
    /// # Errors
    /// The failure of the first request that failed; without one, [`ErrorKind::Request`] for the first event that was left
    /// out.
    pub fn into_result(self) -> Result<u64> {
        let received = self.events_received();
        for batch in self.batches {
            if let BatchOutcome::Failed(error) = batch.outcome {
                return Err(error);
            }
        }
        match self.invalid.into_iter().next() {
            None => Ok(received),
            Some(invalid) => Err(Error::new(ErrorKind::Request, invalid.to_string()).with_source(invalid)),
        }
    }
}
