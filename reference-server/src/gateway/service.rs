//! The rules of API keys.

use acd_platform::keys::{ApiKey, CreateApiKey, NewApiKey, RotateApiKey, Scope};
use acd_platform::{ApiKeyId, Page, ProductSlug};
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::authenticator::Authenticator;
use super::key::{self, FreshKey};
use super::store::{self, NewKey};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{outbox, paging};

const DAY_SECONDS: u32 = 86_400;

/// Makes, lists, rotates and revokes keys.
#[derive(Clone)]
pub struct Keys {
    db: Db,
    clock: Clock,
    auth: Authenticator,
}

impl Keys {
    /// Keys in this database; changes take effect in this authenticator at once.
    pub fn new(db: Db, clock: Clock, auth: Authenticator) -> Self {
        Self { db, clock, auth }
    }

    /// Makes a key. With an idempotency key used before, the key made then is returned without its secret.
    pub async fn create(
        &self,
        principal: &Principal,
        wanted: CreateApiKey,
        idempotency_key: Option<&str>,
    ) -> Result<NewApiKey> {
        let product = principal.pick_product(wanted.product)?;
        check_name(&wanted.name)?;
        check_scopes(principal, product.as_ref(), &wanted.scopes)?;
        if wanted.expires_at.is_some_and(|at| at <= self.clock.now()) {
            return Err(Problem::invalid("invalid_expiry", "expires_at: lies in the past"));
        }
        let fresh = key::generate(self.auth.hasher())?;
        let new = NewKey {
            id: Uuid::now_v7(),
            product: product.as_ref(),
            name: &wanted.name,
            prefix: &fresh.prefix,
            hash: &fresh.hash,
            scopes: &wanted.scopes,
            idempotency_key,
            expires_at: wanted.expires_at,
            rotated_from: None,
        };
        let mut tx = self.db.scoped(principal).await?;
        let made = self.store(&mut tx, principal, &new, &fresh).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Makes a successor with the same rights, and lets the old key end after the overlap.
    pub async fn rotate(
        &self,
        principal: &Principal,
        id: ApiKeyId,
        how: &RotateApiKey,
        idempotency_key: Option<&str>,
    ) -> Result<NewApiKey> {
        let overlap = how.overlap_seconds.unwrap_or(DAY_SECONDS);
        if overlap > 30 * DAY_SECONDS {
            return Err(Problem::invalid("invalid_overlap", "overlap_seconds: at most 2592000, which is 30 days"));
        }
        let mut tx = self.db.scoped(principal).await?;
        let old: ApiKey =
            store::lock(&mut tx, id.uuid()).await?.ok_or_else(|| Problem::not_found("key"))?.try_into()?;
        let now = self.clock.now();
        if old.revoked_at.is_some() || old.expires_at.is_some_and(|at| at <= now) {
            return Err(Problem::new(
                http::StatusCode::CONFLICT,
                "key_ended",
                "the key is revoked or expired already; create a new one instead",
            ));
        }
        check_scopes(principal, old.product.as_ref(), &old.scopes)?;
        let fresh = key::generate(self.auth.hasher())?;
        let new = NewKey {
            id: Uuid::now_v7(),
            product: old.product.as_ref(),
            name: &old.name,
            prefix: &fresh.prefix,
            hash: &fresh.hash,
            scopes: &old.scopes,
            idempotency_key,
            expires_at: old.expires_at,
            rotated_from: Some(old.id.uuid()),
        };
        let made = self.store(&mut tx, principal, &new, &fresh).await?;
        store::expire(&mut tx, old.id.uuid(), now + TimeDelta::seconds(i64::from(overlap))).await?;
        tx.commit().await?;
        self.auth.forget();
        Ok(made)
    }

    /// Ends a key: at once here, within a second on other instances.
    pub async fn revoke(&self, principal: &Principal, id: ApiKeyId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::revoke(&mut tx, id.uuid(), self.clock.now()).await?;
        let key: ApiKey = row.ok_or_else(|| Problem::not_found("key"))?.try_into()?;
        let payload = json!({ "id": key.id, "prefix": key.prefix });
        outbox::push(&mut tx, "key.revoked", key.product.as_ref(), &payload, &principal.request_id).await?;
        tx.commit().await?;
        self.auth.forget();
        Ok(())
    }

    /// Keys, oldest first.
    pub async fn list(
        &self,
        principal: &Principal,
        product: Option<ProductSlug>,
        limit: Option<u16>,
        cursor: Option<&str>,
    ) -> Result<Page<ApiKey>> {
        let product = principal.pick_product(product)?;
        let limit = paging::limit(limit, 50, 100)?;
        let after = paging::read_cursor(cursor)?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, ApiKey::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    async fn store(&self, tx: &mut Tx, principal: &Principal, new: &NewKey<'_>, fresh: &FreshKey) -> Result<NewApiKey> {
        if let Some(row) = store::insert(tx, new).await? {
            let key = ApiKey::try_from(row)?;
            let payload = json!({ "id": key.id, "prefix": key.prefix, "scopes": key.scopes });
            outbox::push(tx, "key.created", new.product, &payload, &principal.request_id).await?;
            return Ok(NewApiKey { key, secret: Some(fresh.secret.as_str().to_owned()) });
        }
        let used = new.idempotency_key.unwrap_or_default();
        let key: ApiKey = store::by_idempotency_key(tx, new.product, used).await?.try_into()?;
        // The same idempotency key for another request is a mistake of the caller's, not a repeat.
        if key.name != new.name || key.scopes != new.scopes || key.rotated_from.map(ApiKeyId::uuid) != new.rotated_from
        {
            return Err(Problem::new(
                http::StatusCode::CONFLICT,
                "idempotency_key_reused",
                "this Idempotency-Key was used for a different request; use a new one",
            ));
        }
        Ok(NewApiKey { key, secret: None })
    }
}

/// Refuses a name that no key can have.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if (1..=100).contains(&name.chars().count()) && !name.contains('\0') {
        return Ok(());
    }
    Err(Problem::invalid("invalid_name", "name: must have 1 to 100 characters, none of them NUL"))
}

/// No key makes one that may do more than itself.
pub(crate) fn check_scopes(principal: &Principal, product: Option<&ProductSlug>, scopes: &[Scope]) -> Result<()> {
    if scopes.is_empty() {
        return Err(Problem::invalid("invalid_scopes", "scopes: name at least one"));
    }
    for (at, scope) in scopes.iter().enumerate() {
        if scopes[..at].contains(scope) {
            return Err(Problem::invalid("invalid_scopes", format!("scopes: {} stands there twice", scope.as_str())));
        }
        match (scope, product) {
            (Scope::Admin, Some(_)) => {
                return Err(Problem::invalid("invalid_scopes", "scopes: admin is only for a key without product"));
            }
            (Scope::Admin, None) => {}
            (_, None) if !scopes.contains(&Scope::Admin) => {
                return Err(Problem::invalid(
                    "product_required",
                    "product: name the product, or the scope admin for none",
                ));
            }
            _ => {}
        }
        if principal.actor != Actor::Service && !principal.has(*scope) {
            return Err(Problem::forbidden(
                "scope_not_held",
                format!("scopes: {} is not held by the key that asks, so it cannot be passed on", scope.as_str()),
            ));
        }
    }
    Ok(())
}
