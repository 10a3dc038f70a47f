//! A pool of this process.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::future::select;

use super::adaptive::Adaptive;
use super::gcra::{Gcra, Quota};
use super::queue::{FairQueue, Ticket};
use super::sliding::SlidingWindow;
use super::{Algorithm, Permit, Pool, PoolAnswer, PoolRequest, ReadLimit, Refund, StandardHeaders};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::{Instant, Runtime};

/// A limit kept in this process. Callers that wait are served in turns ([`PoolRequest::caller`]), each turn as long as the
/// call is dear, so that a busy caller does not starve a quiet one.
///
/// It learns from answers: a 429 with `Retry-After` stops the whole pool for that long, and what the headers say is left
/// corrects its own count downwards. [`StandardHeaders`] are read unless [`reading`](Self::reading) says otherwise.
#[derive(Clone)]
pub struct LocalPool {
    shared: Arc<Shared>,
    reader: Arc<dyn ReadLimit>,
}

struct Shared {
    state: Mutex<State>,
}

struct State {
    algorithm: Box<dyn Algorithm>,
    queue: FairQueue,
    blocked_until: Option<Instant>,
}

impl LocalPool {
    /// An evenly spread rate with a burst, by the generic cell rate algorithm.
    pub fn gcra(quota: Quota) -> Self {
        Self::of(Gcra::new(quota))
    }

    /// At most `limit` units in any stretch of time as long as `window`. A limit of 0 counts as 1.
    pub fn sliding_window(limit: u32, window: Duration) -> Self {
        Self::of(SlidingWindow::new(limit, window))
    }

    /// No limit until the server throttles for the first time, and from then on a rate that finds itself, as in the AWS
    /// SDKs' adaptive mode.
    pub fn adaptive() -> Self {
        Self::of(Adaptive::default())
    }

    fn of(algorithm: impl Algorithm) -> Self {
        let state = State { algorithm: Box::new(algorithm), queue: FairQueue::default(), blocked_until: None };
        Self { shared: Arc::new(Shared { state: Mutex::new(state) }), reader: Arc::new(StandardHeaders) }
    }

    fn permit(&self, units: u32) -> Permit {
        Permit::new(Arc::clone(&self.shared) as Arc<dyn Refund>, units)
    }

    /// Reads the limit from answers in another way.
    #[must_use]
    pub fn reading(mut self, reader: impl ReadLimit) -> Self {
        self.reader = Arc::new(reader);
        self
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is complete before the lock is released: a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The time until `units` could be taken; takes nothing.
    fn wait(&mut self, now: Instant, units: u32) -> Duration {
        let blocked = self.blocked_until.map_or(Duration::ZERO, |until| until.since(now));
        self.algorithm.wait(now, units).max(blocked)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn limited(wait: Duration) -> Error {
    Error::new(
        ErrorKind::RateLimited,
        "the limit of the call's pool is reached: come back later, or allow a longer wait",
    )
    .with_retry_after(wait)
}

/// A place in the queue that is left when the call is dropped.
struct Place<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let next = self.shared.lock().queue.leave(self.ticket);
        wake(next);
    }
}

impl Place<'_> {
    /// Waits until it is worth looking again: when asked to, and after `wait` at the latest.
    async fn rest(&self, runtime: &Runtime, wait: Duration) {
        let poked = poll_fn(|cx| {
            if self.shared.lock().queue.take_poke(self.ticket, cx.waker()) { Poll::Ready(()) } else { Poll::Pending }
        });
        select(pin!(poked), runtime.sleep(wait)).await;
    }
}

impl Pool for LocalPool {
    fn try_acquire(&self, request: &PoolRequest<'_>) -> Option<Permit> {
        let now = request.runtime.now();
        let mut state = self.shared.lock();
        if !state.queue.is_empty() || !state.wait(now, request.cost).is_zero() {
            return None;
        }
        state.algorithm.take(now, request.cost);
        drop(state);
        Some(self.permit(request.cost))
    }

