//! Sending events.

use std::fmt;
use std::future::IntoFuture;

use acd_core::runtime::BoxFuture;
use acd_core::{CallBuilder, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::batch::{Batch, Batches, Envelope, Limits};
use super::check::{EventProblem, InvalidEvent};
use super::document::Sendable;
use super::event::Event;
use super::report::{BatchOutcome, BatchReport, EventsReceived, SendReport};
use crate::error::{ErrorKind, Result};
use crate::{MetaCall, MetaClient, PixelId};

/// `POST /{dataset}/events` with events that all have an id, by which Meta knows a repetition for 48 hours
/// ([page](https://developers.facebook.com/docs/marketing-api/conversions-api/using-the-api), read 2026-11)
pub const SEND: Operation =
    Operation::new("meta.conversions.send", Method::POST, "/{version}/{dataset}/events").idempotent();
/// `POST /{dataset}/events` with events that have no id: sent twice, they count twice
/// ([page](https://developers.facebook.com/docs/marketing-api/conversions-api/deduplicate-pixel-and-server-events), read
/// 2026-11)
pub const SEND_ONCE: Operation =
    Operation::new("meta.conversions.send_once", Method::POST, "/{version}/{dataset}/events");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[SEND, SEND_ONCE];

/// The most events that Meta takes in one request.
pub const MOST_EVENTS: usize = 1000;
/// How large a request is at most unless told otherwise: 4 MiB. Meta names no limit.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Events of one pixel or dataset.
#[derive(Clone, Copy, Debug)]
pub struct ConversionsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> ConversionsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Sends events to a pixel or dataset, in as many requests as it takes. An event that Meta would refuse is left out and
    /// reported with its place; the others go.
    ///
    /// Requests whose events all have an [`event_id`](Event::event_id) are repeated when their answer is lost: Meta counts
    /// each event once. Events without an id travel in requests of their own, which are not.
    ///
    /// Nothing is sent until it is awaited.
    pub fn send<'e, E: Sendable>(&self, dataset: &PixelId, events: &'e [E]) -> SendEvents<'c, 'e, E> {
        SendEvents {
            meta: self.meta,
            dataset: dataset.clone(),
            events,
            envelope: Envelope::default(),
            limits: Limits { events: MOST_EVENTS, bytes: MOST_BYTES },
            all_or_nothing: false,
            clear_personal_data: false,
            customise: None,
        }
    }
}

/// Events about to be sent, from [`ConversionsClient::send`].
#[must_use = "nothing is sent until it is awaited"]
pub struct SendEvents<'c, 'e, E = Event> {
    meta: &'c MetaClient,
    dataset: PixelId,
    events: &'e [E],
    envelope: Envelope,
    limits: Limits,
    all_or_nothing: bool,
    clear_personal_data: bool,
    customise: Option<Customise<'c, 'e>>,
}

