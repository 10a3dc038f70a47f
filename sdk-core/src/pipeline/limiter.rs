//! The place of the limits: inside retry and breaker, so that every attempt takes its units and a refused one takes none,
//! and outside the attempt's timeout, which a wait for one's turn must not eat.

use smallvec::SmallVec;

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::limits::{Limits, Permit, PoolAnswer, PoolKey, PoolRequest, SharedPool};
use crate::response::Response;
use crate::telemetry::names;

pub(super) struct Limiter<S> {
    limits: Limits,
    inner: S,
}

impl<S> Limiter<S> {
    pub(super) fn new(limits: Limits, inner: S) -> Self {
        Self { limits, inner }
    }

    fn pools(&self, call: &Call) -> SmallVec<[(PoolKey, SharedPool); 2]> {
        let authority = call.request().uri().authority().map_or("", |authority| authority.as_str());
        let named = call.operation().limit_pools().iter().copied();
        let named = named.filter_map(|name| self.limits.named(name, call.pool_scope(name), call.runtime()));
        named.chain(self.limits.every(authority, call.runtime())).collect()
    }
}

impl<S: Step> Step for Limiter<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if self.limits.is_empty() {
            return self.inner.run(call).await;
        }
        let pools = self.pools(call);
        for (key, pool) in &pools {
            let permit = self.acquire(call, key, pool).await?;
            call.hold(permit);
        }
        let result = self.inner.run(call).await;
        for (key, pool) in &pools {
            observe(call, key, pool, &result);
        }
        // What is held and was not sent, for want of credentials say, goes back.
        call.release_permits();
        result
    }
}

impl<S> Limiter<S> {
    async fn acquire(&self, call: &Call, key: &PoolKey, pool: &SharedPool) -> Result<Permit> {
        let runtime = call.runtime();
        let cost = call.pool_cost(key.name());
        let request = PoolRequest::new(runtime).cost(cost).caller(call.caller()).priority(call.priority());
        if let Some(permit) = pool.try_acquire(&request) {
            return Ok(permit);
        }
        let longest = call.on_limit().unwrap_or(self.limits.default_on_limit()).longest();
        let max_wait = call.remaining().map_or(longest, |remaining| remaining.min(longest));
        let start = runtime.now();
        let result = pool.acquire(&request.max_wait(max_wait)).await;
        if let Some(metrics) = call.metrics() {
            let label = [("acd.pool", key.name())];
            let waited = runtime.now().since(start);
            if !waited.is_zero() {
                metrics.histogram(names::LIMITER_WAIT, waited.as_secs_f64(), &label);
            }
            if result.is_err() {
                metrics.counter(names::LIMITER_REFUSED, 1, &label);
            }
        }
        result.map_err(|error| error.with_may_have_been_sent(false))
    }
}

