use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_analytics::wire::{MessageType, Rejection, RejectionCode};
use acd_analytics::{
    AnalyticsClient, AnalyticsClientBuilder, BatchReceipt, BatchSender, BuildError, EnqueueError, FlushError,
    JsonEvent, Own,
};
use acd_core::testing::{ManualClock, SeededRandom};
use acd_core::{Error, ErrorKind};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{Failures, pass_time, track};

/// What becomes of one request; a store of everything once there is nothing more to do.
type Acts = VecDeque<Option<acd_core::Result<BatchReceipt>>>;

/// A program's own way to the server. Clones share their state.
#[derive(Clone, Default)]
struct Carrier(Arc<State>);

#[derive(Default)]
struct State {
    acts: Mutex<Acts>,
    bodies: Mutex<Vec<Value>>,
    began: Notify,
    cut_off: AtomicU64,
}

/// Counts itself as cut off unless it is told otherwise.
struct Request<'a>(&'a State, bool);

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.0.cut_off.fetch_add(u64::from(!self.1), Ordering::Relaxed);
    }
}

impl Carrier {
    /// Answers in turn; `None` never does.
    fn new(acts: impl IntoIterator<Item = Option<acd_core::Result<BatchReceipt>>>) -> Self {
        Self(Arc::new(State { acts: Mutex::new(acts.into_iter().collect()), ..State::default() }))
    }

    fn sizes(&self) -> Vec<usize> {
        self.0.bodies.lock().unwrap().iter().map(|body| body["batch"].as_array().unwrap().len()).collect()
    }

    fn cut_off(&self) -> u64 {
        self.0.cut_off.load(Ordering::Relaxed)
    }
}

impl BatchSender for Carrier {
    async fn send(&self, body: Vec<u8>) -> acd_core::Result<BatchReceipt> {
        self.0.bodies.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        let act = self.0.acts.lock().unwrap().pop_front().unwrap_or(Some(Ok(BatchReceipt::default())));
        let mut request = Request(&self.0, false);
        self.0.began.notify_one();
        let Some(answer) = act else { return pending().await };
        request.1 = true;
        answer
    }
}

fn answered(status: u16) -> Error {
    Error::new(ErrorKind::Interrupted, "told by the carrier").with_status(StatusCode::from_u16(status).unwrap())
}

fn builder(carrier: &Carrier, clock: &ManualClock) -> AnalyticsClientBuilder<Own<Carrier>> {
    let runtime = clock.runtime().with_random(SeededRandom::new(7));
    AnalyticsClient::builder_over(carrier.clone()).runtime(runtime)
}

