//! The place of hedging: inside retry, which sees the pair as one attempt, and around everything an attempt passes.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tracing::debug;

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::operation::Safety;
use crate::response::Response;
use crate::retry::RetryBudgets;
use crate::telemetry::names;

pub(super) struct Hedging<S> {
    budgets: RetryBudgets,
    inner: S,
}

impl<S> Hedging<S> {
    pub(super) fn new(budgets: RetryBudgets, inner: S) -> Self {
        Self { budgets, inner }
    }
}

impl<S: Step> Step for Hedging<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let hedge = call.hedge().filter(|_| call.operation().safety() == Safety::Safe);
        let fork = hedge.and_then(|hedge| Some((hedge, call.fork()?)));
        // Boxed here, half-way through the pipeline: each step holds and moves the ones behind it, and one box in the
        // middle spares more copying than it costs.
        let Some((hedge, mut second)) = fork else { return Box::pin(self.inner.run(call)).await };
        let result = Box::pin(self.race(call, &mut second, hedge.delay())).await;
        call.adopt(&mut second);
        result
    }
}

impl<S: Step> Hedging<S> {
    async fn race(&self, call: &mut Call, second: &mut Call, delay: Duration) -> Result<Response> {
        let runtime = call.runtime().clone();
        let budget = self.budgets.of(call.request().uri().authority().map_or("", |authority| authority.as_str()));
        let cost = call.retry().cost;
        let first = pin!(self.inner.run(call));
        let first = match select(first, runtime.sleep(delay)).await {
            Either::Left((result, _)) => return result,
            Either::Right(((), first)) => first,
        };
        if !budget.take(cost) {
            return first.await;
        }
        let name = [("acd.operation.name", second.operation().name())];
        debug!(delay_ms = delay.as_secs_f64() * 1000.0, "no answer yet, trying a second time beside it");
        let metrics = second.shared_metrics();
        if let Some(metrics) = &metrics {
            metrics.counter(names::HEDGES, 1, &name);
        }
        let won = |result: Result<Response>| {
            if let (Ok(_), Some(metrics)) = (&result, &metrics) {
                metrics.counter(names::HEDGES_WON, 1, &name);
            }
            result
        };
        match select(first, pin!(self.inner.run(second))).await {
            Either::Left((Ok(response), _)) => Ok(response),
            Either::Right((Ok(response), _)) => won(Ok(response)),
            Either::Left((Err(error), other)) => won(other.await).or(Err(error)),
            Either::Right((Err(_), other)) => other.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::{Harness, Script, answer};
    use crate::{Hedge, RetryBudgets, RetryConfig};

    const HALF: Hedge = Hedge::after(Duration::from_millis(500));

    #[test]
    fn a_slow_answer_is_overtaken_by_the_second_attempt() {
        let harness = Harness::new([Script::hang(), answer(200).body("second")]);
        let client = harness.client().hedge(HALF).build().unwrap();
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(response.body().unwrap(), "second");
        assert_eq!(harness.clock().elapsed(), Duration::from_millis(500));
        let numbers: Vec<_> = response.attempts().iter().map(|attempt| (attempt.number(), attempt.took())).collect();
        assert_eq!(numbers, [(1, None), (2, Some(Duration::ZERO))], "the loser is recorded as cut short");
        assert!(harness.clock().sleepers().is_empty(), "and cancelled");
    }

    #[test]
    fn a_quick_answer_costs_nothing() {
        let harness = Harness::new([answer(200)]);
        let budgets = RetryBudgets::default();
        let client = harness.client().retry_budgets(budgets.clone()).hedge(HALF).build().unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(harness.requests().len(), 1);
        assert_eq!(budgets.available(Harness::AUTHORITY), 500);
    }

    #[test]
    fn only_safe_calls_are_hedged() {
        for operation in [&Harness::POST_KEYED, &Harness::POST_UNSAFE] {
            let harness = Harness::new([Script::hang()]);
            let client = harness.client().hedge(HALF).retry(RetryConfig::disabled()).build().unwrap();
            assert!(harness.run(client.call(operation).send()).is_err());
            assert_eq!(harness.requests().len(), 1);
        }
    }

    #[test]
    fn an_empty_budget_ends_hedging() {
        let harness = Harness::new([Script::hang()]);
        let client = harness.client().retry_budgets(RetryBudgets::new(13)).hedge(HALF).build().unwrap();
        assert!(harness.run(client.call(&Harness::GET).send()).is_err());
        assert_eq!(harness.requests().len(), 1);
    }

    #[test]
    fn when_one_fails_the_other_is_waited_for() {
        let harness = Harness::new([answer(200).after(Duration::from_secs(2)), answer(503)]);
        let client = harness.client().build().unwrap();
        let response = harness.run(client.call(&Harness::GET).hedge(HALF).send()).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(harness.clock().elapsed(), Duration::from_secs(2));
    }

    #[test]
    fn two_failures_are_one_for_the_retry() {
        let slow = answer(503).after(Duration::from_secs(1));
        let harness = Harness::new([slow, answer(500), answer(200)]);
        let client = harness.client().hedge(HALF).build().unwrap();
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        let numbers: Vec<_> = response.attempts().iter().map(|attempt| attempt.number()).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}
