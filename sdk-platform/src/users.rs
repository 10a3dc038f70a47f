//! Users: one profile a person for all products. Products see the users who signed up with them or are entitled to them.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::keys::Scope;
use crate::named::named;
use crate::page::paged;
use crate::patch::present;
use crate::{Page, Paged, PlatformCall, ProductSlug, UserId};

/// `GET /v1/users`
pub const LIST: Operation = Operation::new("platform.users.list", Method::GET, "/v1/users").safe();
/// `POST /v1/users`
pub const CREATE: Operation = Operation::new("platform.users.create", Method::POST, "/v1/users").keyed();
/// `GET /v1/users/{id}`
pub const GET: Operation = Operation::new("platform.users.get", Method::GET, "/v1/users/{id}").safe();
/// `PATCH /v1/users/{id}`
pub const UPDATE: Operation = Operation::new("platform.users.update", Method::PATCH, "/v1/users/{id}").idempotent();
/// `GET /v1/me`
pub const ME: Operation = Operation::new("platform.users.me", Method::GET, "/v1/me").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, GET, LIST, ME, UPDATE];

/// A user's profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Its id: the subject of the user's JWTs.
    pub id: UserId,
    /// The e-mail address in lower case, unique among all users.
    pub email: String,
    /// The name to show.
    pub name: Option<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// The language as BCP 47, such as `en` or `pt-BR`.
    pub locale: String,
    /// The time zone as IANA names it, such as `Europe/Berlin`.
    pub timezone: String,
    /// The product where the user signed up. It alone may change the profile, besides the user.
    pub signup_product: ProductSlug,
    /// When the user signed up.
    pub created_at: DateTime<Utc>,
    /// When the profile last changed.
    pub updated_at: DateTime<Utc>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// The e-mail address, at most 320 characters. Kept in lower case.
    #[schemars(
        length(min = 3, max = 320),
        regex(pattern = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@\s\u0000-\u001f\u007f-\u009f]+$")
    )]
    pub email: String,
    /// The user's id where sign-in is handled elsewhere: the subject of their JWTs. A new one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<UserId>,
    /// The name to show, 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), regex(pattern = r"^[^\u0000]*$"))]
    pub name: Option<String>,
    /// Where the picture is: an http or https URL of at most 2,048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), url, regex(pattern = "^https?://"))]
    pub avatar_url: Option<String>,
    /// The language as BCP 47; `en` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 35), regex(pattern = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    pub locale: Option<String>,
    /// The time zone as IANA names it; `UTC` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"))]
    pub timezone: Option<String>,
    /// Where the user signed up. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The body of [`UPDATE`]: what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUser {
    /// The new e-mail address. Users cannot change theirs here, since it must be confirmed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 3, max = 320),
        regex(pattern = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@\s\u0000-\u001f\u007f-\u009f]+$")
    )]
    pub email: Option<String>,
    /// The new name; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Option<String>", length(min = 1, max = 200), regex(pattern = r"^[^\u0000]*$"))]
    pub name: Option<Option<String>>,
    /// Where the new picture is; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Option<String>", length(max = 2048), url, regex(pattern = "^https?://"))]
    pub avatar_url: Option<Option<String>>,
    /// The new language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 35), regex(pattern = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    pub locale: Option<String>,
    /// The new time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"))]
    pub timezone: Option<String>,
}

/// The query of [`LIST`]. Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUsers {
    /// Most users in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only the user with this e-mail address, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Only users who signed up with this product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signup_product: Option<ProductSlug>,
}

named! {
    /// As what a caller is known.
    CallerKind {
        /// A product, by its API key.
        Product = "product",
        /// A user, by a JWT.
        User = "user",
        /// A platform administrator.
        Admin = "admin",
    }
}

/// Who the credentials of a call belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// As what the caller is known.
    pub kind: CallerKind,
    /// The product, for a product's key.
    pub product: Option<ProductSlug>,
    /// What the credentials allow. A user needs none for what is their own.
    pub scopes: Vec<Scope>,
    /// The user's id, for a user's JWT.
    pub user_id: Option<UserId>,
    /// The user's profile; null for a user whom no product has created yet.
    pub user: Option<User>,
}

/// Users of the platform.
#[derive(Clone, Copy, Debug)]
pub struct UsersClient<'c> {
    http: &'c Client,
}

impl<'c> UsersClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists users, oldest first.
    pub fn list(&self, query: &ListUsers) -> PlatformCall<'c, Page<User>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every user from the query's cursor on.
    pub fn list_all(&self, query: ListUsers) -> Paged<User> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListUsers { cursor, limit, ..query.clone() });
            async move { UsersClient::new(&http).list(&query).await }
        })
    }

    /// Creates a user. Fails with the code `email_taken` when anyone has the address, in whichever product.
    pub fn create(&self, user: &CreateUser) -> PlatformCall<'c, User> {
        PlatformCall::json(self.http, &CREATE).body(user)
    }

    /// Gets a user's profile.
    pub fn get(&self, id: UserId) -> PlatformCall<'c, User> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Changes a user's profile.
    pub fn update(&self, id: UserId, change: &UpdateUser) -> PlatformCall<'c, User> {
        PlatformCall::json(self.http, &UPDATE).id(id).body(change)
    }

    /// Says who the client's credentials belong to.
    pub fn me(&self) -> PlatformCall<'c, Me> {
        PlatformCall::json(self.http, &ME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_empties_a_field_and_its_absence_keeps_it() {
        let change: UpdateUser = serde_json::from_str(r#"{"name":null}"#).unwrap();
        assert_eq!((&change.name, &change.avatar_url), (&Some(None), &None));
        assert_eq!(serde_json::to_string(&change).unwrap(), r#"{"name":null}"#);
    }

    #[test]
    fn unknown_fields_are_refused_in_requests_only() {
        assert!(serde_json::from_str::<UpdateUser>(r#"{"signup_product":"pct"}"#).is_err());
        let me = r#"{"kind":"admin","product":null,"scopes":["admin"],"user_id":null,"user":null,"later":1}"#;
        assert_eq!(serde_json::from_str::<Me>(me).unwrap().kind, CallerKind::Admin);
    }
}
