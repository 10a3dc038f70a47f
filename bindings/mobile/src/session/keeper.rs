//! Keeps the tokens of the one session at a time in the secure storage.

use std::sync::{Arc, Mutex, PoisonError};

use acd_core::{Error, ErrorKind, Secret, Token, TokenStore};
use tokio::task::spawn_blocking;

use super::storage::{SecureStorage, StorageError};
use crate::error::MobileError;

/// Under which key the tokens are stored.
const KEY: &str = "acd.session";

pub(super) struct Keeper {
    storage: Arc<dyn SecureStorage>,
    /// Counts sessions. Held while the storage is written, so that a renewal that a sign-out overtakes cannot store the
    /// tokens of the session that ended.
    session: Mutex<u64>,
}

impl Keeper {
    pub(super) fn new(storage: Arc<dyn SecureStorage>) -> Self {
        Self { storage, session: Mutex::new(0) }
    }

    /// Where the present session's token is kept.
    pub(super) fn store(keeper: &Arc<Self>) -> SessionStore {
        let session = *keeper.session.lock().unwrap_or_else(PoisonError::into_inner);
        SessionStore { keeper: keeper.clone(), session }
    }

    /// Stores the token of a new session in the place of the one before.
    pub(super) async fn begin(self: &Arc<Self>, token: Token) -> Result<(), MobileError> {
        self.change(move |storage| storage.write(KEY.to_owned(), token.to_json().expose().to_owned())).await
    }

    /// Removes the token.
    pub(super) async fn end(self: &Arc<Self>) -> Result<(), MobileError> {
        self.change(|storage| storage.remove(KEY.to_owned())).await
    }

    pub(super) async fn holds_token(self: &Arc<Self>) -> Result<bool, MobileError> {
        let keeper = self.clone();
        Ok(blocking(move || keeper.storage.read(KEY.to_owned())).await?.map_err(refused)?.is_some())
    }

    /// Ends the present session, if the storage takes the change.
    async fn change(
        self: &Arc<Self>,
        write: impl FnOnce(&dyn SecureStorage) -> Result<(), StorageError> + Send + 'static,
    ) -> Result<(), MobileError> {
        let keeper = self.clone();
        let change = move || {
            let mut session = keeper.session.lock().unwrap_or_else(PoisonError::into_inner);
            write(&*keeper.storage)?;
            *session += 1;
            Ok(())
        };
        blocking(change).await?.map_err(refused)
    }
}

fn refused(error: StorageError) -> MobileError {
    MobileError::Storage { reason: error.to_string() }
}

/// The token of one session.
pub(super) struct SessionStore {
    keeper: Arc<Keeper>,
    session: u64,
}

impl TokenStore for SessionStore {
    async fn load(&self) -> acd_core::Result<Option<Token>> {
        let (keeper, session) = (self.keeper.clone(), self.session);
        let load = move || {
            let present = keeper.session.lock().unwrap_or_else(PoisonError::into_inner);
            if *present == session { keeper.storage.read(KEY.to_owned()) } else { Ok(None) }
        };
        let json = blocking(load).await?.map_err(unavailable)?;
        json.map(|json| Token::from_json(&Secret::new(json))).transpose()
    }

    async fn save(&self, token: &Token) -> acd_core::Result<()> {
        let (keeper, session, json) = (self.keeper.clone(), self.session, token.to_json());
        let save = move || {
            let present = keeper.session.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever waits for this token began before the session ended. They may end with it.
            if *present == session { keeper.storage.write(KEY.to_owned(), json.expose().to_owned()) } else { Ok(()) }
        };
        blocking(save).await?.map_err(unavailable)
    }
}

/// A storage that refuses now, as before the device is unlocked, may not do so later.
fn unavailable(error: StorageError) -> Error {
    Error::new(ErrorKind::Credentials, error.to_string()).with_source(error).with_retryable(true)
}

/// Runs what may wait for the platform on a thread made for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.map_err(|cause| {
        Error::new(ErrorKind::Environment, "the work with the secure storage did not end").with_source(cause)
    })
}
