//! One refresh from its beginning to its end.

use std::sync::Arc;
use std::time::Duration;

use super::super::fixed::sensitive;
use super::super::{StoreLock, Token, TokenStore};
use super::Shared;
use super::provider::TokenProvider;
use super::state::{Current, Outcome, Unsaved};
use crate::Result;
use crate::error::{Error, ErrorKind};

/// The limit of a refresh: longer than any call to a token endpoint should take, and an end to one that never answers.
const LIMIT: Duration = Duration::from_secs(120);

/// How long another process may hold the store's lock, and how often it is asked for.
const LOCK_LIMIT: Duration = Duration::from_secs(30);
const LOCK_PAUSE: Duration = Duration::from_millis(100);

impl<P: TokenProvider, S: TokenStore> Shared<P, S> {
    pub(super) async fn renew_in_time(&self) -> Outcome {
        let result = self.options.runtime.timeout(LIMIT, self.renew()).await.unwrap_or_else(|| {
            let error = Error::new(ErrorKind::Timeout, format!("the refresh took longer than {LIMIT:?}"));
            Err(error.with_retryable(true))
        });
        match &result {
            Ok(current) => tracing::debug!(obtained = current.obtained.is_some(), "the access token is renewed"),
            Err(error) => {
                tracing::warn!(%error, "error.type" = error.kind().as_str(), "the access token was not renewed");
            }
        }
        result.map(Box::new).map_err(Arc::new)
    }

    async fn renew(&self) -> Result<Current> {
        let _lock = self.lock().await?;
        let stored = self.store.load().await?;
        let (held, unsaved) = {
            let state = self.state();
            (state.current.as_ref().map(|current| current.token.clone()), state.unsaved.clone())
        };
        if let Some(Unsaved { token, base }) = unsaved {
            if is_same(stored.as_ref(), base.as_ref()) {
                return self.store_and_use(self.current(token, true)?).await;
            }
            // The save arrived although it failed, or the account was connected anew: what is stored counts.
            self.state().unsaved = None;
        }
        if let Some(token) = &stored
            && !token.is_expired(self.options.runtime.wall())
            && !held.is_some_and(|held| held.is_same(token))
        {
            return self.current(token.clone(), false);
        }
        let token = self.next(stored.as_ref()).await?;
        let current = self.current(token.or_refresh_of(stored.as_ref()), true)?;
        // From here on the old refresh token may be spent: whatever happens next, the new one is known.
        self.state().unsaved = Some(Unsaved { token: current.token.clone(), base: stored });
        self.store_and_use(current).await
    }

    /// Asks the service for the token that follows `stored`.
    async fn next(&self, stored: Option<&Token>) -> Result<Token> {
        let Some(stored) = stored else { return self.provider.obtain().await };
        if self.state().ended.as_ref().is_some_and(|ended| ended.is_same(stored)) {
            return Err(authorisation_ended(None));
        }
        let error = match self.provider.refresh(stored).await {
            Ok(token) => return Ok(token),
            Err(error) => error,
        };
        let is_final =
            error.code() == Some("invalid_grant") || (error.kind() == ErrorKind::Credentials && !error.is_retryable());
        if is_final {
            self.state().ended = Some(stored.clone());
            return Err(authorisation_ended(Some(error)));
        }
        Err(error)
    }

    async fn store_and_use(&self, current: Current) -> Result<Current> {
        self.store.save(&current.token).await.map_err(|cause| {
            let message = format!("the new token is not used before it is stored: {}", cause.message());
            Error::new(ErrorKind::Credentials, message).with_retryable(true).with_source(cause)
        })?;
        self.state().unsaved = None;
        if current.token.is_expired(self.options.runtime.wall()) {
            // Used, it would be refreshed again by every call.
            let message = "the service gave a token that has expired already: check this machine's clock";
            return Err(Error::new(ErrorKind::Credentials, message).with_retryable(true));
        }
        Ok(current)
    }

    fn current(&self, token: Token, obtained: bool) -> Result<Current> {
        let runtime = &self.options.runtime;
        let value = sensitive(self.options.scheme(), token.access()).map_err(|cause| {
            let message = format!("the access token cannot be sent: {}", cause.message());
            Error::new(ErrorKind::Credentials, message).with_source(cause)
        })?;
        let refresh_at = match token.expires_at() {
            None => None,
            Some(at) => {
                let left = at.duration_since(runtime.wall()).unwrap_or_default();
                let early = self.options.early.mul_f64(1.0 - runtime.random_unit().unwrap_or(0.0) / 2.0);
                at.checked_sub(early.min(left / 2))
            }
        };
        let obtained = obtained.then(|| runtime.now());
        Ok(Current { token, value, refresh_at, obtained, refused: false })
    }

    async fn lock(&self) -> Result<StoreLock> {
        let began = self.options.runtime.now();
        loop {
            if let Some(lock) = self.store.try_lock().await? {
                return Ok(lock);
            }
            if self.options.runtime.now().since(began) >= LOCK_LIMIT {
                let message = format!("another process has held the lock of the token store for {LOCK_LIMIT:?}");
                return Err(Error::new(ErrorKind::Credentials, message).with_retryable(true));
            }
            self.options.runtime.sleep(LOCK_PAUSE).await;
        }
    }
}

fn is_same(one: Option<&Token>, other: Option<&Token>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn authorisation_ended(cause: Option<Error>) -> Error {
    let message = "the service has ended the authorisation: connect the account again and save its new token";
    let error = Error::new(ErrorKind::Credentials, message).with_code("invalid_grant");
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}
