//! What each fault does to a call and to the server.

use std::time::Duration;

use acd_core::{ErrorKind, GiveUp, Response, Result, RetryConfig};
use acd_testing::{Fault, FaultTransport, Faults, Harness, Latency, ScriptedTransport, answer, check_error};

struct Setting {
    harness: Harness,
    server: ScriptedTransport,
    network: FaultTransport<ScriptedTransport>,
    client: acd_core::Client,
}

impl Setting {
    fn new(faults: Faults) -> Self {
        let harness = Harness::new([]);
        let server = ScriptedTransport::new((0..200).map(|_| answer(200).body("0123456789")));
        let network = FaultTransport::new(server.clone(), faults, harness.clock().runtime());
        let client = harness.client().transport(network.clone()).build().unwrap();
        Self { harness, server, network, client }
    }

    /// Calls what must not be repeated, so that every fault shows.
    fn act(&self) -> Result<Response> {
        self.harness.run(self.client.call(&Harness::POST_UNSAFE).send())
    }
}

#[test]
fn before_the_effect_the_server_sees_nothing() {
    for (fault, kind, unsent) in [
        (Fault::refused(), ErrorKind::Connect, true),
        (Fault::cut_before_effect(), ErrorKind::Interrupted, false),
        (Fault::status(500), ErrorKind::Server, false),
        (Fault::throttled(Duration::from_millis(1500)), ErrorKind::Throttled, false),
        (Fault::hang(), ErrorKind::Timeout, false),
    ] {
        let setting = Setting::new(Faults::new().at_rate(1.0, fault.clone()));
        let error = setting.act().unwrap_err();
        check_error(&error).kind(kind);
        assert_eq!(error.may_have_been_sent(), !unsent, "{fault:?}");
        assert_eq!(setting.server.requests().len(), 0, "{fault:?}");
        assert!(!fault.reaches_the_server());
    }
}

#[test]
fn after_the_effect_the_server_has_acted_and_the_client_cannot_know() {
    for fault in [Fault::cut_after_effect(), Fault::truncated(4), Fault::truncated(99)] {
        let setting = Setting::new(Faults::new().on(1, fault.clone()));
        let error = setting.act().unwrap_err();
        check_error(&error).kind(ErrorKind::Interrupted).maybe_sent().gave_up(GiveUp::UnknownOutcome).attempts(1);
        assert_eq!(setting.server.requests().len(), 1, "{fault:?}");
        assert!(fault.reaches_the_server());
    }
}

#[test]
fn a_throttled_call_waits_as_long_as_it_was_told() {
    let setting = Setting::new(Faults::new().on(1, Fault::throttled(Duration::from_millis(1500))));
    let response = setting.harness.run(setting.client.call(&Harness::GET).send()).unwrap();
    assert_eq!(response.attempts()[1].started(), Duration::from_secs(2), "whole seconds, rounded up");
}

#[test]
fn a_slow_body_takes_its_time_and_arrives_whole() {
    let setting = Setting::new(Faults::new().on(1, Fault::slow_body(4, Duration::from_secs(1))));
    assert_eq!(setting.act().unwrap().body().unwrap(), "0123456789");
    assert_eq!(setting.harness.clock().elapsed(), Duration::from_secs(3));
}

#[test]
fn latency_passes_on_the_clock() {
    let setting = Setting::new(Faults::new().latency(Latency::fixed(Duration::from_secs(3))));
    setting.act().unwrap();
    assert_eq!(setting.harness.clock().elapsed(), Duration::from_secs(3));
}

#[test]
fn the_third_request_alone_meets_what_is_planned_for_it() {
    let setting = Setting::new(Faults::new().on(3, Fault::status(501)));
    let outcomes: Vec<_> = (0..4).map(|_| setting.act().is_ok()).collect();
    assert_eq!(outcomes, [true, true, false, true]);
    let injected = setting.network.injected();
    assert_eq!((injected.len(), injected[0].request), (1, 3));
}

#[test]
fn the_same_seed_gives_the_same_run_near_the_rate_asked_for() {
    let run = || {
        let setting = Setting::new(Faults::new().at_rate(0.3, Fault::status(501)));
        (0..200).map(|_| setting.act().is_err()).collect::<Vec<_>>()
    };
    let failures = run();
    assert_eq!(failures, run());
    let count = failures.iter().filter(|failed| **failed).count();
    assert!((40..=80).contains(&count), "{count} of 200");
}

#[test]
fn retries_ride_over_random_faults() {
    let faults = Faults::new().at_rate(0.5, Fault::cut_before_effect());
    let setting = Setting::new(faults);
    let patient = RetryConfig::default().with_max_attempts(30);
    for _ in 0..5 {
        setting.harness.run(setting.client.call(&Harness::POST_KEYED).retry(patient.clone()).send()).unwrap();
    }
    assert_eq!(setting.server.requests().len(), 5);
}
