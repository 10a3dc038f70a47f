//! The place of the breaker: inside retry, so that a retry is refused like a new call.

use tracing::{info, warn};

use super::Step;
use crate::Result;
use crate::breaker::{Admission, BreakerState, Breakers, Transition};
use crate::call::Call;
use crate::error::{Error, ErrorKind, is_transient_status};
use crate::response::Response;
use crate::telemetry::names;

pub(super) struct Breaker<S> {
    breakers: Option<Breakers>,
    inner: S,
}

impl<S> Breaker<S> {
    pub(super) fn new(breakers: Option<Breakers>, inner: S) -> Self {
        Self { breakers, inner }
    }
}

impl<S: Step> Step for Breaker<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let Some(breakers) = self.breakers.as_ref().filter(|_| call.passes_breaker()) else {
            return self.inner.run(call).await;
        };
        let Some(authority) = call.request().uri().authority() else { return self.inner.run(call).await };
        let now = call.attempt_began();
        let circuit = breakers.of(authority, call.operation().group(), now);
        let ticket = match circuit.admit(breakers.config(), now) {
            Admission::Pass(ticket, transition) => {
                tell(call, transition);
                ticket
            }
            Admission::Refused(wait) => {
                let error = Error::new(
                    ErrorKind::CircuitOpen,
                    "the breaker is open: calls of this kind kept failing, and the server is left alone for a while",
                );
                let error = match wait {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                };
                if let Some(metrics) = call.metrics() {
                    metrics.counter(names::BREAKER_REFUSED, 1, &labels(call));
                }
                return call.fallback(&error).ok_or(error);
            }
        };
        let result = self.inner.run(call).await;
        if let Some(failed) = verdict(&result) {
            let transition = ticket.report(failed, breakers.config(), call.runtime().now());
            tell(call, transition);
        }
        result
    }
}

/// Whether the attempt shows a broken server; `None` when it says nothing about the server.
fn verdict(result: &Result<Response>) -> Option<bool> {
    let Err(error) = result else { return Some(false) };
    match error.kind() {
        ErrorKind::Interrupted if error.is_stale_connection() => None,
        // Before the status, which a body that breaks off has too.
        ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout => Some(true),
        ErrorKind::Server => Some(error.status().is_none_or(is_transient_status)),
        _ => error.status().map(|_| false),
    }
}

