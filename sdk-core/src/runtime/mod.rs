//! Time, randomness and background tasks, injected so that every policy runs alike on native, in a browser and under a
//! test's clock.

mod instant;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod timeout;
#[cfg(any(test, target_arch = "wasm32"))]
mod timers;
#[cfg(target_arch = "wasm32")]
mod wasm;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use instant::Instant;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::blocking;
#[cfg(not(target_arch = "wasm32"))]
use native::{System, SystemSleep, system_sleep};
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::blocking;
#[cfg(target_arch = "wasm32")]
use wasm::{System, SystemSleep, system_sleep};

use timeout::{Timeout, Timer};

use crate::Result;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now on a line that never runs backwards. Only differences have meaning.
    fn now(&self) -> Instant;

    /// Now by the wall clock, which may jump.
    fn wall(&self) -> SystemTime;
}

/// Waits.
pub trait Sleep: Send + Sync + 'static {
    /// Completes no earlier than after `duration`. Dropping the future cancels the wait.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Gives random bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`. Idempotency keys are made of them, so two processes must not see the same sequence.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`](crate::ErrorKind::Environment) when the system has no source of randomness.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// Starts background tasks.
pub trait Spawn: Send + Sync + 'static {
    /// Runs `task` to its end, detached from the caller.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`](crate::ErrorKind::Environment) when nothing is there to run it.
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()>;
}

/// What a client takes from the machine it runs on. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    parts: Arc<Parts>,
}

#[derive(Clone)]
struct Parts {
    clock: Arc<dyn Clock>,
    /// `None` for the system's own, whose timer is known and needs no box.
    sleep: Option<Arc<dyn Sleep>>,
    random: Arc<dyn Random>,
    spawn: Arc<dyn Spawn>,
}

impl Runtime {
    /// The real one: tokio's timer and executor on native (a tokio runtime must be running when a call is made),
    /// JavaScript's timers and microtasks on wasm.
    pub fn system() -> Self {
        let system = Arc::new(System);
        let parts = Parts { clock: system.clone(), sleep: None, random: system.clone(), spawn: system };
        Self { parts: Arc::new(parts) }
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.parts).clock = Arc::new(clock);
        self
    }

    /// Replaces the way of waiting.
    #[must_use]
    pub fn with_sleep(mut self, sleep: impl Sleep) -> Self {
        Arc::make_mut(&mut self.parts).sleep = Some(Arc::new(sleep));
        self
    }

    /// Replaces the source of randomness.
    #[must_use]
    pub fn with_random(mut self, random: impl Random) -> Self {
        Arc::make_mut(&mut self.parts).random = Arc::new(random);
        self
    }

    /// Replaces the executor of background tasks.
    #[must_use]
    pub fn with_spawn(mut self, spawn: impl Spawn) -> Self {
        Arc::make_mut(&mut self.parts).spawn = Arc::new(spawn);
        self
    }

    /// Now, on the monotonic line.
    pub fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    /// Now, by the wall clock.
    pub fn wall(&self) -> SystemTime {
        self.parts.clock.wall()
    }

    /// Waits for `duration`.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        match &self.parts.sleep {
            None => Box::pin(system_sleep(duration)),
            Some(sleep) => sleep.sleep(duration),
        }
    }

    /// Fills `bytes` with randomness.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn fill_random(&self, bytes: &mut [u8]) -> Result<()> {
        self.parts.random.fill(bytes)
    }

    /// A random number in `0.0..1.0`.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn random_unit(&self) -> Result<f64> {
        let mut bytes = [0; 8];
        self.parts.random.fill(&mut bytes)?;
        // 53 bits are what an f64 holds exactly, so that 1.0 is never reached by rounding.
        Ok((u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Starts a background task.
    ///
    /// # Errors
    /// As [`Spawn::spawn`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        self.parts.spawn.spawn(Box::pin(task))
    }

    /// Runs `future` for at most `limit`; `None` says that the time ran out and that the future was dropped.
    pub fn timeout<F: Future>(&self, limit: Duration, future: F) -> impl Future<Output = Option<F::Output>> {
        let timer = match &self.parts.sleep {
            None => Timer::System { sleep: system_sleep(limit) },
            Some(sleep) => Timer::Other { sleep: sleep.sleep(limit) },
        };
        Timeout::new(future, timer)
    }
}

impl Default for Runtime {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}
