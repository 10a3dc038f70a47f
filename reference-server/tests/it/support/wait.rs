//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use tokio::time::{Interval, interval};

const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Ends what would never end. It says nothing of how long things take: a busy machine takes ten times as long as an idle one.
const DEADLINE: Duration = Duration::from_secs(300);

/// The first value that the condition gives. Fails when none comes within five minutes.
pub(crate) async fn until<T>(what: &'static str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    within(DEADLINE, what, condition).await
}

/// The first value that the condition gives. Fails when none comes in this time.
pub(crate) async fn within<T>(limit: Duration, what: &'static str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let mut looks = Looks::for_at_most(limit, what);
    loop {
        looks.next().await;
        if let Some(value) = condition().await {
            return value;
        }
    }
}

/// The times at which to look, for a loop of its own.
pub(crate) struct Looks {
    interval: Interval,
    deadline: Instant,
    what: &'static str,
}

impl Looks {
    /// Within five minutes.
    pub(crate) fn at(what: &'static str) -> Self {
        Self::for_at_most(DEADLINE, what)
    }

    fn for_at_most(limit: Duration, what: &'static str) -> Self {
        Self { interval: interval(LOOK_AGAIN), deadline: Instant::now() + limit, what }
    }

    /// Returns when it is time to look. Fails after the deadline.
    pub(crate) async fn next(&mut self) {
        self.interval.tick().await;
        assert!(Instant::now() < self.deadline, "did not happen in time: {}", self.what);
    }
}
