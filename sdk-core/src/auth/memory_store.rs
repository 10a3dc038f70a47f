//! A store for tokens that need not outlive the process.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Token, TokenStore};
use crate::Result;

/// Keeps the token in memory: for services that give a new one at any time, as with a client's own credentials
/// ([RFC 6749 section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)). Not for an account that a person had to
/// connect, whose refresh token must survive a restart. Clones share the token.
#[derive(Clone, Debug, Default)]
pub struct MemoryTokenStore(Arc<Mutex<Option<Token>>>);

impl MemoryTokenStore {
    /// A store that begins with this token, or without one.
    pub fn new(token: Option<Token>) -> Self {
        Self(Arc::new(Mutex::new(token)))
    }
}

impl TokenStore for MemoryTokenStore {
    async fn load(&self) -> Result<Option<Token>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn save(&self, token: &Token) -> Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(())
    }
}
