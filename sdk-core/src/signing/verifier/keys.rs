//! Which keys are believed.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use crate::Result;
use crate::signing::VerifyingKey;

/// Finds the keys of a service.
pub trait KeyResolver: Send + Sync + 'static {
    /// The keys that are valid now under this id; none when the id is unknown, has ended or is revoked. Usually one: a
    /// service that rotates its key under one id has two for a while, another gives the new key a new id.
    ///
    /// `key_id` comes from outside and is not verified yet: 1 to 256 printable ASCII characters.
    ///
    /// # Errors
    /// When the keys cannot be looked up now. The request is then refused as unverifiable, not as wrong.
    fn resolve(&self, key_id: &str) -> impl Future<Output = Result<Vec<VerifyingKey>>> + Send;
}

impl<K: KeyResolver> KeyResolver for Arc<K> {
    async fn resolve(&self, key_id: &str) -> Result<Vec<VerifyingKey>> {
        self.as_ref().resolve(key_id).await
    }
}

/// Keys that are known when the process starts.
#[derive(Clone, Debug, Default)]
pub struct StaticKeys(BTreeMap<String, Vec<VerifyingKey>>);

impl StaticKeys {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. A second one under the same id is valid beside the first.
    #[must_use]
    pub fn with(mut self, key_id: impl Into<String>, key: VerifyingKey) -> Self {
        self.0.entry(key_id.into()).or_default().push(key);
        self
    }
}

impl KeyResolver for StaticKeys {
    async fn resolve(&self, key_id: &str) -> Result<Vec<VerifyingKey>> {
        Ok(self.0.get(key_id).cloned().unwrap_or_default())
    }
}
