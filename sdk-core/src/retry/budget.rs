//! The token bucket that bounds how much load retries may add.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The bucket's size, as in the AWS SDKs: some 35 retries in a row, after which only successes earn more.
const CAPACITY: u32 = 500;

/// How many authorities are remembered before full buckets, which say nothing, are dropped.
const REMEMBERED: usize = 256;

/// One retry budget per authority (host and port). Clones share the budgets: give several clients the same set when they
/// talk to the same server, so that its bad hour is felt once.
#[derive(Clone)]
pub struct RetryBudgets {
    capacity: u32,
    buckets: Arc<Mutex<HashMap<String, Arc<Budget>>>>,
}

impl RetryBudgets {
    /// Budgets of `capacity` tokens each. [`RetryConfig`](super::RetryConfig) sets what a retry costs; a success at the
    /// first attempt earns one token, a success after a retry gives back what that retry took.
    pub fn new(capacity: u32) -> Self {
        Self { capacity, buckets: Arc::default() }
    }

    /// The tokens left for an authority such as `api.example.com:443`, for tests and dashboards.
    pub fn available(&self, authority: &str) -> u32 {
        self.of(authority).available()
    }

    pub(crate) fn of(&self, authority: &str) -> Arc<Budget> {
        // The lock guards a map of independent counters, so that a panic elsewhere leaves nothing half changed.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(authority) {
            return Arc::clone(bucket);
        }
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1 || bucket.available() < self.capacity);
        }
        let bucket = Arc::new(Budget { capacity: self.capacity, left: AtomicU32::new(self.capacity) });
        buckets.insert(authority.to_owned(), Arc::clone(&bucket));
        bucket
    }
}

impl Default for RetryBudgets {
    fn default() -> Self {
        Self::new(CAPACITY)
    }
}

impl fmt::Debug for RetryBudgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudgets").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

/// The budget of one authority.
pub(crate) struct Budget {
    capacity: u32,
    left: AtomicU32,
}

impl Budget {
    /// Takes `cost` tokens, or none when fewer are left.
    pub(crate) fn take(&self, cost: u32) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Puts tokens back, up to the capacity.
    pub(crate) fn give(&self, tokens: u32) {
        let fill = |left: u32| Some(left.saturating_add(tokens).min(self.capacity)).filter(|full| *full != left);
        // An error here only says that the bucket was full already.
        let _was_full = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fill).is_err();
    }

    pub(crate) fn available(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_runs_dry_and_is_earned_back() {
        let budgets = RetryBudgets::new(30);
        let budget = budgets.of("a");
        assert!(budget.take(14) && budget.take(14) && !budget.take(14));
        assert_eq!(budgets.available("a"), 2);
        budget.give(14);
        budget.give(100);
        assert_eq!(budgets.available("a"), 30, "never above its capacity");
    }

    #[test]
    fn clones_share_and_authorities_do_not() {
        let budgets = RetryBudgets::new(10);
        assert!(budgets.clone().of("a").take(10));
        assert_eq!((budgets.available("a"), budgets.available("b")), (0, 10));
    }

    #[test]
    fn many_authorities_do_not_pile_up() {
        let budgets = RetryBudgets::new(10);
        assert!(budgets.of("spent").take(1));
        for n in 0..10 * REMEMBERED {
            budgets.of(&n.to_string());
        }
        assert!(budgets.buckets.lock().unwrap().len() <= REMEMBERED + 1);
        assert_eq!(budgets.available("spent"), 9, "a bucket that says something is kept");
    }
}
