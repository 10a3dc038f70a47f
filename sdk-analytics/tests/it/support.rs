use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use acd_analytics::wire::{Batch, BatchReply, Message, Rejection, RejectionCode};
use acd_analytics::{AnalyticsClient, AnalyticsClientBuilder, FailedEvents};
use acd_core::testing::{ManualClock, SeededRandom};
use acd_core::{Error, ErrorKind, Request, Response, Transport};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::sync::watch;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Stores the events, each id once.
    Store,
    /// Stores the events but those whose `event` has this name, which it rejects.
    RejectNamed(&'static str),
    /// Stores the events, and the reply is lost.
    LoseReply,
    /// Answers with a status and a header.
    Status(u16, Option<(&'static str, &'static str)>),
    /// Answers with what is not a reply.
    Html,
    /// Cannot be reached.
    Unreachable,
    /// Never answers.
    Hang,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) bytes: usize,
}

impl Arrived {
    pub(crate) fn events(&self) -> Vec<&Value> {
        self.body["batch"].as_array().unwrap().iter().collect()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.events().iter().map(|event| event["event"].as_str().unwrap()).collect()
    }
}

#[derive(Debug, Default)]
struct State {
    acts: VecDeque<Act>,
    otherwise: Option<Act>,
    /// Requests of more events are answered with 413.
    most_events: Option<usize>,
    arrived: Vec<Arrived>,
    /// How often each message id was stored: a repeat is a duplicate, not a second row.
    stored: BTreeMap<String, usize>,
}

/// A server that stores each `messageId` once. Clones share its state.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    state: Arc<Mutex<State>>,
    count: Arc<watch::Sender<usize>>,
}

impl Server {
    pub(crate) fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let state = State { acts: acts.into_iter().collect(), ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), count: Arc::new(watch::channel(0).0) }
    }

    pub(crate) fn with_most_events(self, most: usize) -> Self {
        self.state.lock().unwrap().most_events = Some(most);
        self
    }

    /// What it does with all requests after those it was told about.
    pub(crate) fn otherwise(self, act: Act) -> Self {
        self.state.lock().unwrap().otherwise = Some(act);
        self
    }

    /// What it does from now on.
    pub(crate) fn now(&self, act: Act) {
        let mut state = self.state.lock().unwrap();
        state.acts.clear();
        state.otherwise = Some(act);
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().unwrap().arrived.clone()
    }

    /// Waits until `count` requests have arrived in all.
    pub(crate) async fn arrivals(&self, count: usize) {
        self.count.subscribe().wait_for(|arrived| *arrived >= count).await.unwrap();
    }

    /// How many requests had each number of events.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.arrived().iter().map(|arrived| arrived.events().len()).collect()
    }

    pub(crate) fn stored(&self) -> Vec<String> {
        self.state.lock().unwrap().stored.keys().cloned().collect()
    }

    fn store(&self, batch: &Batch<'_>, refuse: Option<&str>) -> BatchReply {
        let mut state = self.state.lock().unwrap();
        let mut reply = BatchReply { success: true, ..BatchReply::default() };
        for (index, raw) in batch.batch.iter().enumerate() {
            let message: Message<'_> = serde_json::from_str(raw.get()).unwrap();
            let id = message.message_id.unwrap().into_owned();
            if refuse.is_some() && message.event.as_deref() == refuse {
                reply.success = false;
                reply.rejected.push(Rejection {
                    index: index as u32,
                    message_id: Some(id),
                    code: RejectionCode::InvalidEvent,
                    detail: "the test wants it so".into(),
                });
                continue;
            }
            let times = state.stored.entry(id).or_default();
            *times += 1;
            if *times == 1 { reply.accepted += 1 } else { reply.duplicates += 1 }
        }
        reply
    }
}

impl Transport for Server {
    async fn send(&self, request: Request) -> acd_core::Result<Response> {
        let (_, uri, headers, body) = request.into_parts();
        assert_eq!(uri.path(), "/v1/batch");
        let body = body.collect(1 << 20).await?;
        let (act, too_large) = {
            let mut state = self.state.lock().unwrap();
            let value: Value = serde_json::from_slice(&body).unwrap();
            let events = value["batch"].as_array().unwrap().len();
            state.arrived.push(Arrived { headers, body: value, bytes: body.len() });
            let too_large = state.most_events.is_some_and(|most| events > most);
            let act = state.acts.pop_front().or_else(|| state.otherwise.clone()).unwrap_or(Act::Store);
            (act, too_large)
        };
        self.count.send_modify(|count| *count += 1);
        if too_large {
            return Ok(Response::new(StatusCode::PAYLOAD_TOO_LARGE, HeaderMap::new(), ""));
        }
        let batch: Batch<'_> = serde_json::from_slice(&body).unwrap();
        let json = |reply: BatchReply| {
            Ok(Response::new(StatusCode::OK, HeaderMap::new(), serde_json::to_vec(&reply).unwrap()))
        };
        match act {
            Act::Store => json(self.store(&batch, None)),
            Act::RejectNamed(name) => json(self.store(&batch, Some(name))),
            Act::LoseReply => {
                self.store(&batch, None);
                Err(Error::new(ErrorKind::Interrupted, "the reply was lost"))
            }
            Act::Status(status, header) => {
                let mut headers = HeaderMap::new();
                headers.extend(
                    header.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
                );
                Ok(Response::new(StatusCode::from_u16(status).unwrap(), headers, ""))
            }
            Act::Html => Ok(Response::new(StatusCode::OK, HeaderMap::new(), "<html>Please log in</html>")),
            Act::Unreachable => Err(Error::new(ErrorKind::Connect, "nobody listens")),
            Act::Hang => std::future::pending().await,
        }
    }
}

/// Collects what `on_failure` is called with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures(Arc<Mutex<Vec<FailedEvents>>>);

impl Failures {
    pub(crate) fn callback(&self) -> impl Fn(FailedEvents) + Send + Sync + 'static {
        let failures = self.0.clone();
        move |failed| failures.lock().unwrap().push(failed)
    }

    /// Reason, count and names of each call.
    pub(crate) fn seen(&self) -> Vec<(&'static str, u64, Vec<String>)> {
        let name = |message: Message<'_>| message.event.unwrap_or_default().into_owned();
        let failures = self.0.lock().unwrap();
        failures
            .iter()
            .map(|failed| {
                let names = failed.events.iter().map(|event| name(event.message().unwrap())).collect();
                (failed.reason.as_str(), failed.count, names)
            })
            .collect()
    }

    pub(crate) fn last(&self) -> FailedEvents {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

/// A client of `server` on `clock`.
pub(crate) fn builder(server: &Server, clock: &ManualClock) -> AnalyticsClientBuilder {
    // Clients of one seed would make the same ids at the same time.
    static SEED: AtomicU64 = AtomicU64::new(1);
    let random = SeededRandom::new(SEED.fetch_add(1, Ordering::Relaxed) << 32);
    let transport = server.clone();
    AnalyticsClient::builder("wk_test", "https://server.test")
        .runtime(clock.runtime().with_random(random))
        .http(move |http| http.transport(transport))
}

/// Tracks `count` events named `E0`, `E1` and so on.
pub(crate) fn track(client: &AnalyticsClient, range: std::ops::Range<usize>) {
    for number in range {
        client.track(acd_analytics::Track::new(&format!("E{number}")).user_id("u")).unwrap();
    }
}

/// Moves the clock from sleeper to sleeper until `done`.
pub(crate) async fn pass_time(clock: &ManualClock, mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
        if let Some(next) = clock.sleepers().first() {
            clock.advance(*next);
        }
    }
}
