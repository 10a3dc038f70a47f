//! The simulator's time: the runtime's, moved ahead or made faster as a test likes.

use std::future::{Future as _, poll_fn};
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use acd_core::Runtime;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;

/// Tells the time and waits.
#[derive(Debug)]
pub(super) struct SimClock {
    runtime: Runtime,
    pace: Mutex<Pace>,
    moved: Notify,
}

/// How far the simulator's time is ahead of the runtime's, and how that grows.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Ahead by so much at `since`.
    ahead: Duration,
    since: SystemTime,
    /// Seconds of the simulator's for each of the runtime's.
    speed: u32,
}

impl Pace {
    fn ahead(self, now: SystemTime) -> Duration {
        let passed = now.duration_since(self.since).unwrap_or_default();
        self.ahead.saturating_add(passed.saturating_mul(self.speed - 1))
    }
}

impl SimClock {
    pub(super) fn new(runtime: Runtime) -> Self {
        let pace = Pace { ahead: Duration::ZERO, since: runtime.wall(), speed: 1 };
        Self { runtime, pace: Mutex::new(pace), moved: Notify::new() }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let wall = self.runtime.wall();
        DateTime::from(wall) + self.pace().ahead(wall)
    }

    /// Moves the time on, for all that asks afterwards.
    pub(super) fn advance(&self, by: Duration) {
        let mut pace = self.pace();
        pace.ahead = pace.ahead.saturating_add(by);
        drop(pace);
        self.wake();
    }

    /// Has all that waits look at the time again.
    pub(super) fn wake(&self) {
        self.moved.notify_waiters();
    }

    /// Waits for this time, or until the time was moved on, whichever comes first.
    pub(super) async fn until(&self, time: DateTime<Utc>) {
        // Before the time is read, so that no move between the two is missed.
        let mut moved = pin!(self.moved.notified());
        let Ok(left) = (time - self.now()).to_std() else { return };
        let speed = self.speed();
        let whole = left / speed;
        // Rounded up: who wakes too early would find nothing to do, again and again.
        let left = if whole * speed < left { whole + Duration::from_nanos(1) } else { whole };
        let mut sleep = self.runtime.sleep(left);
        poll_fn(|cx| {
            let is_over = moved.as_mut().poll(cx).is_ready() || sleep.as_mut().poll(cx).is_ready();
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Lets the time pass so many times as fast from now on.
    pub(super) fn set_speed(&self, speed: NonZeroU32) {
        let now = self.runtime.wall();
        let mut pace = self.pace();
        *pace = Pace { ahead: pace.ahead(now), since: now, speed: speed.get() };
        drop(pace);
        self.wake();
    }

    pub(super) fn speed(&self) -> u32 {
        self.pace().speed
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

/// A time as Meta writes it: an offset without a colon.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// A time as Meta takes it: its own form, RFC 3339, or seconds since 1970.
pub(super) fn read(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = text.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let parsed = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").or_else(|_| DateTime::parse_from_rfc3339(text));
    parsed.ok().map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use acd_core::testing::ManualClock;

    use super::*;

    #[test]
    fn time_passes_as_fast_as_told_and_never_jumps_by_that() {
        let manual = ManualClock::new();
        let clock = SimClock::new(manual.runtime());
        let start = clock.now();
        let passed = |clock: &SimClock| (clock.now() - start).num_seconds();
        clock.advance(Duration::from_secs(5));
        clock.set_speed(NonZeroU32::new(60).unwrap());
        assert_eq!(passed(&clock), 5);
        manual.advance(Duration::from_secs(2));
        assert_eq!(passed(&clock), 125);
        clock.set_speed(NonZeroU32::MIN);
        manual.advance(Duration::from_secs(2));
        assert_eq!((passed(&clock), clock.speed()), (127, 1));
    }

    #[test]
    fn reads_every_form_of_a_time_and_writes_one() {
        for text in ["2026-01-05T10:00:00+0000", "2026-01-05T11:00:00+01:00", "2026-01-05T10:00:00Z", "1767607200"] {
            assert_eq!(read(text).map(written).as_deref(), Some("2026-01-05T10:00:00+0000"), "{text}");
        }
        assert_eq!(read("tomorrow"), None);
    }
}