    async fn acquire(&self, request: &PoolRequest<'_>) -> Result<Permit> {
        let &PoolRequest { cost, caller, max_wait, runtime, .. } = request;
        let start = runtime.now();
        if let Some(permit) = self.try_acquire(request) {
            return Ok(permit);
        }
        let place = {
            let mut state = self.shared.lock();
            let largest = state.algorithm.largest();
            if cost > largest {
                let problem = format!("the call costs {cost} units and its pool never holds more than {largest}");
                return Err(Error::new(ErrorKind::Request, problem));
            }
            // An estimate for who must queue: everyone ahead is served first.
            let units = state.queue.units().saturating_add(cost);
            let wait = state.wait(start, units);
            if wait > max_wait && (max_wait.is_zero() || state.queue.is_empty()) {
                return Err(limited(wait));
            }
            Place { shared: &self.shared, ticket: state.queue.join(caller, cost) }
        };
        loop {
            let now = runtime.now();
            let left = max_wait.saturating_sub(now.since(start));
            let wait = {
                let mut state = self.shared.lock();
                let wait = state.wait(now, cost);
                if state.queue.is_head(place.ticket) {
                    if wait.is_zero() {
                        state.algorithm.take(now, cost);
                        let next = state.queue.serve(place.ticket);
                        drop(state);
                        wake(next);
                        return Ok(self.permit(cost));
                    }
                    if wait > left {
                        return Err(limited(wait));
                    }
                    wait
                } else if left.is_zero() {
                    return Err(limited(wait));
                } else {
                    left
                }
            };
            place.rest(runtime, wait).await;
        }
    }

    fn is_idle(&self, runtime: &Runtime) -> bool {
        let now = runtime.now();
        let mut state = self.shared.lock();
        state.queue.is_empty() && state.blocked_until.is_none_or(|until| until <= now) && state.algorithm.is_fresh(now)
    }

    fn observe(&self, answer: &PoolAnswer<'_>) {
        let read = self.reader.read(answer.key, answer.headers, answer.runtime.wall());
        let mut seen = read.unwrap_or_default();
        seen.throttled |= answer.throttled;
        let now = answer.runtime.now();
        let exhausted = (seen.remaining == Some(0)).then_some(seen.reset).flatten();
        let asked = answer.retry_after.filter(|_| seen.throttled);
        let block = [seen.blocked_for, exhausted, asked].into_iter().flatten().max();
        let next = {
            let mut state = self.shared.lock();
            state.algorithm.learn(now, &seen);
            if let Some(block) = block {
                let until = now + block;
                state.blocked_until = Some(state.blocked_until.map_or(until, |known| known.max(until)));
            }
            state.queue.poke_head()
        };
        wake(next);
    }
}

impl Refund for Shared {
    fn refund(&self, units: u32) {
        let next = {
            let mut state = self.lock();
            state.algorithm.refund(units);
            state.queue.poke_head()
        };
        wake(next);
    }
}

