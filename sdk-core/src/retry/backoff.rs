//! Exponential backoff with full jitter.

use std::time::Duration;

/// The wait after the `attempt`-th attempt (from 1) failed: `unit` (0.0..1.0) times the bound, which doubles with each
/// attempt from `base` up to `cap`. Full jitter spreads clients that failed together over the whole span.
pub(crate) fn backoff(attempt: u32, unit: f64, base: Duration, cap: Duration) -> Duration {
    let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).and_then(|factor| base.checked_mul(factor));
    let bound = doubled.map_or(cap, |bound| bound.min(cap));
    bound.mul_f64(unit.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let bound = |attempt| backoff(attempt, 1.0, Duration::from_millis(50), Duration::from_secs(20));
        assert_eq!(bound(1), Duration::from_millis(50));
        assert_eq!(bound(4), Duration::from_millis(400));
        assert_eq!(bound(40), Duration::from_secs(20));
    }

    proptest! {
        #[test]
        fn a_backoff_stays_within_its_bounds(
            attempt in any::<u32>(), unit in 0.0..1.0_f64, base in 0_u64..100_000, cap in 0_u64..100_000,
        ) {
            let (base, cap) = (Duration::from_millis(base), Duration::from_millis(cap));
            let wait = backoff(attempt, unit, base, cap);
            prop_assert!(wait <= cap);
            if attempt <= 1 {
                prop_assert!(wait <= base);
            }
            let later = backoff(attempt.saturating_add(1), unit, base, cap);
            prop_assert!(wait <= later, "the bound never shrinks");
        }
    }
}
