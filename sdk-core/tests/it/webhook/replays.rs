//! A message is taken once.

use std::time::{Duration, SystemTime};

use acd_core::replay::{MemoryReplayGuard, ReplayGuard, Sighting};
use acd_core::testing::ManualClock;
use acd_core::webhook::{Scheme, Verified, Verifier, WebhookError, WebhookSigner};
use acd_core::{Error, ErrorKind, Result, Secret};
use http::StatusCode;
use serde::Deserialize;

use super::vectors::{body_macs, plain, tiktok};

const SECRET: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const DAY: Duration = Duration::from_secs(86_400);

struct Endpoint {
    clock: ManualClock,
    signer: WebhookSigner,
    verifier: Verifier,
    guard: MemoryReplayGuard,
}

impl Endpoint {
    fn new(scheme: Scheme) -> Self {
        let clock = ManualClock::new();
        let secret = || [Secret::from(SECRET)];
        Self {
            signer: WebhookSigner::new(scheme.clone(), secret()).unwrap(),
            verifier: Verifier::new(scheme, secret()).unwrap().with_runtime(clock.runtime()),
            guard: MemoryReplayGuard::new(8, clock.runtime()),
            clock,
        }
    }

    fn now(&self) -> SystemTime {
        self.clock.runtime().wall()
    }

    fn deliver(&self, id: &str, body: &'static str) -> Result<Verified, WebhookError> {
        let headers = self.signer.sign(id, self.now(), body.as_bytes()).unwrap();
        self.clock.run(self.verifier.verify(&headers, body)?.once(&self.guard))
    }
}

fn code(outcome: Result<Verified, WebhookError>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "valid")
}

#[test]
fn a_repetition_is_known_by_its_id_while_senders_repeat() {
    let endpoint = Endpoint::new(Scheme::Svix);
    assert_eq!(code(endpoint.deliver("m1", "{}")), "valid");
    assert_eq!(code(endpoint.deliver("m2", "{}")), "valid", "the same body under another id is another message");
    for _ in 0..3 {
        endpoint.clock.advance(DAY);
        let repeated = endpoint.deliver("m1", "{}").unwrap_err();
        assert_eq!((repeated.code(), repeated.status()), ("replayed", StatusCode::OK));
    }
    endpoint.clock.advance(DAY * 4);
    assert_eq!(code(endpoint.deliver("m1", "{}")), "valid");
}

#[test]
fn what_could_not_be_handled_is_taken_again() {
    let endpoint = Endpoint::new(Scheme::Stripe);
    let body = r#"{"id":"evt_1","type":"invoice.paid"}"#;
    let taken = endpoint.deliver("", body).unwrap();
    assert_eq!(taken.replay_key(), "stripe:evt_1");
    assert_eq!(code(endpoint.deliver("", body)), "replayed");
    endpoint.clock.run(endpoint.guard.forget(&taken.replay_key())).unwrap();
    assert_eq!(code(endpoint.deliver("", body)), "valid");
}

#[test]
fn a_refused_message_is_not_remembered() {
    let endpoint = Endpoint::new(Scheme::Svix);
    let headers = endpoint.signer.sign("m1", endpoint.now(), b"{}").unwrap();
    assert_eq!(code(endpoint.verifier.verify(&headers, "{ }")), "no_match");
    assert_eq!(code(endpoint.deliver("m1", "{}")), "valid");
}

#[test]
fn it_is_remembered_for_as_long_as_it_would_be_accepted() {
    let endpoint = Endpoint::new(Scheme::Svix);
    let short = endpoint.verifier.clone().with_memory(Duration::ZERO).with_max_age(DAY);
    let signed_at = endpoint.now();
    let headers = endpoint.signer.sign("m1", signed_at, b"{}").unwrap();
    let take = || endpoint.clock.run(short.verify(&headers, "{}")?.once(&endpoint.guard));
    let deliver = || code(take());
    assert_eq!(short.verify(&headers, "{}").unwrap().remember_until(), signed_at + DAY + Duration::from_secs(1));
    assert_eq!(deliver(), "valid");
    endpoint.clock.advance(DAY);
    assert_eq!(deliver(), "replayed", "the last second in which it is accepted");
    endpoint.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver(), "expired");
}

#[test]
fn a_guard_that_cannot_answer_keeps_the_message_out() {
    struct Down;

    impl ReplayGuard for Down {
        async fn check_and_remember(&self, _key: &str, _until: SystemTime) -> Result<Sighting> {
            Err(Error::new(ErrorKind::Environment, "the database is down"))
        }

        async fn forget(&self, _key: &str) -> Result<()> {
            Ok(())
        }
    }

    let endpoint = Endpoint::new(Scheme::Meta);
    let headers = endpoint.signer.sign("", endpoint.now(), b"{}").unwrap();
    let refused = endpoint.clock.run(endpoint.verifier.verify(&headers, "{}").unwrap().once(&Down)).unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("guard", StatusCode::SERVICE_UNAVAILABLE));
}

