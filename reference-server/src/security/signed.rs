//! From a signed request to its principal.

use std::sync::Arc;
use std::time::SystemTime;

use acd_core::Runtime;
use acd_core::runtime::{Clock as CoreClock, Instant};
use acd_core::signing::{MessageVerifier, VerifyError};
use acd_platform::service_keys::ServiceKey;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, HeaderValue};

use super::registry::{Nonces, Registry};
use super::store;
use crate::gateway::KeyHasher;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::extract::read_body;
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Nonces deleted in one transaction.
const PURGED_AT_ONCE: i64 = 1_000;

/// Checks signed calls, which are signed after RFC 9421 with a service key. Cheap to clone.
#[derive(Clone)]
pub struct SignedCalls(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    registry: Registry,
    verifier: MessageVerifier<Registry, Nonces>,
    accept_signature: Option<HeaderValue>,
}

impl SignedCalls {
    /// Signed calls by the keys in this database. Nonces are in it too, so that a call passes once over all replicas.
    pub fn new(db: Db, clock: Clock, hasher: KeyHasher) -> Self {
        let registry = Registry::new(db.clone(), clock.clone(), hasher);
        let nonces = Nonces::new(db.clone(), clock.clone());
        let runtime = Runtime::system().with_clock(Injected { wall: clock.clone(), system: Runtime::system() });
        let verifier = MessageVerifier::new(registry.clone(), nonces).runtime(runtime);
        let accept_signature = verifier.accept_signature().ok();
        Self(Arc::new(Inner { db, clock, registry, verifier, accept_signature }))
    }

    /// Whether a request carries a signature at all.
    pub fn is_signed(headers: &HeaderMap) -> bool {
        headers.contains_key("signature-input")
    }

    /// What a signature must cover: the value of `Accept-Signature`.
    pub fn accept_signature(&self) -> Option<&HeaderValue> {
        self.0.accept_signature.as_ref()
    }

    /// The principal that signed, if `may` lets it pass, and the request with its body in memory. The body is read only when
    /// the head is right and the principal may pass.
    ///
    /// # Errors
    /// 401 when anything about the signature is wrong, the reason in the log alone; 413 for a body over the route's limit;
    /// 503 when keys or nonces cannot be looked up; those of `may`.
    pub async fn admit(
        &self,
        request: Request,
        may: impl Fn(&Principal) -> Result<()> + Send,
    ) -> Result<(Principal, Request)> {
        let request_id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::new);
        let (parts, body) = request.into_parts();
        let head = self.0.verifier.verify_head(&parts).await.map_err(refusal)?;
        let known = self.0.registry.valid(head.key_id()).await?;
        let known = known.ok_or_else(|| refusal(VerifyError::UnknownKey))?;
        let principal = principal(&known.key, request_id);
        may(&principal)?;
        let body = read_body(Request::from_parts(parts.clone(), body), &()).await?;
        head.confirm(&body).await.map_err(refusal)?;
        Ok((principal, Request::from_parts(parts, Body::from(body))))
    }

    /// Deletes the nonces of signatures that could no longer pass, and says how many there were.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn purge(&self) -> Result<u64> {
        let mut purged = 0;
        loop {
            let mut tx = self.0.db.scoped(&Principal::service(RequestId::new())).await?;
            let batch = store::purge(&mut tx, self.0.clock.now(), PURGED_AT_ONCE).await?;
            tx.commit().await?;
            purged += batch;
            if batch < PURGED_AT_ONCE.unsigned_abs() {
                return Ok(purged);
            }
        }
    }

    pub(super) fn forget(&self) {
        self.0.registry.forget();
    }
}

fn principal(key: &ServiceKey, request_id: RequestId) -> Principal {
    let actor = match &key.product {
        Some(product) => Actor::Product(product.clone()),
        None => Actor::Admin,
    };
    Principal { actor, scopes: key.scopes.clone(), request_id }
}

/// One answer for every way in which a signature can be wrong: whoever forges one learns nothing from it.
fn refusal(error: VerifyError) -> Problem {
    if error.is_unavailable() {
        let detail = "the signature cannot be checked now; sign the request anew and try again shortly";
        return Problem::unavailable("verification_unavailable", detail).with_cause(error);
    }
    // Other refusals are logged for debugging alone; here the log is the only place that has the reason.
    tracing::info!(reason = error.code(), "a signed call was refused: {error}");
    let detail = "the signature is not valid here and now; the header Accept-Signature tells what it must cover";
    Problem::unauthorized("invalid_signature", detail).with_cause(error)
}

/// The server's wall clock, and the system's for differences.
struct Injected {
    wall: Clock,
    system: Runtime,
}

impl CoreClock for Injected {
    fn now(&self) -> Instant {
        self.system.now()
    }

    fn wall(&self) -> SystemTime {
        self.wall.now().into()
    }
}
