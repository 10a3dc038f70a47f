//! Dropping a future at every point at which it can be dropped.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::ManualClock;
use super::clock::Flag;

/// Where a future was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// How often it had been polled; 0 says that it never began.
    pub polls: usize,
    /// Whether what it waited for had come by then: it was woken, and dropped before it could look. A permit that is
    /// handed over in that moment is the one that gets lost.
    pub woken: bool,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dropped after poll {}", self.polls)?;
        if self.woken { f.write_str(", woken") } else { Ok(()) }
    }
}

/// Runs `act` to its end and counts its polls, then runs it again for each poll but the last, drops it there, once still
/// waiting and once woken, and calls `check`. Answers how many polls a whole run takes.
///
/// `setup` makes the same world for every run: a clock at zero, on which `act` waits, and what it acts on. `check` proves
/// that nothing is left behind, best by acting once more with [`ManualClock::run`], which does not end when a permit is
/// lost.
///
/// ```
/// use acd_core::testing::{Harness, answer, cancel_at_every_poll};
///
/// let setup = || {
///     let harness = Harness::new([answer(503), answer(200), answer(200)]);
///     (harness.clock().clone(), harness)
/// };
/// let polls = cancel_at_every_poll(
///     setup,
///     async |harness| harness.client().build()?.call(&Harness::GET).send().await,
///     |harness, cut| assert!(harness.clock().sleepers().is_empty(), "{cut}"),
/// );
/// assert_eq!(polls, 2, "it waits once, for the backoff");
/// ```
///
/// # Panics
/// When `act` waits for something else than the clock, or when its runs differ.
pub fn cancel_at_every_poll<W, T>(
    setup: impl Fn() -> (ManualClock, W),
    act: impl AsyncFn(&W) -> T,
    check: impl Fn(&W, Cut),
) -> usize {
    let (clock, world) = setup();
    let whole = poll_up_to(usize::MAX, &clock, act(&world), false);
    for polls in 0..whole {
        for woken in [false, true] {
            let (clock, world) = setup();
            let made = poll_up_to(polls, &clock, act(&world), woken);
            assert!(
                made == polls,
                "the run ended at poll {made}, and one before it at poll {whole}: it must repeat itself"
            );
            check(&world, Cut { polls, woken });
        }
    }
    whole
}

/// Polls at most `limit` times, then drops the future; at its end already if that comes first, in which case the answer
/// counts the poll that ended it.
fn poll_up_to<F: Future>(limit: usize, clock: &ManualClock, future: F, wake_before_drop: bool) -> usize {
    let woken = Flag::raised();
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    let mut polls = 0;
    while polls < limit {
        clock.advance_until(&woken);
        polls += 1;
        if future.as_mut().poll(&mut cx).is_ready() {
            return if limit == usize::MAX { polls } else { polls - 1 };
        }
        clock.run_tasks(&mut cx);
    }
    if wake_before_drop {
        clock.advance_until(&woken);
    }
    polls
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    struct Leaky {
        clock: ManualClock,
        held: AtomicUsize,
    }

    impl Leaky {
        fn setup() -> (ManualClock, Self) {
            let clock = ManualClock::new();
            (clock.clone(), Self { clock, held: AtomicUsize::new(0) })
        }

        async fn sleep(&self) {
            self.clock.runtime().sleep(Duration::from_secs(1)).await;
        }

        /// Takes a permit and gives it back in code that a dropped future never reaches.
        async fn act(&self) {
            self.sleep().await;
            self.held.fetch_add(1, Ordering::Relaxed);
            self.sleep().await;
            self.held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn every_cut_is_tried_and_a_leak_is_found() {
        let cuts = RefCell::new(Vec::new());
        let check = |world: &Leaky, cut: Cut| {
            cuts.borrow_mut().push((cut.polls, cut.woken, world.held.load(Ordering::Relaxed)));
        };
        assert_eq!(cancel_at_every_poll(Leaky::setup, Leaky::act, check), 3);
        let expected = [(0, false, 0), (0, true, 0), (1, false, 0), (1, true, 0), (2, false, 1), (2, true, 1)];
        assert_eq!(*cuts.borrow(), expected);
    }

    #[test]
    #[should_panic(expected = "it must repeat itself")]
    fn a_run_that_differs_is_reported() {
        let runs = AtomicUsize::new(0);
        let act = async |world: &Leaky| {
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                world.act().await;
            }
        };
        cancel_at_every_poll(Leaky::setup, act, |_, _| {});
    }
}
