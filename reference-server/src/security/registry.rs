//! The keys that signatures are checked with, and the nonces that were used, in the database.

use std::sync::Arc;
use std::time::SystemTime;

use acd_core::replay::{ReplayGuard, Sighting};
use acd_core::signing::{KeyResolver, VerifyingKey};
use acd_core::{Error, ErrorKind};
use acd_platform::ServiceKeyId;
use acd_platform::service_keys::{ServiceKey, SignatureAlgorithm};

use super::store;
use crate::gateway::KeyHasher;
use crate::kernel::believed::Believed;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

const CACHED_KEYS: u64 = 10_000;

/// A key with what checks its signatures.
pub(super) struct Known {
    pub(super) key: ServiceKey,
    verifying: VerifyingKey,
}

/// Finds keys by their id. Cheap to clone.
#[derive(Clone)]
pub(super) struct Registry {
    db: Db,
    clock: Clock,
    hasher: KeyHasher,
    known: Believed<ServiceKeyId, Option<Arc<Known>>>,
}

impl Registry {
    pub(super) fn new(db: Db, clock: Clock, hasher: KeyHasher) -> Self {
        Self { db, clock, hasher, known: Believed::new(CACHED_KEYS) }
    }

    /// Forgets every key, so that a change just committed takes effect with the next request.
    pub(super) fn forget(&self) {
        self.known.forget();
    }

    /// The key of this id if it is valid now. A text that is no id asks nobody.
    pub(super) async fn valid(&self, key_id: &str) -> Result<Option<Arc<Known>>> {
        let Ok(id) = key_id.parse::<ServiceKeyId>() else { return Ok(None) };
        let now = self.clock.now();
        let known = self.known.get(id, || self.load(id)).await?;
        Ok(known.filter(|known| {
            let key = &known.key;
            key.revoked_at.is_none()
                && key.not_before.is_none_or(|from| from <= now)
                && key.expires_at.is_none_or(|until| until > now)
        }))
    }

    async fn load(&self, id: ServiceKeyId) -> Result<Option<Arc<Known>>> {
        let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
        let row = store::by_id(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        let Some(key) = row.map(ServiceKey::try_from).transpose()? else { return Ok(None) };
        let verifying = match (&key.algorithm, &key.public_key) {
            (SignatureAlgorithm::HmacSha256, _) => VerifyingKey::hmac_sha256(&self.hasher.service_secret(id)),
            (SignatureAlgorithm::Ed25519, Some(public)) => VerifyingKey::ed25519(public),
            _ => return Err(Problem::internal(format!("{id} has an algorithm that this version does not know"))),
        };
        Ok(Some(Arc::new(Known { key, verifying: verifying.map_err(Problem::internal)? })))
    }
}

impl KeyResolver for Registry {
    async fn resolve(&self, key_id: &str) -> acd_core::Result<Vec<VerifyingKey>> {
        match self.valid(key_id).await {
            Ok(known) => Ok(known.iter().map(|known| known.verifying.clone()).collect()),
            Err(problem) => Err(away("the service keys cannot be read", problem)),
        }
    }
}

/// The nonces of every replica, in one table.
#[derive(Clone)]
pub(super) struct Nonces {
    db: Db,
    clock: Clock,
}

impl Nonces {
    pub(super) fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    async fn remember(&self, key: &str, until: SystemTime) -> Result<bool> {
        let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
        let fresh = store::remember(&mut tx, key, until.into(), self.clock.now()).await?;
        tx.commit().await?;
        Ok(fresh)
    }

    async fn forget_one(&self, key: &str) -> Result<()> {
        let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
        store::forget(&mut tx, key).await?;
        tx.commit().await
    }
}

impl ReplayGuard for Nonces {
    async fn check_and_remember(&self, key: &str, until: SystemTime) -> acd_core::Result<Sighting> {
        match self.remember(key, until).await {
            Ok(true) => Ok(Sighting::First),
            Ok(false) => Ok(Sighting::Repeated),
            Err(problem) => Err(away("the nonce cannot be stored", problem)),
        }
    }

    async fn forget(&self, key: &str) -> acd_core::Result<()> {
        self.forget_one(key).await.map_err(|problem| away("the nonce cannot be deleted", problem))
    }
}

fn away(what: &'static str, problem: Problem) -> Error {
    Error::new(ErrorKind::Environment, what).with_source(problem).with_retryable(true)
}
