//! The numbers of the retry policy.

use std::time::Duration;

/// How failed attempts are repeated. The defaults are those of the AWS SDKs' standard mode, revision 2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Attempts in all, the first included. Default 3; 1 switches retries off.
    pub max_attempts: u32,
    /// The first backoff's upper bound, doubled by each further attempt. Default 50 ms.
    pub base: Duration,
    /// The same after a throttling answer, which asks for more room. Default 1 s.
    pub throttled_base: Duration,
    /// The upper bound of any backoff. Default 20 s.
    pub cap: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one is cut to this. Default 60 s.
    pub max_retry_after: Duration,
    /// What a retry takes from the budget. Default 14.
    pub cost: u32,
    /// What a retry after a throttling answer takes from the budget: the server is alive and says so, which makes
    /// waiting more promising. Default 5.
    pub throttled_cost: u32,
}

impl RetryConfig {
    /// No retries at all.
    pub fn disabled() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// Sets the number of attempts, the first included. 0 counts as 1.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the bounds of the backoff: the first and the last.
    #[must_use]
    pub fn with_backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// Sets the first backoff's upper bound after a throttling answer.
    #[must_use]
    pub fn with_throttled_base(mut self, base: Duration) -> Self {
        self.throttled_base = base;
        self
    }

    /// Sets the longest `Retry-After` that is obeyed.
    #[must_use]
    pub fn with_max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// Sets what a retry takes from the budget: after a failure, and after a throttling answer.
    #[must_use]
    pub fn with_costs(mut self, failure: u32, throttled: u32) -> Self {
        self.cost = failure;
        self.throttled_cost = throttled;
        self
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(50),
            throttled_base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(60),
            cost: 14,
            throttled_cost: 5,
        }
    }
}