#[tokio::test]
async fn a_receipt_says_what_became_of_each_event() {
    let rejected = vec![Rejection {
        index: 1,
        message_id: None,
        code: RejectionCode::Unknown("odd".to_owned()),
        detail: "the test wants it so".to_owned(),
    }];
    let (carrier, failures) = (Carrier::new([Some(Ok(BatchReceipt { duplicates: 1, rejected }))]), Failures::default());
    let client = builder(&carrier, &ManualClock::new())
        .context_json(r#" {"locale":"de-DE"} "#)
        .on_failure(failures.callback())
        .build_over()
        .unwrap();
    track(&client, 0..3);
    client.flush().await.unwrap();
    let body = carrier.0.bodies.lock().unwrap()[0].clone();
    assert_eq!((&body["context"], body["sentAt"].is_string()), (&json!({ "locale": "de-DE" }), true));
    let stats = client.stats();
    assert_eq!((stats.delivered, stats.duplicates, stats.rejected), (2, 1, 1));
    assert_eq!(failures.seen(), [("rejected", 1, vec!["E1".to_owned()])]);
}

#[tokio::test]
async fn the_status_decides_what_becomes_of_a_batch() {
    let (clock, failures) = (ManualClock::new(), Failures::default());
    let wait = answered(503).with_retry_after(Duration::from_secs(70));
    let carrier = Carrier::new([Some(Err(answered(413))), Some(Err(answered(401))), Some(Err(wait))]);
    let client = builder(&carrier, &clock).on_failure(failures.callback()).build_over().unwrap();
    track(&client, 0..4);
    let undelivered = client.flush().await.unwrap_err();
    assert!(matches!(undelivered, FlushError::Undelivered { left: 2, .. }), "{undelivered}");
    assert_eq!(failures.seen(), [("refused", 2, vec!["E0".to_owned(), "E1".to_owned()])]);
    let before = clock.elapsed();
    pass_time(&clock, || carrier.sizes().len() == 4).await;
    assert!(clock.elapsed() - before >= Duration::from_secs(70), "the server's wish is kept");
    assert_eq!(carrier.sizes(), [4, 2, 2, 2]);
}

#[tokio::test]
async fn without_a_status_the_kind_decides() {
    let failed = |kind| Some(Err(Error::new(kind, "told by the carrier")));
    let (clock, failures) = (ManualClock::new(), Failures::default());
    let carrier = Carrier::new([failed(ErrorKind::Connect), None]);
    let client = builder(&carrier, &clock).on_failure(failures.callback()).build_over().unwrap();
    track(&client, 0..1);
    client.flush().await.unwrap_err();
    assert_eq!((client.stats().held, failures.seen()), (1, vec![]));
    let carrier = Carrier::new([failed(ErrorKind::Request)]);
    let client = builder(&carrier, &clock).on_failure(failures.callback()).build_over().unwrap();
    track(&client, 0..1);
    client.flush().await.unwrap();
    assert_eq!(failures.seen(), [("refused", 1, vec!["E0".to_owned()])]);
}

#[tokio::test]
async fn a_request_ends_with_its_consent() {
    let carrier = Carrier::new([None]);
    let client = builder(&carrier, &ManualClock::new()).build_over().unwrap();
    track(&client, 0..2);
    let (flushed, ()) = tokio::join!(client.flush(), async {
        carrier.0.began.notified().await;
        client.set_consent(false);
    });
    flushed.unwrap();
    assert_eq!((carrier.cut_off(), client.stats().forgotten), (1, 2));
}

#[tokio::test]
async fn a_request_ends_when_a_shutdown_has_waited_long_enough() {
    let (carrier, clock, failures) = (Carrier::new([None]), ManualClock::new(), Failures::default());
    let limit = Duration::from_secs(3);
    let client =
        builder(&carrier, &clock).shutdown_timeout(limit).on_failure(failures.callback()).build_over().unwrap();
    track(&client, 0..2);
    let (report, ()) = tokio::join!(client.shutdown(), async {
        carrier.0.began.notified().await;
        clock.sleeping(limit).await;
        clock.advance(limit);
    });
    assert_eq!((report.left, carrier.cut_off()), (2, 1));
    assert_eq!(failures.seen(), [("shutdown", 2, vec!["E0".to_owned(), "E1".to_owned()])]);
}

#[tokio::test]
async fn events_of_texts_are_queued_like_any_other() {
    let carrier = Carrier::default();
    let client = builder(&carrier, &ManualClock::new()).build_over().unwrap();
    let mut event = JsonEvent::new(MessageType::Track);
    (event.user_id, event.event, event.message_id) = (Some("u"), Some("Order Completed"), Some("order-1"));
    event.facts = Some(r#"{"revenue_cents":1999}"#);
    assert_eq!(client.enqueue_json(&event).unwrap().to_string(), "order-1");
    event.facts = Some("{");
    assert!(matches!(client.enqueue_json(&event), Err(EnqueueError::Unserialisable { field: "properties", .. })));
    client.set_consent(false);
    assert_eq!(client.enqueue_json(&JsonEvent::new(MessageType::Identify)), Err(EnqueueError::ConsentWithheld));
    client.set_consent(true);
    event.facts = None;
    client.enqueue_json(&event).unwrap();
    client.flush().await.unwrap();
    assert_eq!(carrier.sizes(), [1], "what was held when consent was withdrawn is gone");
}

#[tokio::test]
async fn a_context_that_no_event_could_carry_is_refused() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(32), "]".repeat(32));
    for context in ["[]", "", "{", r#"{"a":"\u0000"}"#, &deep, &format!("{{\"a\":\"{}\"}}", "x".repeat(33_000))] {
        let built = builder(&Carrier::default(), &ManualClock::new()).context_json(context).build_over();
        assert!(matches!(built, Err(BuildError::Context(_))), "{}", &context[..context.len().min(40)]);
    }
}
