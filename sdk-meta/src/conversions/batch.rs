//! Events in the groups in which they travel.

use serde::Serialize;

use super::document::Sendable;
use crate::error::{Error, ErrorKind, Result};

/// What travels beside the events of a request.
#[derive(Clone, Default, Serialize)]
pub(super) struct Envelope {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) test_event_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partner_agent: Option<String>,
}

/// How large a request may be.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

/// One request in the making.
pub(super) struct Batch {
    /// Places of its events among those given.
    pub(super) events: Vec<usize>,
    /// Whether every event has an id, so that Meta knows a repetition.
    pub(super) repeatable: bool,
    body: Vec<u8>,
}

const HEAD: &[u8] = br#"{"data":["#;

impl Batch {
    fn new(repeatable: bool) -> Self {
        Self { events: Vec::new(), repeatable, body: HEAD.to_vec() }
    }

    /// The body, whole.
    pub(super) fn into_body(mut self, tail: &[u8]) -> Vec<u8> {
        self.body.extend_from_slice(tail);
        self.body
    }
}

/// The events that are too large for any request, and the others in requests, in their order. Those without an id travel
/// apart, so that they do not keep the others from being repeated.
pub(super) struct Batches {
    pub(super) batches: Vec<Batch>,
    pub(super) too_large: Vec<usize>,
    pub(super) tail: Vec<u8>,
}

impl Batches {
    /// # Errors
    /// [`ErrorKind::Request`] for an event that cannot be written.
    pub(super) fn of<'e, E: Sendable + 'e>(
        events: impl Iterator<Item = (usize, &'e E)>,
        envelope: &Envelope,
        limits: Limits,
    ) -> Result<Self> {
        let unwritable =
            |cause| Error::new(ErrorKind::Request, "an event cannot be written as JSON").with_source(cause);
        let mut tail = b"]".to_vec();
        match serde_json::to_vec(envelope).map_err(unwritable)?.as_slice() {
            b"{}" => tail.push(b'}'),
            // What follows the brace that opens it.
            written => tail.extend(std::iter::once(&b',').chain(written.iter().skip(1))),
        }
        let mut made = Self { batches: Vec::new(), too_large: Vec::new(), tail };
        let mut open: [Option<Batch>; 2] = [None, None];
        let mut event_json = Vec::new();
        for (index, event) in events {
            event_json.clear();
            event.write(&mut event_json).map_err(unwritable)?;
            if HEAD.len() + event_json.len() + made.tail.len() > limits.bytes {
                made.too_large.push(index);
                continue;
            }
            let repeatable = event.checked().event_id.is_some();
            let [with_id, without_id] = &mut open;
            let slot = if repeatable { with_id } else { without_id };
            if let Some(batch) = slot.take_if(|batch| {
                batch.events.len() >= limits.events
                    || batch.body.len() + 1 + event_json.len() + made.tail.len() > limits.bytes
            }) {
                made.batches.push(batch);
            }
            let batch = slot.get_or_insert_with(|| Batch::new(repeatable));
            if !batch.events.is_empty() {
                batch.body.push(b',');
            }
            batch.body.extend_from_slice(&event_json);
            batch.events.push(index);
        }
        made.batches.extend(open.into_iter().flatten());
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::{ActionSource, Event, EventName, UserData};
    use super::*;

    fn event(id: Option<String>) -> Event {
        let user = UserData::new().external_id("7");
        let event = Event::new(EventName::Lead, DateTime::UNIX_EPOCH, ActionSource::Email, user);
        Event { event_id: id, ..event }
    }

    proptest! {
        #[test]
        fn every_event_travels_once_within_the_limits(
            ids in prop::collection::vec(prop::option::of("[a-z]{1,60}"), 0..40),
            most in 1_usize..8,
            bytes in 200_usize..900,
            code in prop::option::of("TEST[0-9]{5}"),
        ) {
            let events: Vec<_> = ids.into_iter().map(event).collect();
            let envelope = Envelope { test_event_code: code.clone(), partner_agent: None };
            let limits = Limits { events: most, bytes };
            let made = Batches::of(events.iter().enumerate(), &envelope, limits).unwrap();
            let mut seen = made.too_large.clone();
            for batch in made.batches {
                let (indexes, repeatable) = (batch.events.clone(), batch.repeatable);
                prop_assert!(!indexes.is_empty() && indexes.len() <= most);
                let body = batch.into_body(&made.tail);
                prop_assert!(body.len() <= bytes);
                let body: Value = serde_json::from_slice(&body).unwrap();
                prop_assert_eq!(body.get("test_event_code").and_then(Value::as_str), code.as_deref());
                let sent = body["data"].as_array().unwrap();
                prop_assert_eq!(sent.len(), indexes.len());
                for (index, sent) in indexes.iter().zip(sent) {
                    prop_assert_eq!(&serde_json::to_value(&events[*index]).unwrap(), sent);
                    prop_assert_eq!(events[*index].event_id.is_some(), repeatable);
                }
                seen.extend(indexes);
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..events.len()).collect::<Vec<_>>());
        }
    }
}
