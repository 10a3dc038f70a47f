//! A memory within one process.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::{ReplayGuard, Sighting};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::Runtime;

/// Keys have any length; what stands for them here has one.
type Fingerprint = [u8; 32];

/// A [`ReplayGuard`] within one process, bounded by time and by count. Clones share the memory.
///
/// When it is full of keys that have not expired, it refuses new ones: forgetting one early would let exactly that
/// message be replayed. A key takes some 150 bytes; choose the capacity from the messages of the time that they are
/// remembered. A restart forgets everything, so a service that must not act twice keeps its memory in its database.
#[derive(Clone)]
pub struct MemoryReplayGuard {
    runtime: Runtime,
    capacity: usize,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Default)]
struct Memory {
    until: HashMap<Fingerprint, SystemTime>,
    by_expiry: BTreeSet<(SystemTime, Fingerprint)>,
}

impl MemoryReplayGuard {
    /// A memory for at most `capacity` keys that expires them by the runtime's wall clock.
    pub fn new(capacity: usize, runtime: Runtime) -> Self {
        Self { runtime, capacity, memory: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, key: &str, until: SystemTime) -> Result<Sighting> {
        let key = fingerprint(key);
        let mut memory = self.lock();
        memory.evict(self.runtime.wall());
        if let Some(known) = memory.until.get(&key).copied() {
            // A later copy of the message may be replayed for longer than the first.
            if until > known {
                memory.put(key, until);
            }
            return Ok(Sighting::Repeated);
        }
        if memory.until.len() >= self.capacity {
            let full = "the replay memory is full: give it more room, or remember messages for a shorter time";
            return Err(Error::new(ErrorKind::Environment, full).with_retryable(true));
        }
        memory.put(key, until);
        Ok(Sighting::First)
    }
}

impl Memory {
    fn put(&mut self, key: Fingerprint, until: SystemTime) {
        if let Some(earlier) = self.until.insert(key, until) {
            self.by_expiry.remove(&(earlier, key));
        }
        self.by_expiry.insert((until, key));
    }

    fn evict(&mut self, now: SystemTime) {
        while let Some(&(until, key)) = self.by_expiry.first().filter(|(until, _)| *until <= now) {
            self.by_expiry.remove(&(until, key));
            self.until.remove(&key);
        }
    }
}

impl ReplayGuard for MemoryReplayGuard {
    async fn check_and_remember(&self, key: &str, until: SystemTime) -> Result<Sighting> {
        self.remember(key, until)
    }

    async fn forget(&self, key: &str) -> Result<()> {
        let key = fingerprint(key);
        let mut memory = self.lock();
        if let Some(until) = memory.until.remove(&key) {
            memory.by_expiry.remove(&(until, key));
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayGuard")
            .field("capacity", &self.capacity)
            .field("remembered", &self.lock().until.len())
            .finish_non_exhaustive()
    }
}

fn fingerprint(key: &str) -> Fingerprint {
    Sha256::digest(key.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::testing::ManualClock;

    struct Guard {
        clock: ManualClock,
        guard: MemoryReplayGuard,
    }

    impl Guard {
        fn new(capacity: usize) -> Self {
            let clock = ManualClock::new();
            Self { guard: MemoryReplayGuard::new(capacity, clock.runtime()), clock }
        }

        fn see(&self, key: &str, seconds: u64) -> Result<Sighting> {
            let until = self.clock.runtime().wall() + Duration::from_secs(seconds);
            self.guard.check_and_remember(key, until).now_or_never().unwrap()
        }

        fn advance(&self, seconds: u64) {
            self.clock.advance(Duration::from_secs(seconds));
        }

        fn remembered(&self) -> (usize, usize) {
            let memory = self.guard.lock();
            (memory.until.len(), memory.by_expiry.len())
        }
    }

    #[test]
    fn a_key_is_new_once_until_it_expires() {
        let guard = Guard::new(8);
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::First);
        assert_eq!(guard.see("b", 10).unwrap(), Sighting::First);
        guard.advance(9);
        assert_eq!(guard.see("a", 1).unwrap(), Sighting::Repeated);
        guard.advance(1);
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::First);
        assert_eq!(guard.remembered(), (1, 1), "what expired takes no room");
    }

    #[test]
    fn a_repetition_extends_and_never_shortens_the_memory() {
        let guard = Guard::new(8);
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::First);
        assert_eq!(guard.see("a", 20).unwrap(), Sighting::Repeated);
        assert_eq!(guard.see("a", 5).unwrap(), Sighting::Repeated);
        guard.advance(19);
        assert_eq!(guard.see("a", 0).unwrap(), Sighting::Repeated);
        assert_eq!(guard.remembered(), (1, 1));
    }

    #[test]
    fn a_full_memory_refuses_rather_than_forget() {
        let guard = Guard::new(2);
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::First);
        assert_eq!(guard.see("b", 20).unwrap(), Sighting::First);
        let error = guard.see("c", 30).unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::Repeated, "known keys are still answered");
        guard.advance(10);
        assert_eq!(guard.see("c", 30).unwrap(), Sighting::First, "what expired made room");
    }

    #[test]
    fn what_was_forgotten_is_new_again_and_clones_share() {
        let guard = Guard::new(1);
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::First);
        guard.guard.clone().forget("a").now_or_never().unwrap().unwrap();
        guard.guard.forget("unknown").now_or_never().unwrap().unwrap();
        assert_eq!(guard.remembered(), (0, 0));
        assert_eq!(guard.see("a", 10).unwrap(), Sighting::First);
    }

    #[test]
    fn of_many_at_once_exactly_one_is_first() {
        let guard = Guard::new(8);
        let until = guard.clock.runtime().wall() + Duration::from_secs(10);
        let first = std::thread::scope(|scope| {
            let claim = || guard.guard.remember("a", until).unwrap() == Sighting::First;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap().then_some(())).count()
        });
        assert_eq!(first, 1);
    }
}
