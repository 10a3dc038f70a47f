//! The proof that a message is authentic.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::dialect::Dialect;
use super::steps::body_hash;
use super::{WebhookError, body};
use crate::replay::{ReplayGuard, Sighting};
use crate::response::decode;

/// The event of a message whose body has not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawEvent;

/// A message that a [`Verifier`](super::Verifier) found authentic. There is no other way to make one: a function that
/// takes `Verified<Event>` cannot be given what an attacker sent.
#[derive(Clone)]
pub struct Verified<T = RawEvent> {
    event: T,
    message: Message,
}

/// What is known of the message itself.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) scheme: &'static str,
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) body: Bytes,
    /// The id that a header gave it.
    pub(super) id: Option<String>,
    pub(super) signed_at: Option<SystemTime>,
    pub(super) secret_index: usize,
    pub(super) remember_until: SystemTime,
}

impl Verified {
    pub(super) fn new(message: Message) -> Self {
        Self { event: RawEvent, message }
    }

    /// Reads the body as JSON. Fields that `E` does not know are ignored.
    ///
    /// # Errors
    /// [`WebhookError::Body`] with the path of the offending value.
    pub fn json<E: DeserializeOwned>(self) -> Result<Verified<E>, WebhookError> {
        let event = decode(&self.message.body).map_err(WebhookError::Body)?;
        Ok(Verified { event, message: self.message })
    }
}

impl<T> Verified<T> {
    /// Takes the message once: gives it back, and refuses it when it comes again.
    ///
    /// The guard remembers it from here on, so this stands last, after [`json`](Verified::json): what could not be read
    /// should not be taken for a replay when it is delivered again. When handling the message fails afterwards,
    /// [`ReplayGuard::forget`] its [`replay_key`](Self::replay_key) for the same reason.
    ///
    /// # Errors
    /// [`WebhookError::Replayed`] for a message that came before, and [`WebhookError::Guard`] when the guard does not know.
    pub async fn once(self, guard: &impl ReplayGuard) -> Result<Self, WebhookError> {
        match guard.check_and_remember(&self.replay_key(), self.remember_until()).await {
            Ok(Sighting::First) => Ok(self),
            Ok(Sighting::Repeated) => Err(WebhookError::Replayed),
            Err(cause) => Err(WebhookError::Guard(cause)),
        }
    }

    /// The event.
    pub fn event(&self) -> &T {
        &self.event
    }

    /// The event, and the proof is gone.
    pub fn into_event(self) -> T {
        self.event
    }

    /// The bytes that were signed.
    pub fn body(&self) -> &Bytes {
        &self.message.body
    }

    /// The name of the scheme, as [`Scheme::as_str`](super::Scheme::as_str) gives it.
    pub fn scheme(&self) -> &'static str {
        self.message.scheme
    }

    /// The id that the sender gives the message, the same at every repetition. Where the scheme's table shows none, and
    /// where a body does not hold the one that it should, `None`.
    pub fn message_id(&self) -> Option<String> {
        let id = self.message.id.clone().or_else(|| body::id(&self.message.body, self.message.dialect.id_fields()));
        // An empty one would make all of them the same message.
        id.filter(|id| !id.is_empty())
    }

    /// What stands for the message in a [`ReplayGuard`], such as `stripe:evt_1`, or
    /// `meta:sha256:5891b5…` with the body's hash where there is no id. It is unique within one endpoint: endpoints that
    /// are sent the same events need a guard each.
    pub fn replay_key(&self) -> String {
        self.ids().1
    }

    /// [`message_id`](Self::message_id) and [`replay_key`](Self::replay_key) at once, as either may have to look into the
    /// body.
    pub fn ids(&self) -> (Option<String>, String) {
        let scheme = self.message.scheme;
        let id = self.message_id();
        let key = match &id {
            Some(id) => format!("{scheme}:{id}"),
            None => format!("{scheme}:sha256:{}", body_hash(&self.message.body)),
        };
        (id, key)
    }

    /// How long a guard has to remember the message: until its sender stops repeating it and its timestamp, if it has one,
    /// is no longer accepted.
    pub fn remember_until(&self) -> SystemTime {
        self.message.remember_until
    }

    /// The time that was signed: of this delivery, but of the event at TikTok Shop. `None` where the scheme signs none.
    pub fn signed_at(&self) -> Option<SystemTime> {
        self.message.signed_at
    }

    /// Which of the verifier's secrets matched, from 0: when the old one no longer does, it can be dropped.
    pub fn secret_index(&self) -> usize {
        self.message.secret_index
    }
}

/// Without event and body, which hold what the sender's customers hold.
impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("scheme", &self.message.scheme)
            .field("signed_at", &self.message.signed_at)
            .field("secret_index", &self.message.secret_index)
            .field("body", &format_args!("{} bytes", self.message.body.len()))
            .finish_non_exhaustive()
    }
}
