//! API keys: create, list, rotate, revoke.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::page::paged;
use crate::whole::whole_option;
use crate::{ApiKeyId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/keys`
pub const LIST: Operation = Operation::new("platform.keys.list", Method::GET, "/v1/keys").safe();
/// `POST /v1/keys`
pub const CREATE: Operation = Operation::new("platform.keys.create", Method::POST, "/v1/keys").keyed();
/// `POST /v1/keys/{id}/rotate`
pub const ROTATE: Operation = Operation::new("platform.keys.rotate", Method::POST, "/v1/keys/{id}/rotate").keyed();
/// `DELETE /v1/keys/{id}`
pub const REVOKE: Operation = Operation::new("platform.keys.revoke", Method::DELETE, "/v1/keys/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, REVOKE, ROTATE];

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum Scope {
    /// Send events. A key with this scope alone may be shown to the public, as in a browser.
    #[serde(rename = "events:write")]
    EventsWrite,
    /// Read events and counts.
    #[serde(rename = "events:read")]
    EventsRead,
    /// Read persons and their timelines.
    #[serde(rename = "persons:read")]
    PersonsRead,
    /// Read users and entitlements.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Create users, change users and entitlements.
    #[serde(rename = "users:write")]
    UsersWrite,
    /// Read assets.
    #[serde(rename = "assets:read")]
    AssetsRead,
    /// Create and delete assets.
    #[serde(rename = "assets:write")]
    AssetsWrite,
    /// Read what people have agreed to.
    #[serde(rename = "consents:read")]
    ConsentsRead,
    /// Record what people have agreed to.
    #[serde(rename = "consents:write")]
    ConsentsWrite,
    /// Read ads, reports and limits.
    #[serde(rename = "ads:read")]
    AdsRead,
    /// Create, change and delete campaigns, ad sets, creatives and ads.
    #[serde(rename = "ads:write")]
    AdsWrite,
    /// Read leads, with what people answered.
    #[serde(rename = "leads:read")]
    LeadsRead,
    /// Read audiences and how large they are.
    #[serde(rename = "audiences:read")]
    AudiencesRead,
    /// Turn audiences on and off, create, share and delete them.
    #[serde(rename = "audiences:write")]
    AudiencesWrite,
    /// Read attribution reports and conversion rules.
    #[serde(rename = "attribution:read")]
    AttributionRead,
    /// Create and delete conversion rules.
    #[serde(rename = "attribution:write")]
    AttributionWrite,
    /// Read jobs, queues, limits and schedules.
    #[serde(rename = "jobs:read")]
    JobsRead,
    /// Put jobs into the queue, cancel and retry them; set limits and schedules.
    #[serde(rename = "jobs:write")]
    JobsWrite,
    /// Claim jobs and say what became of them.
    #[serde(rename = "jobs:work")]
    JobsWork,
    /// Send conversions to Meta, within what the product's switch and people's consent allow.
    #[serde(rename = "conversions:send")]
    ConversionsSend,
    /// Read what became of conversions, the switch and the rules.
    #[serde(rename = "conversions:read")]
    ConversionsRead,
    /// Set the switch and the rules of conversions.
    #[serde(rename = "conversions:manage")]
    ConversionsManage,
    /// List keys.
    #[serde(rename = "keys:read")]
    KeysRead,
    /// Create, rotate and revoke keys.
    #[serde(rename = "keys:write")]
    KeysWrite,
    /// Everything, in every product. Only for a key without product.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 25] = [
        Self::EventsWrite,
        Self::EventsRead,
        Self::PersonsRead,
        Self::UsersRead,
        Self::UsersWrite,
        Self::AssetsRead,
        Self::AssetsWrite,
        Self::ConsentsRead,
        Self::ConsentsWrite,
        Self::AdsRead,
        Self::AdsWrite,
        Self::LeadsRead,
        Self::AudiencesRead,
        Self::AudiencesWrite,
        Self::AttributionRead,
        Self::AttributionWrite,
        Self::JobsRead,
        Self::JobsWrite,
        Self::JobsWork,
        Self::ConversionsSend,
        Self::ConversionsRead,
        Self::ConversionsManage,
        Self::KeysRead,
        Self::KeysWrite,
        Self::Admin,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::EventsRead => "events:read",
            Self::PersonsRead => "persons:read",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::AssetsRead => "assets:read",
            Self::AssetsWrite => "assets:write",
            Self::ConsentsRead => "consents:read",
            Self::ConsentsWrite => "consents:write",
            Self::AdsRead => "ads:read",
            Self::AdsWrite => "ads:write",
            Self::LeadsRead => "leads:read",
            Self::AudiencesRead => "audiences:read",
            Self::AudiencesWrite => "audiences:write",
            Self::AttributionRead => "attribution:read",
            Self::AttributionWrite => "attribution:write",
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::JobsWork => "jobs:work",
            Self::ConversionsSend => "conversions:send",
            Self::ConversionsRead => "conversions:read",
            Self::ConversionsManage => "conversions:manage",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::Admin => "admin",
        }
    }

    /// The scope of this name; `None` for a name that is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// An API key as it can be shown at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The product it acts for; null for a platform administrator's key.
    pub product: Option<ProductSlug>,
    /// What its owner called it.
    pub name: String,
    /// The beginning of the key, enough to recognise it.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked; null while it is not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key it replaces; null for a first one.
    pub rotated_from: Option<ApiKeyId>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What to call it, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// The product it acts for. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What it may do: no more than the key that makes it.
    #[schemars(length(min = 1, max = 25))]
    pub scopes: Vec<Scope>,
    /// When it stops working; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The body of [`ROTATE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateApiKey {
    /// Seconds for which the old key goes on working, 0 to 2,592,000 (30 days); a day when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 0, max = 2_592_000))]
    pub overlap_seconds: Option<u32>,
}

/// A new key, with the only copy of its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewApiKey {
    /// The key as it is listed from now on.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The key itself, shown this once. Null in the answer to a repeated request, since only its hash is stored.
    pub secret: Option<String>,
}

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewApiKey").field("key", &self.key).field("secret", &"[redacted]").finish()
    }
}

/// The query of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListApiKeys {
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

/// API keys of the server.
#[derive(Clone, Copy, Debug)]
pub struct KeysClient<'c> {
    http: &'c Client,
}

impl<'c> KeysClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists keys, oldest first.
    pub fn list(&self, query: &ListApiKeys) -> PlatformCall<'c, Page<ApiKey>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every key from the query's cursor on.
    pub fn list_all(&self, query: ListApiKeys) -> Paged<ApiKey> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListApiKeys { cursor, limit, ..query.clone() });
            async move { KeysClient::new(&http).list(&query).await }
        })
    }

    /// Creates a key. Its secret is in this answer and never again.
    pub fn create(&self, key: &CreateApiKey) -> PlatformCall<'c, NewApiKey> {
        PlatformCall::json(self.http, &CREATE).body(key)
    }

    /// Replaces a key by a successor with the same rights; the old one works on for the overlap.
    pub fn rotate(&self, id: ApiKeyId, how: &RotateApiKey) -> PlatformCall<'c, NewApiKey> {
        PlatformCall::json(self.http, &ROTATE).id(id).body(how)
    }

    /// Ends a key: at once where it is answered, within a second on other instances.
    pub fn revoke(&self, id: ApiKeyId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &REVOKE).id(id)
    }
}
