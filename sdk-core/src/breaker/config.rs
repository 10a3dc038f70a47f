//! The numbers of the breaker.

use std::time::Duration;

/// When a breaker opens and how it closes again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// The share of failed attempts, from 0 to 1, at which it opens. Default 0.5.
    pub failure_rate: f64,
    /// How many attempts the window must hold before the share means anything. Default 20.
    pub min_samples: u32,
    /// How far back attempts count. Default 30 s.
    pub window: Duration,
    /// How long it stays open before it lets a probe through. Default 5 s.
    pub open_for: Duration,
    /// How many probes must succeed, and how many may be under way at once, before it closes. Default 3.
    pub probes: u32,
}

impl BreakerConfig {
    /// Sets the share of failures that opens it and the number of attempts needed to judge.
    #[must_use]
    pub fn with_failure_rate(mut self, rate: f64, min_samples: u32) -> Self {
        self.failure_rate = rate;
        self.min_samples = min_samples;
        self
    }

    /// Sets how far back attempts count.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets how long it stays open.
    #[must_use]
    pub fn with_open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for;
        self
    }

    /// Sets how many probes must succeed. 0 counts as 1.
    #[must_use]
    pub fn with_probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failure_rate: 0.5,
            min_samples: 20,
            window: Duration::from_secs(30),
            open_for: Duration::from_secs(5),
            probes: 3,
        }
    }
}