type Customise<'c, 'e> = Box<dyn Fn(CallBuilder<'c>) -> CallBuilder<'c> + Send + Sync + 'e>;

impl<'c, 'e, E: Sendable> SendEvents<'c, 'e, E> {
    /// Shows the events under "Test events" of the Events Manager, with the code that stands there. They count all the same:
    /// not for production. Default: none.
    pub fn test_event_code(mut self, code: impl Into<String>) -> Self {
        self.envelope.test_event_code = Some(code.into());
        self
    }

    /// Names the software that sends on an advertiser's behalf, such as `acme-1.0`. Default: none.
    pub fn partner_agent(mut self, agent: impl Into<String>) -> Self {
        self.envelope.partner_agent = Some(agent.into());
        self
    }

    /// Sets how many events a request holds at most, 1 to [`MOST_EVENTS`], which is the default.
    pub fn most_events(mut self, events: usize) -> Self {
        self.limits.events = events.clamp(1, MOST_EVENTS);
        self
    }

    /// Sets how many bytes a request holds at most. Default [`MOST_BYTES`]. An event that alone is larger is left out.
    pub fn most_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Sends nothing when any event would be refused. Default: the others are sent.
    pub fn all_or_nothing(mut self) -> Self {
        self.all_or_nothing = true;
        self
    }

    /// Sends e-mail addresses that stand in URLs and custom data. By default events with such are left out, as Meta's terms
    /// [forbid](https://www.facebook.com/legal/businesstech) to send personal data in the clear.
    pub fn allow_clear_personal_data(mut self) -> Self {
        self.clear_personal_data = true;
        self
    }

    /// Changes each of the calls: timeouts, retries, credentials.
    pub fn http(mut self, customise: impl Fn(CallBuilder<'c>) -> CallBuilder<'c> + Send + Sync + 'e) -> Self {
        self.customise = Some(Box::new(customise));
        self
    }

    /// The events that Meta would refuse now, without sending any.
    pub fn check(&self) -> Vec<InvalidEvent> {
        let now = DateTime::<Utc>::from(self.meta.http().runtime().wall());
        let events = self.events.iter().enumerate();
        events.filter_map(|(index, event)| self.invalid(index, event, now)).collect()
    }

    fn invalid(&self, index: usize, event: &E, now: DateTime<Utc>) -> Option<InvalidEvent> {
        let checked = event.checked();
        let mut problems = checked.refusals(now);
        if !self.clear_personal_data {
            problems.extend(event.in_the_clear());
        }
        (!problems.is_empty()).then(|| InvalidEvent { index, event_id: checked.event_id.clone(), problems })
    }

    async fn run(self) -> Result<SendReport> {
        let mut invalid = self.check();
        let refused: Vec<usize> = invalid.iter().map(|event| event.index).collect();
        let valid = self.events.iter().enumerate().filter(|(index, _)| refused.binary_search(index).is_err());
        let Batches { batches, too_large, tail } = Batches::of(valid, &self.envelope, self.limits)?;
        invalid.extend(too_large.into_iter().map(|index| InvalidEvent {
            index,
            event_id: self.events.get(index).and_then(|event| event.checked().event_id.clone()),
            problems: vec![EventProblem::too_large()],
        }));
        invalid.sort_unstable_by_key(|event| event.index);
        let mut report = SendReport { batches: Vec::with_capacity(batches.len()), invalid };
        let mut stopped = self.all_or_nothing && !report.invalid.is_empty();
        for mut batch in batches {
            let events = std::mem::take(&mut batch.events);
            let outcome = if stopped { BatchOutcome::NotTried } else { self.deliver(batch, &tail).await };
            // What was refused for itself says nothing of the next; anything else would happen to the next as well.
            stopped |= matches!(&outcome, BatchOutcome::Failed(error) if error.kind() != ErrorKind::Rejected);
            report.batches.push(BatchReport { events, outcome });
        }
        Ok(report)
    }

    async fn deliver(&self, batch: Batch, tail: &[u8]) -> BatchOutcome {
        let operation = if batch.repeatable { &SEND } else { &SEND_ONCE };
        let call = MetaCall::reading(self.meta, operation, |response| Box::pin(response.look(EventsReceived::of)));
        let call = call.path("dataset", &self.dataset).http(|call| {
            let call = call.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let call = call.body(batch.into_body(tail));
            match &self.customise {
                Some(customise) => customise(call),
                None => call,
            }
        });
        match call.await {
            Ok(answer) => BatchOutcome::Received(answer),
            Err(error) => BatchOutcome::Failed(error),
        }
    }
}

impl<'c: 'e, 'e, E: Sendable> IntoFuture for SendEvents<'c, 'e, E> {
    type Output = Result<SendReport>;
    type IntoFuture = BoxFuture<'e, Result<SendReport>>;

    /// # Errors
    /// [`ErrorKind::Request`] when an event cannot be written. A request that fails is no error of the whole: see
    /// [`SendReport`].
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<E> fmt::Debug for SendEvents<'_, '_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendEvents")
            .field("dataset", &self.dataset)
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Harness, Script, answer};
    use chrono::TimeDelta;
    use serde_json::Value;

    use super::super::{ActionSource, CustomData, EventName, UserData};
    use super::*;
    use crate::testing::{scripted, sent};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    fn event(id: impl Into<Option<&'static str>>) -> Event {
        let user = UserData::new().email("mary@example.com");
        let event = Event::new(EventName::Lead, now(), ActionSource::Email, user);
        Event { event_id: id.into().map(str::to_owned), ..event }
    }

    fn received(events: u64) -> Script {
        answer(200).body(format!(r#"{{"events_received":{events},"messages":[],"fbtrace_id":"A1b2"}}"#))
    }

    fn sizes(harness: &Harness) -> Vec<usize> {
        sent(harness).iter().map(|(_, body)| body["data"].as_array().unwrap().len()).collect()
    }

    #[test]
    fn events_travel_a_thousand_at_a_time() {
        let (harness, meta) = scripted([received(1000), received(1000), received(500)]);
        let events = vec![event("e"); 2500];
        let report = harness.run(meta.conversions().send(&"42".into(), &events).into_future()).unwrap();
        assert_eq!(sizes(&harness), [1000, 1000, 500]);
        assert!(report.is_complete());
        assert_eq!(report.answers().next().unwrap().fbtrace_id.as_deref(), Some("A1b2"));
        assert_eq!(report.into_result().unwrap(), 2500);
    }

    #[test]
    fn a_request_is_written_as_meta_reads_it() {
        let (harness, meta) = scripted([received(1)]);
        let events = [event("e1")];
        let send = meta.conversions().send(&"42".into(), &events).test_event_code("TEST1").partner_agent("acme-1.0");
        assert!(harness.run(send.into_future()).unwrap().is_complete());
        let (line, body) = sent(&harness).remove(0);
        assert_eq!(line, "POST /v26.0/42/events");
        let expected = serde_json::json!({
            "data": [{
                "event_name": "Lead",
                "event_time": 1_767_225_600,
                "action_source": "email",
                "user_data": {"em": ["f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"]},
                "event_id": "e1",
            }],
            "test_event_code": "TEST1",
            "partner_agent": "acme-1.0",
        });
        assert_eq!(body, expected);
        assert_eq!(harness.requests()[0].headers["content-type"], "application/json");
    }

    #[test]
    fn one_bad_event_is_named_by_its_place_and_sinks_no_other() {
        let (harness, meta) = scripted([received(2)]);
        let old = Event { event_time: now() - TimeDelta::days(8), ..event("old") };
        let events = [event("a"), old, event("b")];
        let report = harness.run(meta.conversions().send(&"42".into(), &events).into_future()).unwrap();
        assert_eq!(sizes(&harness), [2]);
        assert_eq!(report.batches[0].events, [0, 2]);
        assert_eq!((report.invalid[0].index, report.invalid[0].event_id.as_deref()), (1, Some("old")));
        let error = report.into_result().unwrap_err();
        assert_eq!(error.message(), "event 1 (old) would be refused: `event_time` is more than 7 days ago");
        assert!(!error.may_have_been_sent());
    }

    #[test]
    fn all_or_nothing_sends_nothing() {
        let (harness, meta) = scripted([]);
        let events = [event("a"), Event { user_data: UserData::new(), ..event("b") }];
        let send = meta.conversions().send(&"42".into(), &events).all_or_nothing();
        assert_eq!(send.check()[0].index, 1);
        let report = harness.run(send.into_future()).unwrap();
        assert!(harness.requests().is_empty());
        assert_eq!(report.unconfirmed().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn only_events_with_an_id_are_sent_again_after_a_lost_answer() {
        let lost = || Script::broken_body(200, r#"{"events_rec"#);
        let (harness, meta) = scripted([lost(), received(2), lost()]);
        let events = [event("a"), event(None), event("b")];
        let report = harness.run(meta.conversions().send(&"42".into(), &events).into_future()).unwrap();
        assert_eq!(sizes(&harness), [2, 2, 1], "the first is repeated, the last is not");
        assert_eq!(report.events_received(), 2);
        assert_eq!(report.unconfirmed().collect::<Vec<_>>(), [1]);
        assert!(report.into_result().unwrap_err().may_have_been_sent());
    }

    #[test]
    fn a_refusal_is_a_batchs_own_and_a_bad_token_is_everyones() {
        let (harness, meta) = scripted([answer(400).body("{}"), received(1), answer(401).body("{}")]);
        let events = [event("a"), event("b"), event("c"), event("d")];
        let send = meta.conversions().send(&"42".into(), &events).most_events(1);
        let report = harness.run(send.into_future()).unwrap();
        assert_eq!(harness.requests().len(), 3);
        let [first, second, third, fourth] = report.batches.as_slice() else { panic!("{report:?}") };
        assert!(
            matches!(first.outcome, BatchOutcome::Failed(_)) && matches!(second.outcome, BatchOutcome::Received(_))
        );
        assert!(matches!(third.outcome, BatchOutcome::Failed(_)) && matches!(fourth.outcome, BatchOutcome::NotTried));
        assert_eq!(report.unconfirmed().collect::<Vec<_>>(), [0, 2, 3]);
    }

    #[test]
    fn personal_data_in_the_clear_stay_here_unless_asked_for() {
        let (harness, meta) = scripted([received(1)]);
        let events = [event("a").custom_data(CustomData::new().property("buyer", "mary@example.com"))];
        let send = || meta.conversions().send(&"42".into(), &events);
        let report = harness.run(send().into_future()).unwrap();
        assert_eq!(report.invalid[0].problems[0].field(), "custom_data.buyer");
        assert!(harness.requests().is_empty());
        assert!(harness.run(send().allow_clear_personal_data().into_future()).unwrap().is_complete());
        assert_eq!(sent(&harness)[0].1["data"][0]["custom_data"]["buyer"], "mary@example.com");
    }

    #[test]
    fn an_event_beyond_the_size_is_left_out() {
        let (harness, meta) = scripted([received(1)]);
        let large = event("a").custom_data(CustomData::new().property("note", "x".repeat(1000)));
        let events = [large, event("b")];
        let send = meta.conversions().send(&"42".into(), &events).most_bytes(1000);
        let report = harness.run(send.into_future()).unwrap();
        assert_eq!((report.invalid[0].index, report.events_received()), (0, 1));
    }

    #[test]
    fn each_call_can_be_changed() {
        let (harness, meta) = scripted([received(1)]);
        let events = [event("a")];
        let send = meta.conversions().send(&"42".into(), &events).http(|call| call.header("x-test", "1"));
        assert!(harness.run(send.into_future()).unwrap().is_complete());
        assert_eq!(harness.requests()[0].headers["x-test"], "1");
        let body: Value = serde_json::from_slice(&harness.requests()[0].body).unwrap();
        assert!(body.get("test_event_code").is_none());
    }
}
