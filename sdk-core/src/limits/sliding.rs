//! A sliding window: no stretch of its length ever holds more than the limit.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Algorithm, Observation};
use crate::runtime::Instant;

/// Keeps what was taken and when. Exact at both ends, as vendors count who say "6 calls in any minute".
pub(super) struct SlidingWindow {
    limit: u32,
    window: Duration,
    taken: VecDeque<(Instant, u32)>,
    used: u32,
}

impl SlidingWindow {
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        Self { limit: limit.max(1), window, taken: VecDeque::new(), used: 0 }
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, units)) = self.taken.front().copied() {
            if now.since(at) < self.window {
                return;
            }
            self.taken.pop_front();
            self.used = self.used.saturating_sub(units);
        }
    }
}

impl Algorithm for SlidingWindow {
    fn wait(&mut self, now: Instant, units: u32) -> Duration {
        self.forget(now);
        let mut excess = self.used.saturating_add(units).saturating_sub(self.limit);
        if excess == 0 {
            return Duration::ZERO;
        }
        for (at, units) in &self.taken {
            excess = excess.saturating_sub(*units);
            if excess == 0 {
                return self.window.saturating_sub(now.since(*at));
            }
        }
        // More than the window holds is asked for, as an estimate over a queue is: one window for each time it fits.
        self.window.saturating_mul(excess.div_ceil(self.limit).saturating_add(1))
    }

    fn take(&mut self, now: Instant, units: u32) {
        self.used = self.used.saturating_add(units);
        match self.taken.back_mut() {
            Some((at, held)) if *at == now => *held = held.saturating_add(units),
            _ => self.taken.push_back((now, units)),
        }
    }

    fn refund(&mut self, units: u32) {
        let mut left = units;
        while left > 0 {
            let Some((_, held)) = self.taken.back_mut() else { return };
            let part = left.min(*held);
            *held -= part;
            self.used = self.used.saturating_sub(part);
            left -= part;
            if *held == 0 {
                self.taken.pop_back();
            }
        }
    }

    fn learn(&mut self, now: Instant, seen: &Observation) {
        self.forget(now);
        if let (Some(limit), Some(window)) = (seen.limit, seen.window) {
            (self.limit, self.window) = (limit.max(1), window);
            self.forget(now);
        }
        if let Some(remaining) = seen.remaining {
            let unknown = self.limit.saturating_sub(remaining).saturating_sub(self.used);
            if unknown > 0 {
                self.take(now, unknown);
            }
        }
    }

    fn is_fresh(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.used == 0
    }

    fn largest(&self) -> u32 {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::try_take as take;
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    #[test]
    fn the_oldest_makes_room_when_it_leaves_the_window() {
        let mut pool = SlidingWindow::new(3, Duration::from_secs(60));
        assert_eq!(take(&mut pool, at(0), 2), Ok(()));
        assert_eq!(take(&mut pool, at(50), 1), Ok(()));
        assert_eq!(take(&mut pool, at(59), 1), Err(Duration::from_secs(1)));
        assert_eq!(take(&mut pool, at(59), 3), Err(Duration::from_secs(51)));
        assert_eq!(take(&mut pool, at(60), 2), Ok(()));
    }

    #[test]
    fn what_others_used_is_learnt() {
        let mut pool = SlidingWindow::new(10, Duration::from_secs(60));
        assert_eq!(take(&mut pool, at(0), 1), Ok(()));
        pool.learn(at(0), &Observation { remaining: Some(1), ..Observation::default() });
        assert_eq!(take(&mut pool, at(0), 1), Ok(()));
        assert_eq!(take(&mut pool, at(0), 1), Err(Duration::from_secs(60)));
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(
            steps in proptest::collection::vec((0_u64..20, 1_u32..4, any::<bool>()), 1..200),
        ) {
            let mut pool = SlidingWindow::new(5, Duration::from_secs(30));
            let (mut now, mut taken) = (0, Vec::new());
            for (step, units, back) in steps {
                now += step;
                if take(&mut pool, at(now), units).is_ok() {
                    if back { pool.refund(units); } else { taken.push((now, units)); }
                }
            }
            for (from, _) in &taken {
                let units: u32 = taken.iter().filter(|(t, _)| (*from..from + 30).contains(t)).map(|(_, u)| u).sum();
                prop_assert!(units <= 5, "{units} units from {from}");
            }
        }
    }
}
