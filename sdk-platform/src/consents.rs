//! Consents: what people have agreed to, and what they have refused.

use std::collections::BTreeMap;

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::{PlatformCall, ProductSlug};

/// `GET /v1/consents`
pub const GET: Operation = Operation::new("platform.consents.get", Method::GET, "/v1/consents").safe();
/// `PUT /v1/consents`. A repeat records nothing new.
pub const PUT: Operation = Operation::new("platform.consents.put", Method::PUT, "/v1/consents").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[GET, PUT];

named! {
    /// What data may be used for.
    Purpose {
        /// Ads and their measurement, outside services such as Meta included.
        Advertising = "advertising",
        /// How the product is used.
        Analytics = "analytics",
        /// Comfort that goes beyond what was asked for, such as remembered settings.
        Functional = "functional",
        /// Messages about offers.
        Marketing = "marketing",
    }
}

named! {
    /// Where a decision was made.
    ConsentSource {
        /// A banner.
        Banner = "banner",
        /// The settings of an account.
        Settings = "settings",
        /// A form, such as that of a lead.
        Form = "form",
        /// A program on the person's behalf.
        Api = "api",
        /// Taken over from another system.
        Import = "import",
    }
}

/// The decision that counts for a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consent {
    /// Whether the use is agreed to.
    pub granted: bool,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Where it was decided.
    pub source: ConsentSource,
    /// The version of the policy that was shown.
    pub policy_version: Option<String>,
}

/// What a person has decided in a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consents {
    /// By purpose; one on which nothing was decided is not there, and must be taken as refused.
    #[schemars(extend("propertyNames" = { "enum": Purpose::ALL }))]
    pub purposes: BTreeMap<Purpose, Consent>,
}

impl Consents {
    /// Whether the use for this purpose is agreed to.
    #[must_use]
    pub fn allow(&self, purpose: Purpose) -> bool {
        self.purposes.get(&purpose).is_some_and(|consent| consent.granted)
    }
}

/// The query of [`GET`]: exactly one of the three ids. Decisions under any id of the same person count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetConsents {
    /// The product's id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id of a visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// In which product; for administrators, others ask about their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The body of [`PUT`]: what was decided, under exactly one of the three ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutConsents {
    /// The product's id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id of a visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// In which product. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Whether each purpose is agreed to; at least one. Those left out stay as they are.
    #[schemars(extend("minProperties" = 1, "propertyNames" = { "enum": Purpose::ALL }))]
    pub purposes: BTreeMap<Purpose, bool>,
    /// Where it was decided.
    pub source: ConsentSource,
    /// When it was decided; now when left out. A decision that is older than the one that counts is kept and changes
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// The version of the policy that was shown, of at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub policy_version: Option<String>,
}

impl PutConsents {
    /// Decisions of one of the product's users.
    #[must_use]
    pub fn of_user(
        id: impl Into<String>,
        source: ConsentSource,
        purposes: impl IntoIterator<Item = (Purpose, bool)>,
    ) -> Self {
        Self {
            user_id: Some(id.into()),
            anonymous_id: None,
            email: None,
            product: None,
            purposes: purposes.into_iter().collect(),
            source,
            decided_at: None,
            policy_version: None,
        }
    }
}

/// What people have agreed to.
#[derive(Clone, Copy, Debug)]
pub struct ConsentsClient<'c> {
    http: &'c Client,
}

impl<'c> ConsentsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// What a person has decided in the product.
    pub fn get(&self, query: &GetConsents) -> PlatformCall<'c, Consents> {
        PlatformCall::json(self.http, &GET).query(query)
    }

    /// Records what a person decided, and gives what counts from now on. A withdrawal holds back what has not left yet.
    pub fn put(&self, decisions: &PutConsents) -> PlatformCall<'c, Consents> {
        PlatformCall::json(self.http, &PUT).body(decisions)
    }
}
