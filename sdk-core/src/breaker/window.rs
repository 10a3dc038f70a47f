//! What happened lately, in ten slices of time.

use std::time::Duration;

use crate::runtime::Instant;

const SLICES: usize = 10;

/// Counts of successes and failures over a rolling window. A slice is forgotten as a whole, so that the window is
/// accurate to a tenth of its length at a fixed price.
pub(super) struct Window {
    slice: Duration,
    /// The slice under way: its start and its place in the ring.
    began: Option<Instant>,
    at: usize,
    counts: [Counts; SLICES],
}

#[derive(Clone, Copy, Default)]
struct Counts {
    all: u32,
    failed: u32,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        // A slice of zero would never end.
        let slice = (length / SLICES as u32).max(Duration::from_millis(1));
        Self { slice, began: None, at: 0, counts: [Counts::default(); SLICES] }
    }

    pub(super) fn record(&mut self, now: Instant, failed: bool) {
        self.roll(now);
        let counts = &mut self.counts[self.at];
        counts.all = counts.all.saturating_add(1);
        counts.failed = counts.failed.saturating_add(u32::from(failed));
    }

    /// All attempts in the window and the failed ones among them.
    pub(super) fn totals(&mut self, now: Instant) -> (u32, u32) {
        self.roll(now);
        self.counts.iter().fold((0, 0), |(all, failed), counts| {
            (counts.all.saturating_add(all), counts.failed.saturating_add(failed))
        })
    }

    pub(super) fn clear(&mut self) {
        self.counts = [Counts::default(); SLICES];
    }

    fn roll(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        // Five centuries fit; a division of wider numbers is long.
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let passed = u32::try_from(nanos(now.since(began)) / nanos(self.slice)).unwrap_or(u32::MAX);
        for _ in 0..passed.min(SLICES as u32) {
            self.at = (self.at + 1) % SLICES;
            self.counts[self.at] = Counts::default();
        }
        if passed > 0 {
            self.began = Some(began + self.slice.saturating_mul(passed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    #[test]
    fn old_attempts_are_forgotten_slice_by_slice() {
        let mut window = Window::new(Duration::from_secs(10));
        for second in 0..10 {
            window.record(at(second), second < 5);
        }
        assert_eq!(window.totals(at(9)), (10, 5));
        assert_eq!(window.totals(at(12)), (7, 2), "three seconds later the first three are gone");
        assert_eq!(window.totals(at(100)), (0, 0));
        window.record(at(100), true);
        assert_eq!(window.totals(at(109)), (1, 1));
    }
}
