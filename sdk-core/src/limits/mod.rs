//! Limits on calls: named pools of units that operations draw from before they are sent.
//!
//! An [`Operation`](crate::Operation) names its pools and what it costs; a [`Limits`] says what each pool allows; a call
//! may say whose pool it means ([`pool_scope`](crate::CallBuilder::pool_scope)) and who asks
//! ([`caller`](crate::CallBuilder::caller)).
//!
//! ```
//! use acd_core::Client;
//! use acd_core::limits::{Limits, LocalPool, OnLimit, Quota};
//!
//! let limits = Limits::new()
//!     .pool("ads.account", |_account| LocalPool::gcra(Quota::per_hour(600).burst(20)))
//!     .on_limit(OnLimit::Fail);
//! let client = Client::builder("https://api.example.com").limits(limits).build()?;
//! # Ok::<(), acd_core::Error>(())
//! ```

mod adaptive;
mod gcra;
mod headers;
mod local;
mod observation;
mod pool;
mod queue;
mod registry;
mod sliding;

use std::time::Duration;

pub use gcra::Quota;
pub use local::LocalPool;
pub use observation::{Observation, ReadLimit, StandardHeaders};
pub(crate) use pool::SharedPool;
pub use pool::{Permit, Pool, PoolAnswer, PoolKey, PoolRequest, Priority, Refund};
pub use registry::{Limits, OnLimit};

use crate::runtime::Instant;

/// A way of counting. Only the pool around it knows of waiting.
trait Algorithm: Send + 'static {
    /// The time until `units` can be taken, zero when they can be now.
    fn wait(&mut self, now: Instant, units: u32) -> Duration;

    /// Takes units, whether they are there or not.
    fn take(&mut self, now: Instant, units: u32);

    /// Takes units back that were not used.
    fn refund(&mut self, units: u32);

    /// Corrects itself by what a server said.
    fn learn(&mut self, now: Instant, seen: &Observation);

    /// Whether nothing is taken or learnt that a fresh one would not know.
    fn is_fresh(&mut self, now: Instant) -> bool;

    /// The most units that can ever be taken at once.
    fn largest(&self) -> u32;
}

/// What a pool with nobody in its queue does, for tests of the ways of counting.
#[cfg(test)]
fn try_take(algorithm: &mut impl Algorithm, now: Instant, units: u32) -> Result<(), Duration> {
    let wait = algorithm.wait(now, units);
    if wait.is_zero() {
        algorithm.take(now, units);
        return Ok(());
    }
    Err(wait)
}
