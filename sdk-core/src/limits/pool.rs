//! What a pool of calls is to the pipeline.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::Result;
use crate::runtime::{BoxFuture, Runtime};

/// Which pool: the kind that an operation names, and whose. Each key has limits of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey {
    name: &'static str,
    scope: Arc<str>,
}

impl PoolKey {
    /// The pool `name` of `scope`, such as `meta.account` of `act_17`. An empty scope is the one of all who give none.
    pub fn new(name: &'static str, scope: impl Into<Arc<str>>) -> Self {
        Self { name, scope: scope.into() }
    }

    pub(super) fn shared_scope(&self) -> Arc<str> {
        Arc::clone(&self.scope)
    }

    /// The kind of pool, as operations name it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whose it is: an account, a user, a token. Empty when calls do not say.
    pub fn scope(&self) -> &str {
        &self.scope
    }
}

/// A limit that calls share. [`LocalPool`](super::LocalPool) is the one of this process; another may ask a server, so
/// that many processes share it.
pub trait Pool: Send + Sync + 'static {
    /// Takes the units that an attempt costs, waiting for its turn as long as the request allows. Dropping the future
    /// leaves the queue.
    ///
    /// # Errors
    /// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) with the time after which to come back, when the wait
    /// would be longer than allowed.
    fn acquire(&self, request: &PoolRequest<'_>) -> impl Future<Output = Result<Permit>> + Send;

    /// Takes the units if they are to be had without waiting, and says nothing otherwise: then [`acquire`](Self::acquire)
    /// is asked. A pool that must ask somewhere else leaves this as it is.
    fn try_acquire(&self, request: &PoolRequest<'_>) -> Option<Permit> {
        let _ = request;
        None
    }

    /// Whether the pool holds nothing that would be missed if it were dropped and made anew. Of thousands of scopes those
    /// that are idle are forgotten.
    fn is_idle(&self, runtime: &Runtime) -> bool;

    /// Learns from an answer to an attempt that this pool let pass.
    fn observe(&self, answer: &PoolAnswer<'_>);
}

/// How urgent a call is among those of its caller that wait for the same limit. [`LocalPool`](super::LocalPool) treats
/// all alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// It may take its time: reports, copies, clean-up.
    Background,
}

/// What an attempt asks of a pool.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PoolRequest<'a> {
    /// The units it costs.
    pub cost: u32,
    /// Who asks. A pool divides itself fairly among callers that wait.
    pub caller: &'a str,
    /// How urgent it is, for a pool that serves the more urgent calls of a caller first.
    pub priority: Priority,
    /// How long it may wait; zero to be told at once.
    pub max_wait: Duration,
    /// Clock and sleep of the call.
    pub runtime: &'a Runtime,
}

impl<'a> PoolRequest<'a> {
    /// A request of one unit by nobody in particular that waits for nothing.
    pub fn new(runtime: &'a Runtime) -> Self {
        Self { cost: 1, caller: "", priority: Priority::default(), max_wait: Duration::ZERO, runtime }
    }

    /// Sets the units.
    #[must_use]
    pub fn cost(mut self, units: u32) -> Self {
        self.cost = units;
        self
    }

    /// Sets who asks.
    #[must_use]
    pub fn caller(mut self, caller: &'a str) -> Self {
        self.caller = caller;
        self
    }

    /// Sets how urgent it is.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets how long it may wait.
    #[must_use]
    pub fn max_wait(mut self, limit: Duration) -> Self {
        self.max_wait = limit;
        self
    }
}

/// What came back for an attempt.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PoolAnswer<'a> {
    /// The pool that let it pass.
    pub key: &'a PoolKey,
    /// The status, if there was an answer.
    pub status: Option<StatusCode>,
    /// The answer's headers; empty without one.
    pub headers: &'a HeaderMap,
    /// Whether the server asked for fewer calls.
    pub throttled: bool,
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
    /// Clock of the call.
    pub runtime: &'a Runtime,
}

/// Takes units back for a pool, or learns when they were used.
pub trait Refund: Send + Sync + 'static {
    /// Takes back what an attempt did not use after all.
    fn refund(&self, units: u32);

    /// The attempt that used the units is over: answered, failed or dropped. Whoever counts them in a window of time has
    /// done so by now, and cannot have done so before the units were taken.
    fn finished(&self, units: u32) {
        let _ = units;
    }
}

/// Units taken from a pool. They return when the permit is dropped before the request was handed to the transport, by a
/// cancelled call say.
#[must_use = "a permit that is dropped gives its units back"]
pub struct Permit {
    held: Option<(Arc<dyn Refund>, u32)>,
    spent: bool,
}

impl Permit {
    /// A permit that returns `units` to `pool` if it is not used.
    pub fn new(pool: Arc<dyn Refund>, units: u32) -> Self {
        Self { held: Some((pool, units)), spent: false }
    }

    /// A permit that returns nothing.
    pub fn unconditional() -> Self {
        Self { held: None, spent: false }
    }

    /// Keeps the units: the request is on its way. Dropping the permit then says that the attempt is over.
    pub fn spend(&mut self) {
        self.spent = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match self.held.take() {
            Some((pool, units)) if self.spent => pool.finished(units),
            Some((pool, units)) => pool.refund(units),
            None => {}
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.held.as_ref().map(|(_, units)| units);
        f.debug_struct("Permit").field("units", &units).field("spent", &self.spent).finish()
    }
}

/// A [`Pool`] of any type, shared.
#[derive(Clone)]
pub(crate) struct SharedPool(Arc<dyn DynPool>);

impl SharedPool {
    pub(super) fn new(pool: impl Pool) -> Self {
        Self(Arc::new(pool))
    }

    pub(super) fn is_idle(&self, runtime: &Runtime) -> bool {
        Arc::strong_count(&self.0) == 1 && self.0.is_idle_dyn(runtime)
    }

    pub(crate) fn try_acquire(&self, request: &PoolRequest<'_>) -> Option<Permit> {
        self.0.try_acquire_dyn(request)
    }

    pub(crate) async fn acquire(&self, request: &PoolRequest<'_>) -> Result<Permit> {
        self.0.acquire_dyn(request).await
    }

    pub(crate) fn observe(&self, answer: &PoolAnswer<'_>) {
        self.0.observe_dyn(answer);
    }
}

trait DynPool: Send + Sync {
    fn try_acquire_dyn(&self, request: &PoolRequest<'_>) -> Option<Permit>;
    fn acquire_dyn<'a>(&'a self, request: &'a PoolRequest<'a>) -> BoxFuture<'a, Result<Permit>>;
    fn is_idle_dyn(&self, runtime: &Runtime) -> bool;
    fn observe_dyn(&self, answer: &PoolAnswer<'_>);
}

impl<P: Pool> DynPool for P {
    fn acquire_dyn<'a>(&'a self, request: &'a PoolRequest<'a>) -> BoxFuture<'a, Result<Permit>> {
        Box::pin(self.acquire(request))
    }

    fn try_acquire_dyn(&self, request: &PoolRequest<'_>) -> Option<Permit> {
        self.try_acquire(request)
    }

    fn is_idle_dyn(&self, runtime: &Runtime) -> bool {
        self.is_idle(runtime)
    }

    fn observe_dyn(&self, answer: &PoolAnswer<'_>) {
        self.observe(answer);
    }
}
