//! Taking each message once.

mod memory;

use std::future::Future;
use std::time::SystemTime;

pub use memory::MemoryReplayGuard;

use crate::Result;

/// Whether a message came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sighting {
    /// It is new, and is remembered from now on.
    First,
    /// It was remembered already.
    Repeated,
}

/// A memory of messages that were taken.
///
/// Several processes that receive for one endpoint share one memory, in a database for instance. The best place is the
/// transaction that writes what the message causes: then neither is lost without the other.
pub trait ReplayGuard: Send + Sync {
    /// Remembers `key` until `until`, and tells whether it was remembered already. Both in one step: of two calls at the
    /// same time with the same key, exactly one sees [`Sighting::First`].
    ///
    /// # Errors
    /// When the memory cannot be asked or is full. The message must not be taken then: its sender will come again.
    fn check_and_remember(&self, key: &str, until: SystemTime) -> impl Future<Output = Result<Sighting>> + Send;

    /// Forgets `key`, for a message that was remembered but could not be handled, so that its next delivery is taken.
    ///
    /// # Errors
    /// When the memory cannot be reached: the sender's repetitions will be taken for replays until the key expires.
    fn forget(&self, key: &str) -> impl Future<Output = Result<()>> + Send;
}
