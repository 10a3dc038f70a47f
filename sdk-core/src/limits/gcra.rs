//! The generic cell rate algorithm: a token bucket told as one point in time.

use std::time::Duration;

use super::{Algorithm, Observation};
use crate::runtime::Instant;

/// So many units per period, evenly spread, with room for a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    units: u32,
    period: Duration,
    burst: u32,
}

impl Quota {
    /// `units` in each `period`. Units and period of zero count as one unit and one nanosecond. The burst is `units`: all
    /// of a period's units may be taken at once.
    pub fn new(units: u32, period: Duration) -> Self {
        let units = units.max(1);
        Self { units, period: period.max(Duration::from_nanos(1)), burst: units }
    }

    /// `units` a second.
    pub fn per_second(units: u32) -> Self {
        Self::new(units, Duration::from_secs(1))
    }

    /// `units` a minute.
    pub fn per_minute(units: u32) -> Self {
        Self::new(units, Duration::from_secs(60))
    }

    /// `units` an hour.
    pub fn per_hour(units: u32) -> Self {
        Self::new(units, Duration::from_secs(3600))
    }

    /// Sets how many units may be taken at once after a pause. 0 counts as 1.
    #[must_use]
    pub fn burst(mut self, units: u32) -> Self {
        self.burst = units.max(1);
        self
    }
}

/// The theoretical arrival time moves on by what is taken, and may run ahead of the clock by the burst.
pub(super) struct Gcra {
    /// Nanoseconds that one unit takes to come back. Wide, since a quota of one in a year times a burst is large.
    unit: u128,
    burst: u32,
    /// The theoretical arrival time, in nanoseconds of the clock.
    arrival: u128,
}

impl Gcra {
    pub(super) fn new(quota: Quota) -> Self {
        Self { unit: per_unit(quota.units, quota.period), burst: quota.burst, arrival: 0 }
    }

    fn room(&self) -> u128 {
        self.unit.saturating_mul(u128::from(self.burst))
    }

    fn ahead(&self, now: u128) -> u128 {
        self.arrival.saturating_sub(now)
    }
}

fn per_unit(units: u32, period: Duration) -> u128 {
    // Rounded up: never faster than allowed.
    let nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
    u128::from(nanos.div_ceil(u64::from(units.max(1))).max(1))
}

/// How many whole units come back in a time. Nothing else divides numbers so wide, which is a thousand bytes of a program.
fn units_in(nanos: u128, unit: u128) -> u32 {
    (0..u32::BITS).rev().fold(0, |found, bit| {
        let more = found | 1 << bit;
        if unit.saturating_mul(u128::from(more)) <= nanos { more } else { found }
    })
}

fn nanos(now: Instant) -> u128 {
    now.since(Instant::from_origin(Duration::ZERO)).as_nanos()
}

fn duration(nanos: u128) -> Duration {
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}

impl Algorithm for Gcra {
    fn wait(&mut self, now: Instant, units: u32) -> Duration {
        let needed = self.ahead(nanos(now)).saturating_add(self.unit.saturating_mul(u128::from(units)));
        duration(needed.saturating_sub(self.room()))
    }

    fn take(&mut self, now: Instant, units: u32) {
        let now = nanos(now);
        self.arrival = self.arrival.max(now).saturating_add(self.unit.saturating_mul(u128::from(units)));
    }

    fn refund(&mut self, units: u32) {
        self.arrival = self.arrival.saturating_sub(self.unit.saturating_mul(u128::from(units)));
    }

