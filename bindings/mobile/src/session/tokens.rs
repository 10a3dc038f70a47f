//! Tokens of a session, and how the app renews them.

use std::sync::Arc;
use std::time::SystemTime;

use acd_core::{Error, ErrorKind, Secret, Token, TokenProvider};
use uniffi::UnexpectedUniFFICallbackError;

use crate::error::MobileError;

/// The tokens that an identity provider gave. Never log it: the generated classes print their fields.
#[derive(Clone, uniffi::Record)]
pub struct SessionTokens {
    /// A JWT that the server accepts.
    pub access_token: String,
    /// What the access token is renewed with.
    #[uniffi(default = None)]
    pub refresh_token: Option<String>,
    /// When the access token expires; without it, it is used until the server refuses it.
    #[uniffi(default = None)]
    pub expires_at: Option<SystemTime>,
}

impl SessionTokens {
    pub(super) fn into_token(self) -> Result<Token, MobileError> {
        let access = Secret::new(self.access_token);
        if access.is_blank() {
            return Err(MobileError::Setting { reason: "access_token is blank: give the JWT".to_owned() });
        }
        let mut token = Token::new(access);
        if let Some(refresh) = self.refresh_token {
            token = token.with_refresh(Secret::new(refresh));
        }
        if let Some(at) = self.expires_at {
            token = token.with_expires_at(at);
        }
        Ok(token)
    }
}

/// Renews tokens by way of the app's identity provider.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait SessionRefresher: Send + Sync {
    /// Exchanges the refresh token for new tokens. Called by one task at a time; given up after two minutes.
    ///
    /// # Errors
    /// [`TokenError`].
    async fn refresh(&self, refresh_token: Option<String>) -> Result<SessionTokens, TokenError>;
}

/// Why tokens could not be renewed. The reason must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TokenError {
    /// The session is over: the user has to sign in again.
    #[error("the session is over: {reason}")]
    Ended {
        /// What the identity provider said.
        reason: String,
    },
    /// It may work later.
    #[error("the identity provider could not be asked: {reason}")]
    Unavailable {
        /// What went wrong.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for TokenError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable { reason: format!("the refresher threw something other than TokenError: {}", error.reason) }
    }
}

/// The app's refresher as the pipeline asks it.
pub(super) struct Refresher(pub(super) Option<Arc<dyn SessionRefresher>>);

impl TokenProvider for Refresher {
    async fn refresh(&self, current: &Token) -> acd_core::Result<Token> {
        let ended = |reason: String| Error::new(ErrorKind::Credentials, reason);
        let Some(refresher) = &self.0 else {
            return Err(ended("the access token has expired, and there is no refresher: sign in again".to_owned()));
        };
        let refresh_token = current.refresh().map(|secret| secret.expose().to_owned());
        let tokens = refresher.refresh(refresh_token).await.map_err(|error| {
            ended(error.to_string()).with_retryable(matches!(error, TokenError::Unavailable { .. }))
        })?;
        tokens.into_token().map_err(|error| ended(error.to_string()))
    }
}
