//! What is measured of calls.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use acd_core::telemetry::names;
use acd_core::testing::{Harness, RecordedLabels, RecordedMetrics, Script, answer};
use acd_core::{Error, ErrorKind, RetryConfig};

fn labels<const N: usize>(pairs: [(&'static str, &str); N]) -> RecordedLabels {
    pairs.map(|(name, value)| (name, value.to_owned())).into()
}

#[test]
fn each_exchange_and_the_whole_call_are_measured() {
    let slow = answer(503).after(Duration::from_secs(2)).header("retry-after", "7");
    let harness = Harness::new([slow, answer(200).after(Duration::from_secs(1))]);
    let recorded = RecordedMetrics::new();
    let client = harness.client().metrics(recorded.clone()).build().unwrap();
    harness.run(client.call(&Harness::GET).send()).unwrap();
    let common = [
        ("http.request.method", "GET"),
        ("url.template", "/v1/things"),
        ("server.address", Harness::AUTHORITY),
        ("server.port", "443"),
    ];
    let with = |more: &[(&'static str, &str)]| {
        let mut all = labels(common);
        all.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        all
    };
    let requests = recorded.of(names::REQUEST_DURATION);
    assert_eq!(requests[0], (2.0, with(&[("http.response.status_code", "503"), ("error.type", "503")])));
    assert_eq!(requests[1], (1.0, with(&[("http.response.status_code", "200")])));
    let name = ("acd.operation.name", "test.get");
    assert_eq!(recorded.of(names::OPERATION_DURATION), [(10.0, labels([name]))]);
    assert_eq!(recorded.of(names::ATTEMPTS), [(2.0, labels([name]))]);
    assert_eq!(recorded.of(names::RETRIES), [(1.0, labels([name, ("error.type", "503")]))]);
    assert!(recorded.of(names::RETRY_GAVE_UP).is_empty());
}

#[test]
fn a_failure_is_measured_with_its_type_and_why_it_was_given_up() {
    let harness = Harness::new([Script::fail(|| Error::new(ErrorKind::Interrupted, "cut"))]);
    let recorded = RecordedMetrics::new();
    let client = harness.client().metrics(recorded.clone()).build().unwrap();
    harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
    let name = ("acd.operation.name", "test.post_unsafe");
    assert_eq!(recorded.of(names::REQUEST_DURATION)[0].1["error.type"], "interrupted");
    assert_eq!(recorded.of(names::OPERATION_DURATION)[0].1, labels([name, ("error.type", "interrupted")]));
    let gave_up = labels([name, ("acd.retry.reason", "unknown_outcome")]);
    assert_eq!(recorded.of(names::RETRY_GAVE_UP), [(1.0, gave_up)]);
}

#[test]
fn what_the_deadline_or_the_caller_drops_is_measured_too() {
    let harness = Harness::new([Script::hang(), Script::hang()]);
    let recorded = RecordedMetrics::new();
    let client = harness.client().metrics(recorded.clone()).retry(RetryConfig::disabled()).build().unwrap();
    let late = client.call(&Harness::GET).timeout(Duration::from_secs(3));
    harness.run(late.send()).unwrap_err();
    assert_eq!(recorded.of(names::REQUEST_DURATION)[0].0, 3.0);
    assert_eq!(recorded.of(names::OPERATION_DURATION)[0].1["error.type"], "timeout");
    {
        let mut call = pin!(client.call(&Harness::GET).send());
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        harness.clock().advance(Duration::from_secs(1));
    }
    let cancelled = |name| recorded.of(name)[1].clone();
    for name in [names::REQUEST_DURATION, names::OPERATION_DURATION] {
        assert_eq!((cancelled(name).0, cancelled(name).1["error.type"].as_str()), (1.0, "cancelled"));
    }
    assert_eq!(recorded.of(names::ATTEMPTS).len(), 1);
}