    fn learn(&mut self, now: Instant, seen: &Observation) {
        if let (Some(limit), Some(window)) = (seen.limit, seen.window) {
            let free = units_in(self.room().saturating_sub(self.ahead(nanos(now))), self.unit);
            (self.unit, self.burst) = (per_unit(limit, window), limit.max(1));
            // What was free stays free, in the new units.
            let taken = u128::from(self.burst.saturating_sub(free));
            self.arrival = nanos(now).saturating_add(self.unit.saturating_mul(taken));
        }
        if let Some(remaining) = seen.remaining {
            // Others may use the same limit, so the server can know of less than we do, never of more: calls of ours
            // that are still on their way are not in its count.
            let taken = u128::from(self.burst.saturating_sub(remaining));
            self.arrival = self.arrival.max(nanos(now).saturating_add(self.unit.saturating_mul(taken)));
        }
    }

    fn is_fresh(&mut self, now: Instant) -> bool {
        self.ahead(nanos(now)) == 0
    }

    fn largest(&self) -> u32 {
        self.burst
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::try_take as take;
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_origin(Duration::from_millis(ms))
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut pool = Gcra::new(Quota::per_second(10).burst(3));
        for _ in 0..3 {
            assert_eq!(take(&mut pool, at(0), 1), Ok(()));
        }
        assert_eq!(take(&mut pool, at(0), 1), Err(Duration::from_millis(100)));
        assert_eq!(take(&mut pool, at(100), 1), Ok(()));
        assert_eq!(take(&mut pool, at(100), 2), Err(Duration::from_millis(200)));
    }

    #[test]
    fn what_is_not_used_comes_back() {
        let mut pool = Gcra::new(Quota::per_second(1));
        assert_eq!(take(&mut pool, at(0), 1), Ok(()));
        pool.refund(1);
        assert_eq!(take(&mut pool, at(0), 1), Ok(()));
    }

    #[test]
    fn the_servers_count_lowers_ours_and_never_raises_it() {
        let mut pool = Gcra::new(Quota::per_minute(60));
        pool.learn(at(0), &Observation { remaining: Some(2), ..Observation::default() });
        assert_eq!(take(&mut pool, at(0), 2), Ok(()));
        pool.learn(at(0), &Observation { remaining: Some(50), ..Observation::default() });
        assert_eq!(take(&mut pool, at(0), 1), Err(Duration::from_secs(1)));
    }

    #[test]
    fn a_policy_in_the_answer_replaces_the_quota() {
        let mut pool = Gcra::new(Quota::per_second(1));
        let policy = Observation { limit: Some(5), window: Some(Duration::from_secs(10)), ..Observation::default() };
        assert_eq!(take(&mut pool, at(0), 1), Ok(()));
        pool.learn(at(0), &policy);
        assert_eq!(take(&mut pool, at(0), 1), Err(Duration::from_secs(2)), "one of five comes back each 2 s");
        assert_eq!(pool.largest(), 5);
    }

    #[test]
    fn units_in_a_time_are_counted_as_a_division_does() {
        for (nanos, unit) in
            [(0, 1), (6, 7), (7, 7), (700, 7), (u128::from(u32::MAX) << 60, 1 << 60), (9 << 90, 5 << 70)]
        {
            assert_eq!(u128::from(units_in(nanos, unit)), nanos / unit, "{nanos} {unit}");
        }
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_burst_and_rate_allow(
            steps in proptest::collection::vec((0_u64..400, 1_u32..4), 1..200), rate in 1_u32..20, burst in 3_u32..10,
        ) {
            let mut pool = Gcra::new(Quota::per_second(rate).burst(burst));
            let (mut now, mut taken) = (0, Vec::new());
            for (step, units) in steps {
                now += step;
                if take(&mut pool, at(now), units).is_ok() {
                    taken.push((now, units));
                }
            }
            for (from, _) in &taken {
                for (to, _) in taken.iter().filter(|(to, _)| to >= from) {
                    let units: u32 = taken.iter().filter(|(t, _)| (from..=to).contains(&t)).map(|(_, u)| u).sum();
                    let allowed = f64::from(burst) + (to - from) as f64 / 1000.0 * f64::from(rate) + 1e-6;
                    prop_assert!(f64::from(units) <= allowed, "{units} units in {from}..={to}, allowed {allowed}");
                }
            }
        }
    }
}
