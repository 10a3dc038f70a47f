//! A task beside the one that is dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use acd_core::testing::ManualClock;

/// A future that is polled only when it was woken, as an executor does: whoever forgets to wake it leaves it asleep.
pub(super) struct Companion<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    woken: Arc<Woken>,
    output: Option<T>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl<T> Companion<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(true))), output: None }
    }

    /// Goes on if it was woken.
    pub(super) fn step(&mut self) {
        while self.output.is_none() && self.woken.0.swap(false, Ordering::AcqRel) {
            let waker = Waker::from(Arc::clone(&self.woken));
            if let Poll::Ready(output) = self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.output = Some(output);
            }
        }
    }

    /// Goes on to its end, the clock with it.
    pub(super) fn finish(mut self, clock: &ManualClock) -> T {
        loop {
            self.step();
            if let Some(output) = self.output.take() {
                return output;
            }
            let next = clock.sleepers().first().copied();
            clock.advance(next.expect("nothing will ever wake it"));
        }
    }
}
