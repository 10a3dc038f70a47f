use std::time::Duration;

use acd_core::runtime::Instant;

/// The upper bound of the first wait; doubled with each failure.
const BASE: Duration = Duration::from_millis(500);
/// The upper bound that the waits grow to.
const CAP: Duration = Duration::from_secs(30);
/// The shortest wait, since full jitter may draw nearly nothing.
const FLOOR: Duration = Duration::from_millis(100);
/// The longest wait that a server may ask for.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);

/// How often and since when the same events have failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Failures {
    count: u32,
    since: Option<Instant>,
}

impl Failures {
    /// Notes a failure at `now`. Says how long to wait, or `None` when `give_up_after` would be over by then.
    ///
    /// `unit` is random in `0.0..1.0`: full jitter, so that clients cut off together do not come back together.
    pub(super) fn next_wait(
        &mut self,
        now: Instant,
        unit: f64,
        retry_after: Option<Duration>,
        give_up_after: Option<Duration>,
    ) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let ceiling = BASE.saturating_mul(2_u32.saturating_pow(self.count)).min(CAP);
        self.count = self.count.saturating_add(1);
        let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_CAP);
        let wait = ceiling.mul_f64(unit.clamp(0.0, 1.0)).max(FLOOR).max(asked);
        match give_up_after {
            Some(limit) if now.since(since) + wait > limit => None,
            _ => Some(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let mut failures = Failures::default();
        let waits: Vec<_> = (0..9).map(|_| failures.next_wait(at(0), 1.0, None, None).unwrap().as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn the_server_sets_a_floor_but_cannot_silence_the_client() {
        let asked = |seconds| Failures::default().next_wait(at(0), 0.0, Some(Duration::from_secs(seconds)), None);
        assert_eq!(asked(7), Some(Duration::from_secs(7)));
        assert_eq!(asked(100_000), Some(RETRY_AFTER_CAP));
    }

    #[test]
    fn the_limit_counts_from_the_first_failure() {
        let mut failures = Failures::default();
        let limit = Some(Duration::from_secs(60));
        assert!(failures.next_wait(at(1000), 0.0, None, limit).is_some());
        assert!(failures.next_wait(at(1059), 0.0, None, limit).is_some());
        assert_eq!(failures.next_wait(at(1060), 0.0, None, limit), None);
    }

    proptest! {
        #[test]
        fn waits_stay_in_bounds(count in 0_u32..u32::MAX, unit in 0.0..1.0, asked in proptest::option::of(0_u64..9999)) {
            let mut failures = Failures { count, since: None };
            let wait = failures.next_wait(at(0), unit, asked.map(Duration::from_secs), None).unwrap();
            prop_assert!((FLOOR..=RETRY_AFTER_CAP).contains(&wait));
        }
    }
}
