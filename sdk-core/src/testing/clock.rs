//! A clock that moves only when told.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use super::SeededRandom;
use super::tasks::Tasks;
use crate::Result;
use crate::runtime::{BoxFuture, Clock, Instant, Runtime, Sleep, Spawn};

/// The wall clock begins here: 2026-01-01T00:00:00Z.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

/// Clock and sleep in one. Clones share the time.
///
/// [`run`](Self::run) drives a future that waits for nothing but this clock. A test with real sockets calls
/// [`sleeping`](Self::sleeping) and [`advance`](Self::advance) instead.
#[derive(Clone, Default)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
    tasks: Tasks,
}

#[derive(Default)]
struct State {
    now: Duration,
    next_id: u64,
    sleepers: BTreeMap<u64, Sleeper>,
    watchers: Vec<Waker>,
}

struct Sleeper {
    until: Duration,
    waker: Option<Waker>,
}

impl ManualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// A runtime on this clock, with repeatable randomness.
    pub fn runtime(&self) -> Runtime {
        Runtime::system().with_clock(self.clone()).with_sleep(self.clone()).with_random(SeededRandom::new(7))
    }

    /// The time since the clock was made.
    pub fn elapsed(&self) -> Duration {
        self.lock().now
    }

    /// Moves the time on and wakes who is due.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.now += by;
        let now = state.now;
        let due: Vec<Waker> =
            state.sleepers.values_mut().filter(|s| s.until <= now).filter_map(|s| s.waker.take()).collect();
        drop(state);
        due.into_iter().for_each(Waker::wake);
    }

    /// How long each present sleeper still has to wait, shortest first.
    pub fn sleepers(&self) -> Vec<Duration> {
        let state = self.lock();
        let mut left: Vec<_> = state.sleepers.values().map(|s| s.until.saturating_sub(state.now)).collect();
        left.sort_unstable();
        left
    }

    /// Waits, without the clock moving, until a sleeper has exactly `left` to wait.
    pub async fn sleeping(&self, left: Duration) {
        poll_fn(|cx| {
            let mut state = self.lock();
            let now = state.now;
            if state.sleepers.values().any(|s| s.until.saturating_sub(now) == left) {
                return Poll::Ready(());
            }
            state.watchers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Runs a future to its end. Whenever it can do nothing more, the clock moves to the next sleeper's time.
    ///
    /// Tasks that were started on this clock run along. Those that outlast the future go on with the next one.
    ///
    /// # Panics
    /// When the future waits for something else than this clock, as it would wait forever.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            while woken.0.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return output;
                }
                self.tasks.poll(&mut cx);
            }
            match self.sleepers().first() {
                Some(next) => self.advance(*next),
                None => panic!("the future waits for something else than the manual clock"),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_origin(self.elapsed())
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + EPOCH + self.elapsed()
    }
}

impl Sleep for ManualClock {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.lock();
        let (id, until) = (state.next_id, state.now.saturating_add(duration));
        state.next_id += 1;
        state.sleepers.insert(id, Sleeper { until, waker: None });
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        watchers.into_iter().for_each(Waker::wake);
        Box::pin(Sleeping { clock: self.clone(), id })
    }
}

/// For a runtime whose tasks shall run under [`ManualClock::run`] instead of an executor.
impl Spawn for ManualClock {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        self.tasks.spawn(task)
    }
}

struct Sleeping {
    clock: ManualClock,
    id: u64,
}

impl Future for Sleeping {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        let now = state.now;
        match state.sleepers.get_mut(&self.id) {
            Some(sleeper) if sleeper.until > now => {
                sleeper.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Sleeping {
    fn drop(&mut self) {
        self.clock.lock().sleepers.remove(&self.id);
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleepers_wake_in_the_order_of_their_times() {
        let clock = ManualClock::new();
        let order = Mutex::new(Vec::new());
        let sleep = |secs| {
            let (clock, order) = (&clock, &order);
            async move {
                clock.sleep(Duration::from_secs(secs)).await;
                order.lock().unwrap().push((secs, clock.elapsed().as_secs()));
            }
        };
        clock.run(async { futures_util::future::join3(sleep(3), sleep(1), sleep(2)).await });
        assert_eq!(*order.lock().unwrap(), [(1, 1), (2, 2), (3, 3)]);
    }

    #[test]
    fn tasks_run_along_and_go_on_with_the_next_future() {
        let clock = ManualClock::new();
        let runtime = clock.runtime().with_spawn(clock.clone());
        let done = Arc::new(AtomicBool::new(false));
        let (inner, flag) = (runtime.clone(), Arc::clone(&done));
        let task = async move {
            let nested = inner.clone();
            let last = async move {
                nested.sleep(Duration::from_secs(2)).await;
                flag.store(true, Ordering::Relaxed);
            };
            inner.spawn(last).unwrap();
        };
        runtime.spawn(task).unwrap();
        clock.run(clock.sleep(Duration::from_secs(1)));
        assert!(!done.load(Ordering::Relaxed));
        clock.run(clock.sleep(Duration::from_secs(2)));
        assert!(done.load(Ordering::Relaxed));
    }

    #[test]
    fn a_dropped_sleeper_is_forgotten() {
        let clock = ManualClock::new();
        drop(clock.sleep(Duration::from_secs(1)));
        assert!(clock.sleepers().is_empty());
    }
}