fn observe(call: &Call, key: &PoolKey, pool: &SharedPool, result: &Result<Response>) {
    let (status, headers) = match result {
        Ok(response) => (Some(response.status()), response.headers()),
        Err(error) => (error.status(), error.headers()),
    };
    let error = result.as_ref().err();
    let throttled = error.is_some_and(|error| error.kind() == ErrorKind::Throttled);
    if status.is_none() && !throttled {
        return;
    }
    pool.observe(&PoolAnswer {
        key,
        status,
        headers,
        throttled,
        retry_after: error.and_then(Error::retry_after),
        runtime: call.runtime(),
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use http::Method;

    use crate::limits::{Limits, LocalPool, OnLimit, Permit, Pool, PoolAnswer, PoolRequest, Priority, Quota, Refund};
    use crate::runtime::Runtime;
    use crate::testing::{Harness, Script, answer};
    use crate::{Auth, Error, ErrorKind, GiveUp, Operation, Request, Result};

    const MINUTE: Duration = Duration::from_secs(60);
    const LIST: Operation = Operation::new("ads.list", Method::GET, "/v1/ads").safe().pool("account").cost(2);

    fn limits() -> Limits {
        Limits::new().pool("account", |_| LocalPool::sliding_window(2, MINUTE))
    }

    #[test]
    fn a_call_waits_for_its_turn_outside_its_own_timeout() {
        let harness = Harness::new([answer(200), answer(200)]);
        let limits = limits().on_limit(OnLimit::Wait(MINUTE));
        let client = harness.client().limits(limits).build().unwrap();
        harness.run(client.call(&LIST).send()).unwrap();
        let call = client.call(&LIST).timeout(2 * MINUTE).attempt_timeout(Duration::from_secs(1));
        assert!(harness.run(call.send()).is_ok());
        assert_eq!(harness.clock().elapsed(), MINUTE);
    }

    #[test]
    fn a_call_that_may_not_wait_so_long_fails_at_once_and_unsent() {
        let harness = Harness::new([answer(200)]);
        let client = harness.client().limits(limits()).build().unwrap();
        harness.run(client.call(&LIST).send()).unwrap();
        let in_time = client.call(&LIST).on_limit(OnLimit::Wait(MINUTE)).timeout(MINUTE / 2);
        for call in [client.call(&LIST), client.call(&LIST).on_limit(OnLimit::Fail), in_time] {
            let error = harness.run(call.send()).unwrap_err();
            assert_eq!((error.kind(), error.gave_up()), (ErrorKind::RateLimited, Some(GiveUp::Refused)));
            assert_eq!(error.retry_after(), Some(MINUTE));
            assert!(!error.may_have_been_sent());
        }
        assert_eq!(harness.clock().elapsed(), Duration::ZERO);
    }

    #[test]
    fn scopes_have_limits_of_their_own_and_other_operations_none() {
        let harness = Harness::new((0..4).map(|_| answer(200)));
        let client = harness.client().limits(limits().on_limit(OnLimit::Fail)).build().unwrap();
        for scope in ["act_1", "act_2"] {
            harness.run(client.call(&LIST).pool_scope("account", scope).send()).unwrap();
        }
        assert!(harness.run(client.call(&LIST).pool_scope("account", "act_1").send()).is_err());
        assert!(harness.run(client.call(&Harness::GET).send()).is_ok());
    }

    #[test]
    fn a_call_may_cost_more_or_less_than_its_operation() {
        let harness = Harness::new((0..3).map(|_| answer(200)));
        let limits = Limits::new().pool("account", |_| LocalPool::sliding_window(4, MINUTE)).on_limit(OnLimit::Fail);
        let client = harness.client().limits(limits).build().unwrap();
        harness.run(client.call(&LIST).pool_cost("account", 1).send()).unwrap();
        harness.run(client.call(&LIST).pool_cost("other", 9).send()).unwrap();
        assert!(harness.run(client.call(&LIST).send()).is_err());
        assert!(harness.run(client.call(&LIST).pool_cost("account", 1).send()).is_ok());
    }

    #[test]
    fn every_attempt_takes_its_units() {
        let harness = Harness::new([answer(503), answer(200)]);
        let limits = Limits::new().every_call(|_| LocalPool::gcra(Quota::per_second(1)));
        let client = harness.client().limits(limits).build().unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(harness.clock().elapsed(), Duration::from_secs(1));
    }

    #[test]
    fn one_callers_throttling_holds_back_the_next() {
        let harness = Harness::new([answer(429).header("retry-after", "7"), answer(200), answer(200)]);
        let limits = Limits::new().every_call(|_| LocalPool::adaptive());
        let client = harness.client().limits(limits).build().unwrap();
        harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
        harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(harness.clock().elapsed(), Duration::from_secs(7));
    }

    struct NoToken;

    impl Auth for NoToken {
        async fn apply(&self, _: &mut Request) -> Result<()> {
            Err(Error::new(ErrorKind::Credentials, "no token"))
        }
    }

    #[test]
    fn what_was_not_sent_goes_back() {
        let harness = Harness::new([answer(200)]);
        let client = harness.client().limits(limits().on_limit(OnLimit::Fail)).build().unwrap();
        let error = harness.run(client.call(&LIST).auth(NoToken).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(harness.run(client.call(&LIST).send()).is_ok());
    }

    #[test]
    fn what_was_sent_stays_taken_when_the_call_is_dropped() {
        let harness = Harness::new([Script::hang()]);
        let client = harness.client().limits(limits().on_limit(OnLimit::Fail)).build().unwrap();
        assert!(client.call(&LIST).send().now_or_never().is_none());
        assert!(harness.run(client.call(&LIST).send()).is_err());
    }

    /// Writes down all that a pool is told.
    #[derive(Clone, Default)]
    struct Diary(Arc<Mutex<Vec<String>>>);

    impl Diary {
        fn note(&self, entry: impl Into<String>) {
            self.0.lock().unwrap().push(entry.into());
        }

        fn read(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl Pool for Diary {
        async fn acquire(&self, request: &PoolRequest<'_>) -> Result<Permit> {
            self.note(format!("{} {:?} takes {}", request.caller, request.priority, request.cost));
            Ok(Permit::new(Arc::new(self.clone()), request.cost))
        }

        fn is_idle(&self, _: &Runtime) -> bool {
            true
        }

        fn observe(&self, answer: &PoolAnswer<'_>) {
            self.note(format!("answered {}", answer.status.map_or(0, |status| status.as_u16())));
        }
    }

    impl Refund for Diary {
        fn refund(&self, units: u32) {
            self.note(format!("back {units}"));
        }

        fn finished(&self, units: u32) {
            self.note(format!("used {units}"));
        }
    }

    #[test]
    fn a_pool_learns_when_what_it_gave_was_used() {
        let harness = Harness::new([answer(200), Script::hang()]);
        let diary = Diary::default();
        let pool = diary.clone();
        let client = harness.client().limits(Limits::new().pool("account", move |_| pool.clone())).build().unwrap();
        harness.run(client.call(&LIST).caller("pct").send()).unwrap();
        assert_eq!(diary.read(), ["pct Interactive takes 2", "answered 200", "used 2"]);
        assert!(client.call(&LIST).priority(Priority::Background).send().now_or_never().is_none());
        assert_eq!(diary.read(), [" Background takes 2", "used 2"], "a call that is dropped may have been counted");
        harness.run(client.call(&LIST).auth(NoToken).send()).unwrap_err();
        assert_eq!(diary.read(), [" Interactive takes 2", "back 2"]);
    }
}