impl fmt::Debug for LocalPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalPool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use futures_util::future::{join, join_all};
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::limits::PoolKey;
    use crate::testing::ManualClock;

    const MINUTE: Duration = Duration::from_secs(60);

    fn observe(
        pool: &LocalPool,
        runtime: &Runtime,
        status: u16,
        retry_after: Option<Duration>,
        remaining: Option<&str>,
    ) {
        let mut headers = HeaderMap::new();
        if let Some(remaining) = remaining {
            headers.insert("x-ratelimit-remaining", HeaderValue::from_str(remaining).unwrap());
            headers.insert("x-ratelimit-reset", HeaderValue::from_static("20"));
        }
        let key = PoolKey::new("test", "");
        let (status, throttled) = (StatusCode::from_u16(status).unwrap(), status == 429);
        pool.observe(&PoolAnswer {
            key: &key,
            status: Some(status),
            headers: &headers,
            throttled,
            retry_after,
            runtime,
        });
    }

    #[test]
    fn callers_are_served_in_turns() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        let pool = LocalPool::gcra(Quota::per_second(1));
        let order = Mutex::new(Vec::new());
        let take = |caller: &'static str| {
            let (pool, runtime, order) = (&pool, &runtime, &order);
            async move {
                pool.acquire(&PoolRequest::new(runtime).caller(caller).max_wait(MINUTE)).await.unwrap().spend();
                order.lock().unwrap().push((caller, clock_secs(runtime)));
            }
        };
        clock.run(async {
            join(join_all((0..4).map(|_| take("busy"))), join_all((0..2).map(|_| take("quiet")))).await;
        });
        let expected = [("busy", 0), ("busy", 1), ("quiet", 2), ("busy", 3), ("quiet", 4), ("busy", 5)];
        assert_eq!(*order.lock().unwrap(), expected);
    }

    fn clock_secs(runtime: &Runtime) -> u64 {
        runtime.now().since(Instant::from_origin(Duration::ZERO)).as_secs()
    }

    #[test]
    fn who_would_wait_too_long_is_told_at_once_and_when_to_come() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        let pool = LocalPool::sliding_window(1, MINUTE);
        let request = PoolRequest::new(&runtime);
        pool.acquire(&request).now_or_never().unwrap().unwrap().spend();
        for max_wait in [0, 59] {
            let request = request.max_wait(Duration::from_secs(max_wait));
            let error = pool.acquire(&request).now_or_never().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RateLimited);
            assert_eq!(error.retry_after(), Some(MINUTE));
            assert!(!error.may_have_been_sent());
        }
        let patient = request.max_wait(MINUTE);
        assert!(clock.run(pool.acquire(&patient)).is_ok());
        assert_eq!(clock.elapsed(), MINUTE);
    }

    #[test]
    fn a_place_in_the_queue_ends_with_the_patience_of_its_owner() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        let pool = LocalPool::gcra(Quota::new(1, MINUTE));
        let acquire = |secs| {
            let request = PoolRequest::new(&runtime).max_wait(Duration::from_secs(secs));
            let pool = &pool;
            async move { pool.acquire(&request).await.map(|mut permit| permit.spend()) }
        };
        clock.run(acquire(0)).unwrap();
        let (patient, hasty) = clock.run(join(acquire(100), acquire(30)));
        assert!(patient.is_ok());
        assert_eq!(hasty.unwrap_err().kind(), ErrorKind::RateLimited);
        assert_eq!(clock.elapsed(), MINUTE);
    }

    #[test]
    fn dropping_who_waits_or_holds_loses_nothing() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        let pool = LocalPool::gcra(Quota::new(1, MINUTE));
        let request = PoolRequest::new(&runtime).max_wait(MINUTE);
        let held = pool.acquire(&request).now_or_never().unwrap().unwrap();
        let mut first = Box::pin(pool.acquire(&request));
        let mut second = Box::pin(pool.acquire(&request));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        drop(first);
        drop(held);
        assert!(second.now_or_never().is_some(), "what the first gave back is the second's, at once");
    }

    #[test]
    fn a_call_dearer_than_the_pool_is_refused_as_wrong() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        let pool = LocalPool::gcra(Quota::per_second(5));
        let error = clock.run(pool.acquire(&PoolRequest::new(&runtime).cost(6).max_wait(MINUTE))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
    }

    #[test]
    fn a_throttling_answer_stops_everyone_for_as_long_as_it_says() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        for (status, retry_after, remaining, wait) in [
            (429, Some(Duration::from_secs(7)), None, 7),
            (200, None, Some("0"), 20),
            (200, Some(Duration::from_secs(7)), None, 0),
            (503, Some(Duration::from_secs(7)), None, 0),
        ] {
            let pool = LocalPool::gcra(Quota::per_second(100));
            observe(&pool, &runtime, status, retry_after, remaining);
            let result = clock.run(pool.acquire(&PoolRequest::new(&runtime)));
            let waits = result.map_or_else(|error| error.retry_after().unwrap(), |_| Duration::ZERO);
            assert_eq!(waits, Duration::from_secs(wait), "{status} {remaining:?}");
        }
    }

    #[test]
    fn a_pool_is_idle_when_forgetting_it_changes_nothing() {
        let clock = ManualClock::new();
        let runtime = clock.runtime();
        for pool in [LocalPool::gcra(Quota::per_minute(1)), LocalPool::sliding_window(1, MINUTE)] {
            assert!(pool.is_idle(&runtime));
            clock.run(pool.acquire(&PoolRequest::new(&runtime))).unwrap().spend();
            assert!(!pool.is_idle(&runtime));
            clock.advance(MINUTE);
            assert!(pool.is_idle(&runtime));
        }
    }
}