fn labels(call: &Call) -> [(&'static str, &str); 2] {
    let server = call.request().uri().host().unwrap_or_default();
    [("server.address", server), ("acd.operation.group", call.operation().group())]
}

fn tell(call: &Call, transition: Option<Transition>) {
    let Some(Transition { from, to }) = transition else { return };
    let [server, group] = labels(call);
    if let Some(metrics) = call.metrics() {
        let (from, to) = (("acd.breaker.from", from.as_str()), ("acd.breaker.to", to.as_str()));
        metrics.counter(names::BREAKER_TRANSITIONS, 1, &[server, group, from, to]);
    }
    if to == BreakerState::Open {
        warn!(server = server.1, group = group.1, %from, %to, "the breaker opens: calls are refused for a while");
    } else {
        info!(server = server.1, group = group.1, %from, %to, "the breaker changes");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::testing::{Harness, Script, answer};
    use crate::{BreakerConfig, GiveUp, RetryConfig};

    /// Opens at the second failure.
    fn breakers() -> Breakers {
        Breakers::new(BreakerConfig::default().with_failure_rate(0.5, 2).with_probes(1))
    }

    fn state(breakers: &Breakers) -> BreakerState {
        breakers.state(Harness::AUTHORITY, "test")
    }

    #[test]
    fn failures_open_it_for_retries_and_new_calls_and_a_probe_closes_it() {
        let harness = Harness::new([answer(503), answer(500), answer(200)]);
        let breakers = breakers();
        let client = harness.client().breakers(breakers.clone()).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CircuitOpen, "the third attempt is refused");
        assert_eq!(error.gave_up(), Some(GiveUp::Refused));
        assert_eq!(harness.requests().len(), 2);
        let refused = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
        let due = refused.retry_after().unwrap();
        assert!(due <= Duration::from_secs(5) && due > Duration::from_secs(4), "{due:?} of the five seconds are left");
        assert!(refused.is_retryable() && !refused.may_have_been_sent());
        harness.clock().advance(Duration::from_secs(5));
        assert!(harness.run(client.call(&Harness::GET).send()).is_ok());
        assert_eq!(state(&breakers), BreakerState::Closed);
    }

    #[test]
    fn answers_that_show_a_working_server_do_not_count_as_failures() {
        for status in [400, 401, 404, 409, 429, 501] {
            let harness = Harness::new((0..4).map(|_| answer(status)));
            let breakers = breakers();
            let client = harness.client().breakers(breakers.clone()).build().unwrap();
            for _ in 0..4 {
                harness.run(client.call(&Harness::GET).retry(RetryConfig::disabled()).send()).unwrap_err();
            }
            assert_eq!(state(&breakers), BreakerState::Closed, "{status}");
        }
    }

    #[test]
    fn silence_and_broken_connections_count() {
        let refused = || Script::fail(|| Error::new(ErrorKind::Connect, "refused"));
        for script in [[refused(), refused()], [Script::hang(), Script::broken_body(200, "ha")]] {
            let harness = Harness::new(script);
            let breakers = breakers();
            let client = harness.client().breakers(breakers.clone()).build().unwrap();
            harness.run(client.call(&Harness::GET).send()).unwrap_err();
            assert_eq!(state(&breakers), BreakerState::Open);
        }
    }

    #[test]
    fn a_fallback_answers_while_it_is_open_and_only_then() {
        let remembered =
            |_: &Error| Some(Response::new(StatusCode::OK, HeaderMap::new(), crate::Body::from("remembered")));
        let harness = Harness::new([answer(503), answer(503), answer(200).body("fresh"), answer(400)]);
        let client = harness.client().breakers(breakers()).retry(RetryConfig::disabled()).build().unwrap();
        let call = || harness.run(client.call(&Harness::GET).fallback(remembered).send());
        assert_eq!(call().unwrap_err().status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(call().unwrap_err().status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(call().unwrap().body().unwrap(), "remembered");
        harness.clock().advance(Duration::from_secs(5));
        assert_eq!(call().unwrap().body().unwrap(), "fresh");
        assert_eq!(call().unwrap_err().status(), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn a_cancelled_probe_frees_its_place() {
        use futures_util::FutureExt as _;
        let harness = Harness::new([answer(503), answer(503), Script::hang(), answer(200)]);
        let client = harness.client().breakers(breakers()).build().unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap_err();
        harness.clock().advance(Duration::from_secs(5));
        assert!(client.call(&Harness::GET).send().now_or_never().is_none(), "the probe hangs, and its call is dropped");
        assert!(harness.run(client.call(&Harness::GET).send()).is_ok());
    }

    #[test]
    fn a_call_may_go_past_it() {
        let harness = Harness::new([answer(503), answer(503), answer(200)]);
        let breakers = breakers();
        let client = harness.client().breakers(breakers.clone()).build().unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert!(harness.run(client.call(&Harness::GET).without_breaker().send()).is_ok());
        assert_eq!(state(&breakers), BreakerState::Open, "which it does not tell the breaker");
    }

    #[test]
    fn it_can_be_switched_off() {
        let harness = Harness::new((0..100).map(|_| answer(503)));
        let client = harness.client().without_breakers().retry(RetryConfig::disabled()).build().unwrap();
        for _ in 0..100 {
            harness.run(client.call(&Harness::GET).send()).unwrap_err();
        }
        assert_eq!(harness.requests().len(), 100);
    }
}