#[test]
fn each_scheme_has_its_key() {
    let key = |name: &str| {
        let delivery = plain().into_iter().find(|delivery| delivery.name == name).unwrap();
        delivery.verify().unwrap().replay_key()
    };
    assert_eq!(key("valid_single_v1"), "stripe:evt_1");
    assert_eq!(key("published_library_vector"), "standard_webhooks:msg_27UH4WbU6Z5A5EzD8u03UvzRbpk");
    assert_eq!(key("official ORDER_STATUS_CHANGE example"), "tiktok_shop:7380066284010030890");
    assert_eq!(key("success"), "remotion_lambda:r-8a1f:success");
    assert_eq!(key("completed"), "acd_v0:evt_7");
    assert_eq!(key("page"), "meta:sha256:977198d623e534ecd73c369d86a364a44b7031fdf838be6a684a6e253f44406e");
    assert!(key("post.publish.complete").starts_with("tiktok:sha256:"));
    // A body without the id that it should have has a key all the same.
    assert!(key("EcomPHP sample body").starts_with("tiktok_shop:sha256:"));
}

#[test]
fn an_empty_id_is_none() {
    let endpoint = Endpoint::new(Scheme::Stripe);
    let headers = endpoint.signer.sign("", endpoint.now(), br#"{"id":""}"#).unwrap();
    let verified = endpoint.verifier.verify(&headers, r#"{"id":""}"#).unwrap();
    assert_eq!(verified.message_id(), None);
    assert!(verified.replay_key().starts_with("stripe:sha256:"), "two such messages are not the same one");
}

#[test]
fn the_time_in_the_body_of_tiktok_shop_counts() {
    let (mut delivery, _) = tiktok().into_iter().find(|(case, _)| case.name.starts_with("official ORDER")).unwrap();
    let written = delivery.now;
    for (now, verdict) in [
        (written + 16 * 3_600, "valid"),
        (written + 86_400, "valid"),
        (written + 86_401, "expired"),
        (written - 300, "valid"),
        (written - 301, "too_new"),
    ] {
        delivery.now = now;
        assert_eq!(delivery.verdict(), verdict, "{now}");
    }
}

#[test]
fn what_has_no_time_is_accepted_at_any() {
    for (mut delivery, _) in body_macs().into_iter().filter(|(_, expected)| expected == "valid") {
        delivery.now = 4_102_444_800;
        assert_eq!(delivery.verify().unwrap().signed_at(), None, "{}", delivery.name);
    }
}

#[test]
fn an_event_is_read_after_it_was_verified() {
    #[derive(Debug, Deserialize)]
    struct Event {
        r#type: String,
        data: Data,
    }

    #[derive(Debug, Deserialize)]
    struct Data {
        cents: u32,
    }

    let endpoint = Endpoint::new(Scheme::StandardWebhooks);
    let verified = endpoint.deliver("m1", r#"{"type":"paid","data":{"cents":5},"new":1}"#).unwrap();
    assert!(!format!("{verified:?}").contains("cents"), "the body may hold anything");
    let event = verified.json::<Event>().unwrap();
    assert_eq!((event.event().r#type.as_str(), event.event().data.cents), ("paid", 5));
    assert_eq!((event.message_id().as_deref(), event.body().len()), (Some("m1"), 42));
    assert_eq!(event.into_event().data.cents, 5);

    let wrong = endpoint.deliver("m2", r#"{"type":"paid","data":{"cents":"hunter2"}}"#).unwrap();
    let error = wrong.json::<Event>().unwrap_err();
    assert!(matches!(&error, WebhookError::Body(cause) if cause.json_path() == Some("data.cents")), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(endpoint.deliver("m3", "").unwrap().json::<Event>().unwrap_err().code(), "body");
}

#[test]
fn any_bytes_are_a_body_and_no_executor_is_needed() {
    let secret = || [Secret::from("a")];
    let signer = WebhookSigner::new(Scheme::Meta, secret()).unwrap();
    let headers = signer.sign("", SystemTime::UNIX_EPOCH, &[0xff, 0x00]).unwrap();
    let verified = Verifier::new(Scheme::Meta, secret()).unwrap().verify(&headers, vec![0xff, 0x00]).unwrap();
    assert_eq!(verified.body()[..], [0xff, 0x00]);
}
