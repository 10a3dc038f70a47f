//! All pools of a client.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::pool::{Pool, PoolKey, SharedPool};
use crate::runtime::Runtime;

/// At each multiple of this many pools of one kind the idle ones are dropped.
const SWEEP: usize = 1024;

/// What happens to a call whose pool has nothing left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits for its turn, at most so long and never past the call's deadline. If the turn is known to come later, the
    /// call fails at once.
    Wait(Duration),
    /// It fails at once with [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) and the time to come back.
    Fail,
}

impl OnLimit {
    pub(crate) const fn longest(self) -> Duration {
        match self {
            Self::Wait(limit) => limit,
            Self::Fail => Duration::ZERO,
        }
    }
}

/// Waits up to 30 s.
impl Default for OnLimit {
    fn default() -> Self {
        Self::Wait(Duration::from_secs(30))
    }
}

type Make = dyn Fn(&PoolKey) -> SharedPool + Send + Sync;

/// The pools that calls draw from. Clones share them: give several clients the same set when they use the same account.
///
/// An operation whose pools are not named here is not limited.
#[derive(Clone, Default)]
pub struct Limits {
    kinds: Vec<Kind>,
    every: Option<Kind>,
    on_limit: OnLimit,
}

#[derive(Clone)]
struct Kind {
    name: &'static str,
    make: Arc<Make>,
    pools: Arc<Mutex<HashMap<Arc<str>, SharedPool>>>,
}

impl Limits {
    /// The name of the pool that [`every_call`](Self::every_call) sets up.
    pub const EVERY_CALL: &'static str = "every_call";

    /// No limits yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets up the pools of a name that operations use. `make` is asked once for each scope.
    #[must_use]
    pub fn pool<P: Pool>(mut self, name: &'static str, make: impl Fn(&PoolKey) -> P + Send + Sync + 'static) -> Self {
        self.kinds.retain(|kind| kind.name != name);
        self.kinds.push(Kind::new(name, make));
        self
    }

    /// Sets up a pool for every call whatever its operation, one for each server. The scope is its host and port.
    #[must_use]
    pub fn every_call<P: Pool>(mut self, make: impl Fn(&PoolKey) -> P + Send + Sync + 'static) -> Self {
        self.every = Some(Kind::new(Self::EVERY_CALL, make));
        self
    }

    /// Sets what happens to calls that do not say so themselves.
    #[must_use]
    pub fn on_limit(mut self, on_limit: OnLimit) -> Self {
        self.on_limit = on_limit;
        self
    }

    pub(crate) fn default_on_limit(&self) -> OnLimit {
        self.on_limit
    }

    /// The pool for every call to a server.
    pub(crate) fn every(&self, authority: &str, runtime: &Runtime) -> Option<(PoolKey, SharedPool)> {
        self.every.as_ref().map(|kind| kind.of(authority, runtime))
    }

    /// The pool of a name and scope, if there are limits of that name.
    pub(crate) fn named(&self, name: &'static str, scope: &str, runtime: &Runtime) -> Option<(PoolKey, SharedPool)> {
        self.kinds.iter().find(|kind| kind.name == name).map(|kind| kind.of(scope, runtime))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.every.is_none() && self.kinds.is_empty()
    }
}

impl Kind {
    fn new<P: Pool>(name: &'static str, make: impl Fn(&PoolKey) -> P + Send + Sync + 'static) -> Self {
        let make: Arc<Make> = Arc::new(move |key| SharedPool::new(make(key)));
        Self { name, make, pools: Arc::default() }
    }

    fn of(&self, scope: &str, runtime: &Runtime) -> (PoolKey, SharedPool) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((scope, pool)) = pools.get_key_value(scope) {
            return (PoolKey::new(self.name, Arc::clone(scope)), pool.clone());
        }
        if pools.len() % SWEEP == SWEEP - 1 {
            pools.retain(|_, pool| !pool.is_idle(runtime));
        }
        let key = PoolKey::new(self.name, scope);
        let pool = (self.make)(&key);
        pools.insert(key.shared_scope(), pool.clone());
        (key, pool)
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.kinds.iter().chain(&self.every).map(|kind| kind.name).collect();
        f.debug_struct("Limits").field("pools", &names).field("on_limit", &self.on_limit).finish()
    }
}
