//! Verifying what arrived.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::dialect::Dialect;
use super::fields::Fields;
use super::key::VerifyingKey;
use super::secrets::read_all;
use super::steps::Timing;
use super::timestamp::Window;
use super::verified::Message;
use super::{Scheme, Verified, WebhookError, body};
use crate::Result;
use crate::runtime::Runtime;
use crate::secret::Secret;

/// Longer than any of the senders repeats a message: Standard Webhooks' example schedule ends after 76 hours, Stripe's
/// and TikTok's after 72.
const FOUR_DAYS: Duration = Duration::from_secs(4 * 86_400);

/// Tells authentic webhooks from others. Cheap to clone.
///
/// The secrets are prepared once; verifying a message costs little more than hashing it. Every secret is tried and every
/// comparison takes the same time wherever a difference is. Headers may offer 16 signatures at most.
#[derive(Clone)]
pub struct Verifier {
    scheme: &'static str,
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) keys: Arc<[VerifyingKey]>,
    pub(super) window: Window,
    pub(super) memory: Duration,
    pub(super) runtime: Runtime,
}

impl Verifier {
    /// A verifier of one endpoint. Several secrets serve rotation: a message that matches any of them is authentic.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when there is no secret, when one is blank, begins or
    /// ends with white space, or has not the form that [`Scheme`] names; and for a blank app key.
    pub fn new(scheme: Scheme, secrets: impl IntoIterator<Item = Secret>) -> Result<Self> {
        let (dialect, keys) = read_all(&scheme, secrets, |dialect, secret| dialect.verifying_key(secret))?;
        let window = dialect.window();
        let runtime = Runtime::system();
        Ok(Self { scheme: scheme.as_str(), dialect, keys: keys.into(), window, memory: FOUR_DAYS, runtime })
    }

    /// Sets how old a signed timestamp may be. Default 300 s, which itself passes; 24 hours for TikTok Shop. Schemes that
    /// sign no time are not affected. More than 100 years counts as 100 years.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.window = self.window.with_past(age);
        self
    }

    /// Sets how far ahead of this machine's clock a signed timestamp may be. Default 300 s, which itself passes. More than
    /// 100 years counts as 100 years.
    #[must_use]
    pub fn with_max_skew(mut self, ahead: Duration) -> Self {
        self.window = self.window.with_future(ahead);
        self
    }

    /// Sets how long a [`ReplayGuard`](crate::replay::ReplayGuard) remembers a message, at least; as long as its timestamp is accepted it is
    /// remembered anyway. Default 4 days, as senders repeat what they believe undelivered for some 3. More than 100 years
    /// counts as 100 years.
    #[must_use]
    pub fn with_memory(mut self, memory: Duration) -> Self {
        self.memory = memory.min(Window::LONGEST);
        self
    }

    /// Replaces the clock. Default: [`Runtime::system`].
    #[must_use]
    pub fn with_runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Verifies a message: signature first, then time, so that [`WebhookError::Expired`] and [`WebhookError::TooNew`] are
    /// said of authentic messages alone. `body` is what arrived, byte for byte: JSON that was parsed and written again is
    /// another message.
    ///
    /// # Errors
    /// Every [`WebhookError`] but `Replayed`, `Guard` and `Body`.
    pub fn verify(&self, headers: &HeaderMap, body: impl Into<Bytes>) -> Result<Verified, WebhookError> {
        let claimed = self.claimed(&Fields::of(self.header_names(), headers))?;
        let body = body.into();
        let secret_index = claimed.matches(&body)?;
        let of_body = || self.time_field().and_then(|name| body::seconds(&body, name));
        let Timing { signed_at, remember_until } = self.timing(claimed.seconds().or_else(of_body))?;
        let id = claimed.id().map(str::to_owned);
        let (scheme, dialect) = (self.scheme, Arc::clone(&self.dialect));
        Ok(Verified::new(Message { scheme, dialect, body, id, signed_at, secret_index, remember_until }))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("scheme", &self.scheme)
            .field("secrets", &self.keys.len())
            .field("window", &self.window)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}
