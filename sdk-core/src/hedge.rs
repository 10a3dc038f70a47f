//! Hedging: a second attempt beside a slow one.

use std::time::Duration;

/// When a [`Safe`](crate::Safety::Safe) call starts a second attempt while the first is still unanswered; the first
/// success wins and the other attempt is cancelled. Off unless asked for, and it cuts the slowest answers at the price of
/// some more load: choose a delay that few answers exceed, such as the 95th percentile.
///
/// A second attempt is paid from the retry budget, so that hedging stops where the server is already in trouble, and it
/// passes breaker and limits like any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    delay: Duration,
}

impl Hedge {
    /// A second attempt `delay` after the first.
    pub const fn after(delay: Duration) -> Self {
        Self { delay }
    }

    /// The delay.
    pub const fn delay(&self) -> Duration {
        self.delay
    }
}
