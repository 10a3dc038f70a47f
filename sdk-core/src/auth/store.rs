//! Where a token outlives the process.

use std::any::Any;
use std::fmt;
use std::future::{Future, ready};

use super::Token;
use crate::Result;

/// Keeps one account's token. It is the truth about that account: what another process saved there is taken over, and
/// what is not saved yet is not used.
///
/// A [`load`](Self::load) that begins after a [`save`](Self::save) has ended, in this process or another, must give what
/// was saved. A replica that lags behind would bring back a refresh token that is spent.
pub trait TokenStore: Send + Sync + 'static {
    /// The token, or `None` when the account was never authorised or no longer is.
    ///
    /// # Errors
    /// When the store cannot be asked. The call fails if it has no valid token otherwise; it may succeed later if the
    /// error says that it is [retryable](crate::Error::with_retryable).
    fn load(&self) -> impl Future<Output = Result<Option<Token>>> + Send;

    /// Replaces the token, durably: when this returns, a power cut does not bring the old one back.
    ///
    /// # Errors
    /// When that is not certain. The new token is kept in memory and not used, and saving it is the first thing that the
    /// next refresh does.
    fn save(&self, token: &Token) -> impl Future<Output = Result<()>> + Send;

    /// Tries to keep other processes from refreshing the same account, without waiting: `None` when one of them is about
    /// it. The default does not, which is right for one process; with several of them and a service that rotates refresh
    /// tokens, two could spend the same one.
    ///
    /// # Errors
    /// When the store cannot be asked.
    fn try_lock(&self) -> impl Future<Output = Result<Option<StoreLock>>> + Send {
        ready(Ok(Some(StoreLock::none())))
    }
}

/// What a store holds locked until it is dropped.
pub struct StoreLock {
    _guard: Option<Box<dyn Any + Send>>,
}

impl StoreLock {
    /// Holds `guard`, whose destructor unlocks: a locked file, a transaction with an advisory lock.
    pub fn new(guard: impl Any + Send) -> Self {
        Self { _guard: Some(Box::new(guard)) }
    }

    /// A lock of nothing.
    pub const fn none() -> Self {
        Self { _guard: None }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLock").finish_non_exhaustive()
    }
}
