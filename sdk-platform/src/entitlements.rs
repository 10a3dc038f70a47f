//! Entitlements: what a user may use in a product.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::page::paged;
use crate::{Page, Paged, PlatformCall, ProductSlug, UserId};

/// `GET /v1/entitlements`
pub const LIST: Operation = Operation::new("platform.entitlements.list", Method::GET, "/v1/entitlements").safe();
/// `GET /v1/users/{id}/entitlements`
pub const OF_USER: Operation =
    Operation::new("platform.entitlements.of_user", Method::GET, "/v1/users/{id}/entitlements").safe();
/// `PUT /v1/users/{id}/entitlement`
pub const PUT: Operation =
    Operation::new("platform.entitlements.put", Method::PUT, "/v1/users/{id}/entitlement").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST, OF_USER, PUT];

named! {
    /// What is paid for.
    Plan {
        /// Nothing.
        Free = "free",
        /// The smallest paid plan.
        Starter = "starter",
        /// The usual paid plan.
        Pro = "pro",
        /// A plan by contract.
        Enterprise = "enterprise",
    }
}

named! {
    /// What a user may do in a product.
    Role {
        /// Everything, payment and deletion included.
        Owner = "owner",
        /// Everything but payment and deletion.
        Admin = "admin",
        /// The usual work.
        Member = "member",
        /// Look on.
        Viewer = "viewer",
    }
}

named! {
    /// Where an entitlement stands.
    EntitlementStatus {
        /// Paid, or free of charge.
        Active = "active",
        /// Tried out before payment.
        Trialing = "trialing",
        /// Payment failed and is tried again; access goes on meanwhile.
        PastDue = "past_due",
        /// Ended by the user: access goes on until `expires_at`.
        Canceled = "canceled",
        /// Over.
        Expired = "expired",
    }
}

named! {
    /// Where an entitlement comes from.
    EntitlementSource {
        /// The user signed up.
        Signup = "signup",
        /// A subscription at Stripe.
        Stripe = "stripe",
        /// An administrator granted it.
        Admin = "admin",
        /// Part of a bundle of products.
        Bundle = "bundle",
        /// Taken over from another system.
        Import = "import",
    }
}

/// What a user may use in a product: at most one a user and product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entitlement {
    /// The user.
    pub user_id: UserId,
    /// The product.
    pub product: ProductSlug,
    /// What is paid for.
    pub plan: Plan,
    /// What the user may do.
    pub role: Role,
    /// Where it stands.
    pub status: EntitlementStatus,
    /// Where it comes from.
    pub source: EntitlementSource,
    /// When it ends; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it grants access at the moment of the answer: `active`, `trialing` and `past_due` until they expire,
    /// `canceled` only until a stated `expires_at`, `expired` never.
    pub grants: bool,
    /// When it was first granted.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The body of [`PUT`]: the whole entitlement as it shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutEntitlement {
    /// The product. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What is paid for.
    pub plan: Plan,
    /// What the user may do.
    pub role: Role,
    /// Where it stands.
    pub status: EntitlementStatus,
    /// Where it comes from.
    pub source: EntitlementSource,
    /// When it ends; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

impl PutEntitlement {
    /// An active membership of the caller's own product, without end.
    #[must_use]
    pub fn active(plan: Plan, source: EntitlementSource) -> Self {
        let (role, status) = (Role::Member, EntitlementStatus::Active);
        Self { product: None, plan, role, status, source, expires_at: None }
    }
}

/// The query of [`LIST`]. By user, then by product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEntitlements {
    /// Most entitlements in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{22}\.[a-z][a-z0-9_]{1,39}$"))]
    pub cursor: Option<String>,
    /// Only this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Only this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<EntitlementStatus>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// Entitlements of the platform's users.
#[derive(Clone, Copy, Debug)]
pub struct EntitlementsClient<'c> {
    http: &'c Client,
}

impl<'c> EntitlementsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists entitlements. A product sees those to itself, a user their own, an administrator all.
    pub fn list(&self, query: &ListEntitlements) -> PlatformCall<'c, Page<Entitlement>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every entitlement from the query's cursor on.
    pub fn list_all(&self, query: ListEntitlements) -> Paged<Entitlement> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListEntitlements { cursor, limit, ..query.clone() });
            async move { EntitlementsClient::new(&http).list(&query).await }
        })
    }

    /// A user's entitlements that the caller may see, by product, all in one page.
    pub fn of_user(&self, id: UserId) -> PlatformCall<'c, Page<Entitlement>> {
        PlatformCall::json(self.http, &OF_USER).id(id)
    }

    /// Grants, changes or ends what a user may use in a product.
    pub fn put(&self, id: UserId, entitlement: &PutEntitlement) -> PlatformCall<'c, Entitlement> {
        PlatformCall::json(self.http, &PUT).id(id).body(entitlement)
    }
}
