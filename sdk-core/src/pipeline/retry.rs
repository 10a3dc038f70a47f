//! The loop that obeys the retry decision.

use tracing::debug;

use super::{Step, idempotency};
use crate::Result;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::response::Response;
use crate::retry::{Decision, Failure, GiveUp, RetryBudgets, Situation, decide};
use crate::telemetry::http::error_type;
use crate::telemetry::names;

pub(super) struct Retry<S> {
    budgets: RetryBudgets,
    inner: S,
}

impl<S> Retry<S> {
    pub(super) fn new(budgets: RetryBudgets, inner: S) -> Self {
        Self { budgets, inner }
    }
}

impl<S: Step> Step for Retry<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let config = call.retry().clone();
        let budget = self.budgets.of(call.request().uri().authority().map_or("", |authority| authority.as_str()));
        let keyed = call.request().headers().contains_key(idempotency::HEADER);
        let replayable = call.request().body().is_replayable();
        let mut paid = None;
        let mut stale_excused = false;
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let may_follow = attempt < config.max_attempts || call.may_renew_credentials();
            let spare = if may_follow { call.request().try_clone() } else { None };
            let error = match self.inner.run(call).await {
                Ok(response) => {
                    budget.give(paid.unwrap_or(1));
                    return Ok(response);
                }
                Err(error) => error,
            };
            let at = Situation {
                attempt,
                safety: call.operation().safety(),
                keyed,
                replayable,
                stale_excused,
                remaining: call.remaining(),
                // Without randomness the longest wait is the kindest.
                unit: call.runtime().random_unit().unwrap_or(1.0),
            };
            let (delay, cost) = match decide(Some(&Failure::of(&error)), &at, &config) {
                Decision::Wait { delay, cost } => (delay, cost),
                Decision::Fail(Some(reason)) => return Err(gave_up(call, error, reason)),
                Decision::Fail(None) | Decision::Done => return Err(error),
            };
            if !budget.take(cost) {
                return Err(gave_up(call, error, GiveUp::Budget));
            }
            if let Some(metrics) = call.metrics() {
                let kind = error_type(&error);
                let labels = [("acd.operation.name", call.operation().name()), ("error.type", kind.as_str())];
                metrics.counter(names::RETRIES, 1, &labels);
            }
            paid = Some(cost);
            stale_excused |= error.is_stale_connection();
            debug!(
                attempt,
                delay_ms = delay.as_secs_f64() * 1000.0,
                "error.type" = error.kind().as_str(),
                "attempt failed, trying again"
            );
            if !delay.is_zero() {
                call.runtime().sleep(delay).await;
            }
            restore(call, spare)?;
        }
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            transient: error.is_retryable(),
            throttled: error.kind() == ErrorKind::Throttled,
            refused: matches!(error.kind(), ErrorKind::CircuitOpen | ErrorKind::RateLimited),
            may_have_been_sent: error.may_have_been_sent(),
            stale_connection: error.is_stale_connection(),
            renewed_credentials: error.has_renewed_credentials(),
            retry_after: error.retry_after(),
        }
    }
}

fn gave_up(call: &Call, error: Error, reason: GiveUp) -> Error {
    if let Some(metrics) = call.metrics() {
        let labels = [("acd.operation.name", call.operation().name()), ("acd.retry.reason", reason.as_str())];
        metrics.counter(names::RETRY_GAVE_UP, 1, &labels);
    }
    error.with_gave_up(reason)
}

