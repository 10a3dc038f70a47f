//! Who a request acts as: what its credentials resolved to.

use acd_platform::ProductSlug;
use acd_platform::keys::Scope;
use axum::extract::FromRequestParts;
use http::request::Parts;
use uuid::Uuid;

use super::problem::{Problem, Result};
use super::request_id::RequestId;

/// The database role a principal works under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DbRole {
    /// A product: its own rows.
    Product,
    /// A user: their own rows.
    User,
    /// The service itself.
    Service,
    /// A platform administrator: every row.
    Admin,
}

impl DbRole {
    /// The role's name in PostgreSQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "acd_product",
            Self::User => "acd_user",
            Self::Service => "acd_service",
            Self::Admin => "acd_admin",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A product, by its API key.
    Product(ProductSlug),
    /// A user, by a JWT.
    User(Uuid),
    /// A platform administrator, by an API key without product or a JWT with the role `super_admin`.
    Admin,
    /// The service itself, for work that no request asked for.
    Service,
}

/// Who a request acts as, what it may do, and under which id it is logged.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who acts.
    pub actor: Actor,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The request.
    pub request_id: RequestId,
}

impl Principal {
    /// The service itself, on behalf of this request.
    pub fn service(request_id: RequestId) -> Self {
        Self { actor: Actor::Service, scopes: Vec::new(), request_id }
    }

    /// The same request under the service's own role, for tables that only the service reads.
    pub fn as_service(&self) -> Self {
        Self::service(self.request_id.clone())
    }

    /// The database role it works under.
    pub fn role(&self) -> DbRole {
        match self.actor {
            Actor::Product(_) => DbRole::Product,
            Actor::User(_) => DbRole::User,
            Actor::Admin => DbRole::Admin,
            Actor::Service => DbRole::Service,
        }
    }

    /// Its product, when it is one.
    pub fn product(&self) -> Option<&ProductSlug> {
        match &self.actor {
            Actor::Product(product) => Some(product),
            _ => None,
        }
    }

    /// Whether its key may be shown to the public, as in a browser: it can send events and nothing else.
    pub fn is_publishable(&self) -> bool {
        self.product().is_some() && self.scopes == [Scope::EventsWrite]
    }

    /// Whether it is a platform administrator.
    pub fn is_admin(&self) -> bool {
        self.actor == Actor::Admin
    }

    /// Whether it may do this. A user may do to their own rows what row security allows, without scopes.
    pub fn has(&self, scope: Scope) -> bool {
        self.is_admin() || self.scopes.contains(&scope)
    }

    /// Refuses with 403 what it may not do.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.has(scope) {
            return Ok(());
        }
        Err(Problem::forbidden(
            "missing_scope",
            format!("these credentials lack the scope {}; use a key that has it", scope.as_str()),
        ))
    }

    /// The product a request means: its own, or for an administrator the one it names.
    pub fn pick_product(&self, named: Option<ProductSlug>) -> Result<Option<ProductSlug>> {
        match (&self.actor, named) {
            (Actor::Product(own), Some(named)) if *own != named => Err(Problem::not_found("product")),
            (Actor::Product(own), _) => Ok(Some(own.clone())),
            (_, named) => Ok(named),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        // Set by the authentication in front of every route that declares a scope.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::internal("the route takes a principal but declares no access; give it one in its description")
        })
    }
}
