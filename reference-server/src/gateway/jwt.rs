//! JWTs as Supabase issues them: signed with a shared secret, or with keys published as a JWKS.

use std::sync::Arc;
use std::time::Duration;

use acd_core::{Client, Operation, Secret};
use chrono::{DateTime, Utc};
use http::Method;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Published keys are read again after this long, so that a withdrawn one stops working.
const FRESH_FOR: Duration = Duration::from_secs(600);
/// An unknown key id makes us read again, but not more often than this: anybody can send unknown ids.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30);
const LEEWAY_SECONDS: u64 = 30;

/// Where the keys of JWTs come from and what they must say.
#[derive(Clone, Debug)]
pub struct JwtSettings {
    /// Shared secret for HS256.
    pub secret: Option<Secret>,
    /// URL of the JWKS for RS256 and ES256.
    pub jwks_url: Option<String>,
    /// The `aud` that a token must name.
    pub audience: String,
    /// The `iss` that a token must name; any when `None`.
    pub issuer: Option<String>,
}

/// Checks JWTs.
#[derive(Clone)]
pub struct JwtVerifier {
    secret: Option<DecodingKey>,
    jwks: Option<Arc<Jwks>>,
    audience: String,
    issuer: Option<String>,
}

struct Jwks {
    client: Client,
    read: &'static Operation,
    state: Mutex<Option<Published>>,
}

struct Published {
    keys: Arc<JwkSet>,
    read_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    app_metadata: AppMetadata,
}

/// Written by the issuer alone, unlike `user_metadata`, which the user may change.
#[derive(Default, Deserialize)]
struct AppMetadata {
    #[serde(default)]
    role: Option<String>,
}

impl JwtVerifier {
    /// A verifier; `None` when the settings name neither a secret nor a URL.
    ///
    /// # Errors
    /// When the URL is not one.
    pub fn new(settings: &JwtSettings) -> Result<Option<Self>, acd_core::Error> {
        if settings.secret.is_none() && settings.jwks_url.is_none() {
            return Ok(None);
        }
        let jwks = match &settings.jwks_url {
            Some(url) => {
                let path_at = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash));
                let (origin, path) = url.split_at(path_at.unwrap_or(url.len()));
                // An operation lives as long as the process, and so does this setting.
                let path: &'static str = if path.is_empty() { "/" } else { Box::leak(path.into()) };
                let read = Box::leak(Box::new(Operation::new("jwks.read", Method::GET, path).safe()));
                Some(Arc::new(Jwks { client: Client::builder(origin).build()?, read, state: Mutex::new(None) }))
            }
            None => None,
        };
        Ok(Some(Self {
            secret: settings.secret.as_ref().map(|secret| DecodingKey::from_secret(secret.expose().as_bytes())),
            jwks,
            audience: settings.audience.clone(),
            issuer: settings.issuer.clone(),
        }))
    }

    /// The user, or administrator, that a token names.
    ///
    /// # Errors
    /// 401 when the token is not valid; 503 when the published keys cannot be read now.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>, request_id: RequestId) -> Result<Principal> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| invalid("is not a JWT").with_cause(error))?;
        // The algorithm is taken from the key we hold, never from the token: `alg` is the sender's claim.
        let (key, algorithm) = match header.alg {
            Algorithm::HS256 => (
                self.secret.clone().ok_or_else(|| invalid("is signed with HS256, which is not enabled"))?,
                Algorithm::HS256,
            ),
            Algorithm::RS256 | Algorithm::ES256 => {
                let jwks =
                    self.jwks.as_ref().ok_or_else(|| invalid("is signed by a key set, and none is configured"))?;
                let kid = header.kid.as_deref().ok_or_else(|| invalid("names no key (kid)"))?;
                let jwk =
                    jwks.find(kid, now).await?.ok_or_else(|| invalid("is signed by a key that is not published"))?;
                let algorithm = match &jwk.algorithm {
                    AlgorithmParameters::RSA(_) => Algorithm::RS256,
                    AlgorithmParameters::EllipticCurve(_) => Algorithm::ES256,
                    _ => return Err(invalid("is signed by a key of a kind that is not supported")),
                };
                (
                    DecodingKey::from_jwk(&jwk).map_err(|error| invalid("names an unusable key").with_cause(error))?,
                    algorithm,
                )
            }
            _ => return Err(invalid("is signed with an algorithm that is not accepted (HS256, RS256, ES256 are)")),
        };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            // Without this, a token that names no issuer at all would pass.
            validation.required_spec_claims.insert("iss".to_owned());
        }
        // Times are checked below by the injected clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .map_err(|error| invalid("is not valid: signature, audience, issuer or subject").with_cause(error))?
            .claims;
        let leeway = LEEWAY_SECONDS.cast_signed();
        if claims.exp.saturating_add(leeway) <= now.timestamp() {
            return Err(Problem::unauthorized("token_expired", "the JWT has expired; sign in again or refresh it"));
        }
        if claims.nbf.is_some_and(|nbf| nbf.saturating_sub(leeway) > now.timestamp()) {
            return Err(invalid("is not valid yet"));
        }
        let admin = claims.app_metadata.role.as_deref() == Some("super_admin");
        let actor = if admin { Actor::Admin } else { Actor::User(claims.sub) };
        Ok(Principal { actor, scopes: Vec::new(), request_id })
    }
}

impl Jwks {
    /// The published key of this id. The lock makes many requests wait for one read.
    async fn find(&self, kid: &str, now: DateTime<Utc>) -> Result<Option<Jwk>> {
        let mut state = self.state.lock().await;
        let (known, age) = match &*state {
            Some(published) => {
                let age = (now - published.read_at).to_std().unwrap_or(Duration::ZERO);
                (published.keys.find(kid).cloned(), Some(age))
            }
            None => (None, None),
        };
        let read_again = match (&known, age) {
            (_, None) => true,
            (Some(_), Some(age)) => age > FRESH_FOR,
            (None, Some(age)) => age > ASK_AGAIN_AFTER,
        };
        if !read_again {
            return Ok(known);
        }
        match self.client.call(self.read).send_json::<JwkSet>().await {
            Ok(keys) => {
                let found = keys.find(kid).cloned();
                *state = Some(Published { keys: Arc::new(keys), read_at: now });
                Ok(found)
            }
            // The issuer being away for a while is no reason to turn away a key we know.
            Err(error) if known.is_some() => {
                tracing::warn!(%error, "the JWKS could not be read again; the keys known so far stay in use");
                Ok(known)
            }
            Err(error) => {
                Err(Problem::unavailable("jwks_unavailable", "the keys of the token's issuer cannot be read now")
                    .with_cause(error))
            }
        }
    }
}

fn invalid(what: &'static str) -> Problem {
    Problem::unauthorized("invalid_token", format!("the JWT {what}"))
}
