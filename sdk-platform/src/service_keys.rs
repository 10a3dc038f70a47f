//! Keys of signed calls between services: create, list, rotate, revoke.
//!
//! A service signs with such a key instead of sending an API key along: what is captured on the way is of no use to anybody.
//!
//! ```no_run
//! use acd_core::signing::{MessageSigner, SigningKey};
//! use acd_core::{Client, Secret};
//! use acd_platform::PlatformClient;
//!
//! # fn example() -> acd_core::Result<()> {
//! // As `service_keys().create(..)` answered them.
//! let key_id = "svk_0192f0c123457abc8def0123456789ab";
//! let secret = Secret::new(std::env::var("ACD_SERVICE_SECRET").unwrap_or_default());
//! let signer = MessageSigner::new(key_id, SigningKey::hmac_sha256(&secret)?)?;
//! let acd = PlatformClient::over(Client::builder("http://127.0.0.1:4400").signer(signer).build()?);
//! # Ok(())
//! # }
//! ```

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::keys::Scope;
use crate::page::paged;
use crate::whole::whole_option;
use crate::{Page, Paged, PlatformCall, ProductSlug, ServiceKeyId};

/// `GET /v1/service-keys`
pub const LIST: Operation = Operation::new("platform.service_keys.list", Method::GET, "/v1/service-keys").safe();
/// `POST /v1/service-keys`
pub const CREATE: Operation = Operation::new("platform.service_keys.create", Method::POST, "/v1/service-keys").keyed();
/// `POST /v1/service-keys/{id}/rotate`
pub const ROTATE: Operation =
    Operation::new("platform.service_keys.rotate", Method::POST, "/v1/service-keys/{id}/rotate").keyed();
/// `DELETE /v1/service-keys/{id}`
pub const REVOKE: Operation =
    Operation::new("platform.service_keys.revoke", Method::DELETE, "/v1/service-keys/{id}").idempotent();

/// Every operation of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, REVOKE, ROTATE];

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// A secret that the server shares.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// A pair of which the server knows the public half.
    #[serde(rename = "ed25519")]
    Ed25519,
}

impl SignatureAlgorithm {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The algorithm of this name; `None` for a name that is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::HmacSha256, Self::Ed25519].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// A service key as it can be shown at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceKey {
    /// Its id: the `keyid` of the signatures.
    pub id: ServiceKeyId,
    /// The product it acts for; null for a platform administrator's key.
    pub product: Option<ProductSlug>,
    /// What its owner called it.
    pub name: String,
    /// How it signs.
    pub algorithm: SignatureAlgorithm,
    /// The public half of an Ed25519 pair, 32 bytes in base64; null for a shared secret.
    pub public_key: Option<String>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it begins to work; null for at once.
    pub not_before: Option<DateTime<Utc>>,
    /// When it stops working; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked; null while it is not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key it replaces; null for a first one.
    pub rotated_from: Option<ServiceKeyId>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateServiceKey {
    /// What to call it, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// The product it acts for. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The public half of an Ed25519 pair, in base64 or PEM. Left out, the server makes a secret for HMAC-SHA256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub public_key: Option<String>,
    /// What it may do: no more than the key that makes it.
    #[schemars(length(min = 1, max = 25))]
    pub scopes: Vec<Scope>,
    /// When it begins to work; at once when left out or past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// When it stops working; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The body of [`ROTATE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateServiceKey {
    /// The public half of the successor's pair. Left out, the server makes a secret for HMAC-SHA256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub public_key: Option<String>,
    /// Seconds for which the old key goes on working, 0 to 2,592,000 (30 days); a day when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 0, max = 2_592_000))]
    pub overlap_seconds: Option<u32>,
}

/// A new service key, with its secret if the server made one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewServiceKey {
    /// The key as it is listed from now on.
    #[serde(flatten)]
    pub key: ServiceKey,
    /// The shared secret, 32 bytes in base64, shown this once. Null for an Ed25519 key, and in the answer to a repeated
    /// request.
    pub secret: Option<String>,
}

impl std::fmt::Debug for NewServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewServiceKey").field("key", &self.key).field("secret", &"[redacted]").finish()
    }
}

/// The query of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListServiceKeys {
    /// Most keys in one page, 1 to 100; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// Keys of signed calls.
#[derive(Clone, Copy, Debug)]
pub struct ServiceKeysClient<'c> {
    http: &'c Client,
}

impl<'c> ServiceKeysClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists keys, oldest first.
    pub fn list(&self, query: &ListServiceKeys) -> PlatformCall<'c, Page<ServiceKey>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every key from the query's cursor on.
    pub fn list_all(&self, query: ListServiceKeys) -> Paged<ServiceKey> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListServiceKeys { cursor, limit, ..query.clone() });
            async move { ServiceKeysClient::new(&http).list(&query).await }
        })
    }

    /// Creates a key. A secret that the server makes is in this answer and never again.
    pub fn create(&self, key: &CreateServiceKey) -> PlatformCall<'c, NewServiceKey> {
        PlatformCall::json(self.http, &CREATE).body(key)
    }

    /// Replaces a key by a successor with the same rights; the old one works on for the overlap.
    pub fn rotate(&self, id: ServiceKeyId, how: &RotateServiceKey) -> PlatformCall<'c, NewServiceKey> {
        PlatformCall::json(self.http, &ROTATE).id(id).body(how)
    }

    /// Ends a key: at once where it is answered, within a second on other instances.
    pub fn revoke(&self, id: ServiceKeyId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &REVOKE).id(id)
    }
}
