//! A rate that finds itself: the client-side limiter of the AWS SDKs' adaptive mode.
//!
//! Until the server throttles for the first time nothing is limited. Then the rate drops to 70 % of what was measured and
//! grows back along a cubic curve, as TCP's CUBIC does: fast to where it was, slowly around it, faster beyond.

use std::time::Duration;

use super::{Algorithm, Observation};
use crate::runtime::Instant;

/// What remains of the rate after a throttling answer.
const BETA: f64 = 0.7;
/// How steep the cubic curve is.
const SCALE: f64 = 0.4;
/// How much a new measurement counts against the ones before.
const SMOOTH: f64 = 0.8;
/// Units a second that always pass.
const MIN_RATE: f64 = 0.5;
/// The smallest burst.
const MIN_CAPACITY: f64 = 1.0;
/// Seconds over which the sent rate is measured.
const BUCKET: f64 = 0.5;

#[derive(Default)]
pub(super) struct Adaptive {
    /// Whether the server has throttled yet. Before, the rate is followed but holds nobody back.
    enabled: bool,
    bucket: Bucket,
    measured: Measured,
    last_max_rate: f64,
    last_throttle: f64,
    /// Seconds after the last throttling at which the curve is back at the rate of then.
    time_window: f64,
}

#[derive(Default)]
struct Bucket {
    rate: f64,
    capacity: f64,
    held: f64,
    filled: f64,
}

#[derive(Default)]
struct Measured {
    rate: f64,
    bucket: f64,
    count: f64,
}

fn seconds(now: Instant) -> f64 {
    now.since(Instant::from_origin(Duration::ZERO)).as_secs_f64()
}

impl Bucket {
    fn fill(&mut self, now: f64) {
        let come = (now - self.filled).max(0.0) * self.rate;
        self.held = (self.held + come).min(self.capacity);
        self.filled = now;
    }
}

impl Measured {
    fn count(&mut self, now: f64) {
        let bucket = (now / BUCKET).floor() * BUCKET;
        self.count += 1.0;
        if bucket > self.bucket {
            let rate = self.count / (bucket - self.bucket);
            self.rate = rate * SMOOTH + self.rate * (1.0 - SMOOTH);
            (self.count, self.bucket) = (0.0, bucket);
        }
    }
}

/// The cube root of what is not negative, by Newton's method from above. That of the standard library brings two kilobytes of
/// arithmetic into a WebAssembly module.
fn cube_root(cube: f64) -> f64 {
    let nearer = |root: f64| (root + root + cube / (root * root)) / 3.0;
    let mut root = cube.max(1.0);
    while nearer(root) < root {
        root = nearer(root);
    }
    root
}

impl Adaptive {
    fn set_time_window(&mut self) {
        self.time_window = cube_root(self.last_max_rate * (1.0 - BETA) / SCALE);
    }

    fn set_rate(&mut self, now: f64, rate: f64) {
        self.bucket.fill(now);
        self.bucket.rate = rate.max(MIN_RATE);
        self.bucket.capacity = rate.max(MIN_CAPACITY);
        self.bucket.held = self.bucket.held.min(self.bucket.capacity);
    }
}

impl Algorithm for Adaptive {
    fn wait(&mut self, now: Instant, units: u32) -> Duration {
        if !self.enabled {
            return Duration::ZERO;
        }
        self.bucket.fill(seconds(now));
        let missing = f64::from(units).min(self.bucket.capacity) - self.bucket.held;
        // Below a billionth of a unit it is a matter of rounding, and a wait of nothing would be repeated for ever.
        if missing <= 1e-9 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(missing / self.bucket.rate).unwrap_or(Duration::MAX)
    }

    fn take(&mut self, _: Instant, units: u32) {
        self.bucket.held -= f64::from(units);
    }

    fn refund(&mut self, units: u32) {
        self.bucket.held = (self.bucket.held + f64::from(units)).min(self.bucket.capacity);
    }

    fn learn(&mut self, now: Instant, seen: &Observation) {
        let now = seconds(now);
        self.measured.count(now);
        let calculated = if seen.throttled {
            let measured = self.measured.rate;
            self.last_max_rate = if self.enabled { measured.min(self.bucket.rate) } else { measured };
            self.set_time_window();
            self.last_throttle = now;
            self.enabled = true;
            self.last_max_rate * BETA
        } else {
            self.set_time_window();
            SCALE * (now - self.last_throttle - self.time_window).powi(3) + self.last_max_rate
        };
        self.set_rate(now, calculated.min(2.0 * self.measured.rate));
    }

    fn is_fresh(&mut self, _: Instant) -> bool {
        !self.enabled
    }

    /// The burst grows and shrinks with the rate; what costs more than it holds would wait for ever, so it is let into
    /// debt instead, by waiting until the bucket is as full as it gets.
    fn largest(&self) -> u32 {
        u32::MAX
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cube_root_is_one(root in 0.0_f64..1e6) {
            prop_assert!((cube_root(root.powi(3)) - root).abs() <= root * 1e-14);
        }
    }

    #[test]
    fn a_cube_root_is_found_of_everything() {
        assert!(cube_root(0.0) < 1e-100 && cube_root(f64::INFINITY).is_infinite() && cube_root(f64::NAN).is_finite());
    }

    fn at(secs: f64) -> Instant {
        Instant::from_origin(Duration::from_secs_f64(secs))
    }

    /// The rates that the reference publishes for its test "success and throttles": time, throttled, measured, new rate.
    const REFERENCE: [(f64, bool, f64, f64); 17] = [
        (0.2, false, 0.000_000, 0.500_000),
        (0.4, false, 0.000_000, 0.500_000),
        (0.6, false, 4.800_000, 0.500_000),
        (0.8, false, 4.800_000, 0.500_000),
        (1.0, false, 4.160_000, 0.500_000),
        (1.2, false, 4.160_000, 0.691_200),
        (1.4, false, 4.160_000, 1.097_600),
        (1.6, false, 5.632_000, 1.638_400),
        (1.8, false, 5.632_000, 2.332_800),
        (2.0, true, 4.326_400, 3.028_480),
        (2.2, false, 4.326_400, 3.486_639),
        (2.4, false, 4.326_400, 3.821_874),
        (2.6, false, 5.665_280, 4.053_386),
        (2.8, false, 5.665_280, 4.200_373),
        (3.0, false, 4.333_056, 4.282_037),
        (3.2, true, 4.333_056, 2.997_426),
        (3.4, false, 4.333_056, 3.452_226),
    ];

    #[test]
    fn the_rate_follows_the_published_sequence() {
        let mut pool = Adaptive::default();
        for (time, throttled, measured, rate) in REFERENCE {
            pool.learn(at(time), &Observation { throttled, ..Observation::default() });
            let got = pool.bucket.rate;
            assert!((pool.measured.rate - measured).abs() < 1e-5, "{time}: measured {}", pool.measured.rate);
            assert!((got - rate).abs() < 1e-5, "{time}: {got} for {rate}");
        }
    }

    #[test]
    fn nothing_is_limited_before_the_first_throttling() {
        let mut pool = Adaptive::default();
        for n in 0..100 {
            let now = at(f64::from(n) / 100.0);
            assert_eq!(pool.wait(now, 1), Duration::ZERO);
            pool.take(now, 1);
            pool.learn(now, &Observation::default());
        }
        pool.learn(at(1.0), &Observation { throttled: true, ..Observation::default() });
        assert!(!pool.wait(at(1.0), 1).is_zero());
    }
}