fn restore(call: &mut Call, spare: Option<Request>) -> Result<()> {
    let Some(request) = spare else {
        // The decision allows no retry in these cases; an empty body must not stand in for the lost one if it ever did.
        return Err(Error::new(ErrorKind::Request, "the request cannot be sent a second time"));
    };
    call.set_request(request);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::testing::{Harness, Script, answer};
    use crate::{Body, ByteStream, RetryConfig};

    fn cut() -> Error {
        Error::new(ErrorKind::Interrupted, "cut")
    }

    #[test]
    fn transient_answers_are_retried_until_one_succeeds() {
        for status in [408, 429, 500, 502, 503, 504] {
            let harness = Harness::new([answer(status), answer(status), answer(200)]);
            let client = harness.client().build().unwrap();
            let response = harness.run(client.call(&Harness::GET).send()).unwrap();
            assert_eq!(response.attempts().len(), 3, "{status}");
        }
    }

    #[test]
    fn other_answers_are_not_retried() {
        for status in [400, 401, 403, 404, 409, 422, 501] {
            let harness = Harness::new([answer(status)]);
            let client = harness.client().build().unwrap();
            let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
            assert_eq!((error.attempts().len(), error.gave_up()), (1, None), "{status}");
        }
    }

    #[test]
    fn retry_after_is_waited_for() {
        let harness = Harness::new([answer(429).header("retry-after", "7"), answer(200)]);
        let client = harness.client().build().unwrap();
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(response.attempts()[1].started(), Duration::from_secs(7));
    }

    #[test]
    fn the_number_of_attempts_changes_nothing_else() {
        let patient = RetryConfig::default().with_max_retry_after(Duration::from_secs(600));
        let late = || answer(429).header("retry-after", "500");
        let harness = Harness::new([late(), late(), answer(200), late()]);
        let client = harness.client().retry(patient).max_attempts(1).build().unwrap();
        let response = harness.run(client.call(&Harness::GET).max_attempts(3).timeout(Duration::MAX).send()).unwrap();
        assert_eq!(response.attempts()[2].started(), Duration::from_secs(1000));
        assert_eq!(harness.run(client.call(&Harness::GET).send()).unwrap_err().attempts().len(), 1);
    }

    #[test]
    fn an_unsafe_call_is_repeated_only_when_it_was_surely_not_sent() {
        for sent in [answer(503), answer(429), Script::fail(cut), Script::hang()] {
            let harness = Harness::new([sent]);
            let client = harness.client().build().unwrap();
            let error = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
            assert_eq!(error.gave_up(), Some(GiveUp::UnknownOutcome));
            assert!(error.may_have_been_sent());
            assert_eq!(harness.requests().len(), 1);
        }
        let refused = Script::fail(|| Error::new(ErrorKind::Connect, "refused"));
        let harness = Harness::new([refused, answer(200)]);
        let client = harness.client().build().unwrap();
        assert!(harness.run(client.call(&Harness::POST_UNSAFE).send()).is_ok());
    }

    #[test]
    fn doubt_of_an_earlier_attempt_outlives_a_later_certainty() {
        let refused = || Script::fail(|| Error::new(ErrorKind::Connect, "refused"));
        let harness = Harness::new([Script::fail(cut), refused(), refused()]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.may_have_been_sent());
    }

    #[test]
    fn a_body_that_can_be_read_once_is_sent_once() {
        let once = || Body::stream(None, ByteStream::from_chunks([Bytes::from_static(b"once")]));
        let harness = Harness::new([answer(503)]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::POST_KEYED).body(once()).send()).unwrap_err();
        assert_eq!(error.gave_up(), Some(GiveUp::Body));
        assert_eq!(harness.requests()[0].body, "once");
    }

    #[test]
    fn a_replayable_body_is_whole_on_each_attempt() {
        let again = Body::replayable(None, || ByteStream::from_chunks([Bytes::from_static(b"again")]));
        let harness = Harness::new([answer(503), answer(200)]);
        let client = harness.client().build().unwrap();
        harness.run(client.call(&Harness::POST_KEYED).body(again).send()).unwrap();
        let bodies: Vec<_> = harness.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies, ["again", "again"]);
    }

    #[test]
    fn a_dead_connection_is_excused_at_once_and_for_nothing() {
        let stale = || Script::fail(|| cut().with_stale_connection());
        let harness = Harness::new([stale(), answer(200)]);
        let budgets = RetryBudgets::new(0);
        let client = harness.client().retry_budgets(budgets).build().unwrap();
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(response.attempts()[1].started(), Duration::ZERO);
    }

    #[test]
    fn the_budget_bounds_retries_over_all_calls_to_an_authority() {
        let budgets = RetryBudgets::new(30);
        let harness = Harness::new((0..7).map(|_| answer(503)));
        let client = || harness.client().retry_budgets(budgets.clone()).build().unwrap();
        let tries = |n: usize| {
            let before = harness.requests().len();
            let error = harness.run(client().call(&Harness::GET).send()).unwrap_err();
            assert_eq!(harness.requests().len() - before, n);
            error.gave_up()
        };
        assert_eq!(tries(3), Some(GiveUp::Attempts), "30 tokens pay for two retries");
        assert_eq!(tries(1), Some(GiveUp::Budget), "and the next client of the same server finds none left");
    }

    #[test]
    fn successes_earn_the_budget_back() {
        let budgets = RetryBudgets::new(100);
        let harness = Harness::new([answer(503), answer(200), answer(503), answer(400), answer(200)]);
        let client = harness.client().retry_budgets(budgets.clone()).build().unwrap();
        let left = || budgets.available(Harness::AUTHORITY);
        harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(left(), 100, "a retry that succeeds gives back what it took");
        harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(left(), 86);
        harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(left(), 87, "a first attempt that succeeds earns one");
    }

    #[test]
    fn retries_can_be_switched_off_per_call() {
        let harness = Harness::new([answer(503)]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::GET).retry(RetryConfig::disabled()).send()).unwrap_err();
        assert_eq!(error.attempts().len(), 1);
    }
}
