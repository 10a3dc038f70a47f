//! Circuit breaking: a server that fails is left alone for a while instead of being asked by every call.

mod circuit;
mod config;
mod window;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::uri::Authority;

pub use circuit::BreakerState;
pub(crate) use circuit::{Admission, Circuit, Transition};
pub use config::BreakerConfig;

use crate::runtime::Instant;

/// How many circuits are remembered before those that say nothing are dropped.
const REMEMBERED: usize = 1024;

/// One circuit for each server (host and port) and operation group, the operation's name without its last part. Clones
/// share the circuits: give several clients the same set when they talk to the same server.
///
/// An attempt fails, in the breaker's eyes, when it gets no answer or one that speaks of a broken server (408, 500, 502, 503,
/// 504).
/// Every other answer shows that the server works, a refusal and a 429 included. What fails before sending, and a
/// connection found dead, counts for nothing.
#[derive(Clone)]
pub struct Breakers {
    config: Arc<BreakerConfig>,
    groups: Arc<Mutex<Groups>>,
}

#[derive(Default)]
struct Groups {
    count: usize,
    // By group first: it is static, and the few servers of a group are found faster by looking than by hashing.
    circuits: HashMap<&'static str, Vec<(Authority, Arc<Circuit>)>>,
}

impl Breakers {
    /// Closed circuits with these numbers.
    pub fn new(config: BreakerConfig) -> Self {
        Self { config: Arc::new(config), groups: Arc::default() }
    }

    /// Where the circuit of a server such as `api.example.com:443` and a group such as `meta.campaigns` stands. One that
    /// no call has used yet is closed.
    pub fn state(&self, authority: &str, group: &str) -> BreakerState {
        let groups = self.lock();
        let circuits = groups.circuits.get(group).map_or(&[][..], Vec::as_slice);
        let found = circuits.iter().find(|(of, _)| of.as_str() == authority);
        found.map_or(BreakerState::Closed, |(_, circuit)| circuit.state())
    }

    pub(crate) fn config(&self) -> &BreakerConfig {
        &self.config
    }

    pub(crate) fn of(&self, authority: &Authority, group: &'static str, now: Instant) -> Arc<Circuit> {
        let mut groups = self.lock();
        if let Some((_, circuit)) =
            groups.circuits.get(group).and_then(|all| all.iter().find(|(of, _)| of == authority))
        {
            return Arc::clone(circuit);
        }
        if groups.count >= REMEMBERED {
            groups.forget_idle(now);
        }
        let circuit = Arc::new(Circuit::new(&self.config));
        groups.circuits.entry(group).or_default().push((authority.clone(), Arc::clone(&circuit)));
        groups.count += 1;
        circuit
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Groups {
    fn forget_idle(&mut self, now: Instant) {
        self.circuits.retain(|_, all| {
            all.retain(|(_, circuit)| Arc::strong_count(circuit) > 1 || !circuit.is_idle(now));
            !all.is_empty()
        });
        self.count = self.circuits.values().map(Vec::len).sum();
    }
}

impl Default for Breakers {
    fn default() -> Self {
        Self::new(BreakerConfig::default())
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_servers_do_not_pile_up() {
        let breakers = Breakers::default();
        let now = Instant::from_origin(Duration::ZERO);
        for n in 0..3 * REMEMBERED {
            breakers.of(&format!("host{n}.test").parse().unwrap(), "test", now);
        }
        assert!(breakers.lock().count <= REMEMBERED);
    }
}
