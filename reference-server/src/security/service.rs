//! The rules of service keys.

use acd_core::signing::VerifyingKey;
use acd_platform::keys::Scope;
use acd_platform::service_keys::{CreateServiceKey, NewServiceKey, RotateServiceKey, ServiceKey};
use acd_platform::{Page, ProductSlug, ServiceKeyId};
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::signed::SignedCalls;
use super::store::{self, NewKey};
use crate::gateway::{KeyHasher, check_name, check_scopes};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{outbox, paging};

const DAY_SECONDS: u32 = 86_400;

/// Makes, lists, rotates and revokes service keys.
#[derive(Clone)]
pub struct ServiceKeys {
    db: Db,
    clock: Clock,
    hasher: KeyHasher,
    signed: SignedCalls,
}

impl ServiceKeys {
    /// Keys in this database; changes take effect in these signed calls at once.
    pub fn new(db: Db, clock: Clock, hasher: KeyHasher, signed: SignedCalls) -> Self {
        Self { db, clock, hasher, signed }
    }

    /// Makes a key. With an idempotency key used before, the key made then is returned without its secret.
    pub async fn create(
        &self,
        principal: &Principal,
        wanted: CreateServiceKey,
        idempotency_key: Option<&str>,
    ) -> Result<NewServiceKey> {
        let product = principal.pick_product(wanted.product)?;
        check_name(&wanted.name)?;
        check_scopes(principal, product.as_ref(), &wanted.scopes)?;
        let public_key = public_key(wanted.public_key.as_deref())?;
        let now = self.clock.now();
        // A time that has passed says nothing, and PostgreSQL cannot hold every one that there is.
        let (from, until) = (wanted.not_before.filter(|from| *from > now), wanted.expires_at);
        if until.is_some_and(|until| until <= now || from.is_some_and(|from| until <= from)) {
            let detail = "expires_at: lies in the past, or not after not_before";
            return Err(Problem::invalid("invalid_expiry", detail));
        }
        let new = NewKey {
            id: Uuid::now_v7(),
            product: product.as_ref(),
            name: &wanted.name,
            public_key: public_key.as_ref(),
            scopes: &wanted.scopes,
            idempotency_key,
            not_before: from,
            expires_at: until,
            rotated_from: None,
        };
        let mut tx = self.db.scoped(principal).await?;
        let made = self.store(&mut tx, principal, &new).await?;
        tx.commit().await?;
        self.signed.forget();
        Ok(made)
    }

    /// Makes a successor with the same rights, which works at once; the old key works on for the overlap.
    pub async fn rotate(
        &self,
        principal: &Principal,
        id: ServiceKeyId,
        how: &RotateServiceKey,
        idempotency_key: Option<&str>,
    ) -> Result<NewServiceKey> {
        let overlap = how.overlap_seconds.unwrap_or(DAY_SECONDS);
        if overlap > 30 * DAY_SECONDS {
            return Err(Problem::invalid("invalid_overlap", "overlap_seconds: at most 2592000, which is 30 days"));
        }
        let public_key = public_key(how.public_key.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let old = store::lock(&mut tx, id.uuid()).await?.ok_or_else(|| Problem::not_found("service key"))?;
        let old: ServiceKey = old.try_into()?;
        let now = self.clock.now();
        if old.revoked_at.is_some() || old.expires_at.is_some_and(|at| at <= now) {
            let detail = "the key is revoked or expired already; create a new one instead";
            return Err(Problem::new(StatusCode::CONFLICT, "key_ended", detail));
        }
        check_scopes(principal, old.product.as_ref(), &old.scopes)?;
        let new = NewKey {
            id: Uuid::now_v7(),
            product: old.product.as_ref(),
            name: &old.name,
            public_key: public_key.as_ref(),
            scopes: &old.scopes,
            idempotency_key,
            not_before: None,
            expires_at: old.expires_at,
            rotated_from: Some(old.id.uuid()),
        };
        let made = self.store(&mut tx, principal, &new).await?;
        store::expire(&mut tx, old.id.uuid(), now + TimeDelta::seconds(i64::from(overlap))).await?;
        tx.commit().await?;
        self.signed.forget();
        Ok(made)
    }

    /// Ends a key: at once here, within a second on other instances.
    pub async fn revoke(&self, principal: &Principal, id: ServiceKeyId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::revoke(&mut tx, id.uuid(), self.clock.now()).await?;
        let key: ServiceKey = row.ok_or_else(|| Problem::not_found("service key"))?.try_into()?;
        let payload = json!({ "id": key.id });
        outbox::push(&mut tx, "service_key.revoked", key.product.as_ref(), &payload, &principal.request_id).await?;
        tx.commit().await?;
        self.signed.forget();
        Ok(())
    }

    /// Keys, oldest first.
    pub async fn list(
        &self,
        principal: &Principal,
        product: Option<ProductSlug>,
        limit: Option<u16>,
        cursor: Option<&str>,
    ) -> Result<Page<ServiceKey>> {
        let product = principal.pick_product(product)?;
        let limit = paging::limit(limit, 50, 100)?;
        let after = paging::read_cursor(cursor)?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, ServiceKey::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    async fn store(&self, tx: &mut Tx, principal: &Principal, new: &NewKey<'_>) -> Result<NewServiceKey> {
        if let Some(row) = store::insert(tx, new).await? {
            let key = ServiceKey::try_from(row)?;
            let payload = json!({ "id": key.id, "algorithm": key.algorithm, "scopes": key.scopes });
            outbox::push(tx, "service_key.created", new.product, &payload, &principal.request_id).await?;
            let secret = new.public_key.is_none().then(|| self.hasher.service_secret(key.id).expose().to_owned());
            return Ok(NewServiceKey { key, secret });
        }
        let used = new.idempotency_key.unwrap_or_default();
        let key: ServiceKey = store::by_idempotency_key(tx, new.product, used).await?.try_into()?;
        // The same idempotency key for another request is a mistake of the caller's, not a repeat.
        if !is_repeat(&key, new) {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "idempotency_key_reused",
                "this Idempotency-Key was used for a different request; use a new one",
            ));
        }
        Ok(NewServiceKey { key, secret: None })
    }
}

fn is_repeat(key: &ServiceKey, new: &NewKey<'_>) -> bool {
    let scopes: &[Scope] = &key.scopes;
    key.name == new.name
        && scopes == new.scopes
        && key.algorithm == new.algorithm()
        && key.rotated_from.map(ServiceKeyId::uuid) == new.rotated_from
}

/// The 32 bytes of a public key in whatever form it was given.
fn public_key(text: Option<&str>) -> Result<Option<[u8; 32]>> {
    let Some(text) = text else { return Ok(None) };
    let key = VerifyingKey::ed25519(text).map_err(|error| {
        let detail =
            "public_key: the public half of an Ed25519 pair, 32 bytes in base64 or what `openssl pkey -pubout` writes";
        Problem::invalid("invalid_public_key", detail).with_cause(error)
    })?;
    Ok(key.public_key_bytes())
}
