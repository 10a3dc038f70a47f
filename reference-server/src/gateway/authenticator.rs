//! From the credentials of a request to its principal.

use std::sync::Arc;

use acd_platform::keys::ApiKey;
use axum::extract::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Extensions, HeaderMap, header};

use super::jwt::JwtVerifier;
use super::key::{KeyHasher, LEAD};
use super::store;
use crate::kernel::believed::Believed;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::security::SignedCalls;

const CACHED_KEYS: u64 = 100_000;

/// Resolves API keys, JWTs and signatures. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    db: Db,
    clock: Clock,
    hasher: KeyHasher,
    jwt: Option<JwtVerifier>,
    signed: SignedCalls,
    keys: Believed<[u8; 32], Option<Arc<ApiKey>>>,
}

impl Authenticator {
    /// An authenticator over the keys in this database, signed calls, and JWTs where a verifier is given.
    pub fn new(db: Db, clock: Clock, hasher: KeyHasher, jwt: Option<JwtVerifier>) -> Self {
        let signed = SignedCalls::new(db.clone(), clock.clone(), hasher.clone());
        Self { db, clock, hasher, jwt, signed, keys: Believed::new(CACHED_KEYS) }
    }

    pub(super) fn hasher(&self) -> &KeyHasher {
        &self.hasher
    }

    /// Forgets every key, so that a change just committed takes effect with the next request.
    pub(super) fn forget(&self) {
        self.keys.forget();
    }

    /// The principal of a request, if `may` lets it pass, and the request: by its signature when it is signed and has no
    /// `Authorization`, which costs reading its body, else as [`authenticate`](Self::authenticate).
    ///
    /// # Errors
    /// As there, and those of `may`.
    pub async fn admit(
        &self,
        request: Request,
        may: impl Fn(&Principal) -> Result<()> + Send,
    ) -> Result<(Principal, Request)> {
        if !request.headers().contains_key(header::AUTHORIZATION) && SignedCalls::is_signed(request.headers()) {
            return self.signed.admit(request, may).await;
        }
        let principal = self.authenticate(request.headers(), request.extensions()).await?;
        may(&principal)?;
        Ok((principal, request))
    }

    /// Signed calls.
    pub fn signed(&self) -> &SignedCalls {
        &self.signed
    }

    /// The principal of a request with an `Authorization: Bearer` header.
    ///
    /// # Errors
    /// 401 when there are no credentials or they are not valid; 503 when they cannot be checked now.
    pub async fn authenticate(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Principal> {
        let request_id = extensions.get::<RequestId>().cloned().unwrap_or_else(RequestId::new);
        match self.from_header(headers, request_id).await? {
            Some(principal) => Ok(principal),
            None => {
                Err(Problem::unauthorized("no_credentials", "send an API key or a JWT as `Authorization: Bearer …`"))
            }
        }
    }

    /// The principal of the `Authorization` header: Bearer, or Basic with the key as user name; `None` without one.
    pub async fn from_header(&self, headers: &HeaderMap, request_id: RequestId) -> Result<Option<Principal>> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let malformed = || {
            Problem::unauthorized(
                "invalid_authorization",
                "the Authorization header is neither `Bearer …` nor `Basic …`",
            )
        };
        let (scheme, credentials) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
        let credentials = credentials.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            if credentials.starts_with(LEAD) {
                return self.from_key(credentials, request_id).await.map(Some);
            }
            let Some(jwt) = &self.jwt else { return Err(invalid_key()) };
            return jwt.verify(credentials, self.clock.now(), request_id).await.map(Some);
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let text = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(malformed)?;
            let key = text.split_once(':').map_or(text.as_str(), |(user, _)| user);
            return self.from_key(key, request_id).await.map(Some);
        }
        Err(malformed())
    }

    /// The principal of an API key.
    pub async fn from_key(&self, text: &str, request_id: RequestId) -> Result<Principal> {
        if !text.starts_with(LEAD) {
            return Err(invalid_key());
        }
        let hash = self.hasher.hash(text);
        let key = self.keys.get(hash, || self.load(hash, request_id.clone())).await?;
        let key = key.ok_or_else(invalid_key)?;
        if key.revoked_at.is_some() {
            return Err(Problem::unauthorized("key_revoked", "this API key was revoked; use its successor"));
        }
        if key.expires_at.is_some_and(|at| at <= self.clock.now()) {
            return Err(Problem::unauthorized("key_expired", "this API key has expired; rotate or create one"));
        }
        let actor = match &key.product {
            Some(product) => Actor::Product(product.clone()),
            None => Actor::Admin,
        };
        Ok(Principal { actor, scopes: key.scopes.clone(), request_id })
    }

    /// Looked up by a keyed hash, so that the time it takes says nothing about any key.
    async fn load(&self, hash: [u8; 32], request_id: RequestId) -> Result<Option<Arc<ApiKey>>> {
        let mut tx = self.db.scoped(&Principal::service(request_id)).await?;
        let row = store::by_hash(&mut tx, &hash).await?;
        tx.commit().await?;
        Ok(row.map(ApiKey::try_from).transpose()?.map(Arc::new))
    }
}

fn invalid_key() -> Problem {
    Problem::unauthorized("invalid_key", "the API key is not valid; check that it was copied whole")
}
