//! Templates of publications: a plan with variables in it.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::named::named;
use crate::page::paged;
use crate::{AdTemplateId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/ads/templates`
pub const LIST: Operation = Operation::new("platform.ads_templates.list", Method::GET, "/v1/ads/templates").safe();
/// `POST /v1/ads/templates`. The name makes a repeat harmless.
pub const CREATE: Operation =
    Operation::new("platform.ads_templates.create", Method::POST, "/v1/ads/templates").idempotent();
/// `GET /v1/ads/templates/{id}`
pub const GET: Operation = Operation::new("platform.ads_templates.get", Method::GET, "/v1/ads/templates/{id}").safe();
/// `PATCH /v1/ads/templates/{id}`
pub const UPDATE: Operation =
    Operation::new("platform.ads_templates.update", Method::PATCH, "/v1/ads/templates/{id}").idempotent();
/// `DELETE /v1/ads/templates/{id}`
pub const DELETE: Operation =
    Operation::new("platform.ads_templates.delete", Method::DELETE, "/v1/ads/templates/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, DELETE, GET, LIST, UPDATE];

named! {
    /// What the value of a variable may be.
    VariableKind {
        /// Any text of 1 to 5,000 characters.
        Text = "text",
        /// A web page: an http or https URL of at most 2,048 characters.
        Link = "link",
        /// A value of a UTM parameter: 1 to 200 characters. It is escaped where it is used.
        Utm = "utm",
        /// A whole number, such as a budget in minor units.
        Number = "number",
        /// A point in time by RFC 3339.
        Time = "time",
        /// The id of one of the product's assets, an image.
        Asset = "asset",
    }
}

/// A variable of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateVariable {
    /// What stands as `${name}` in the plan: a lower-case letter, then up to 49 of those, digits or `_`.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]{0,49}$"))]
    pub name: String,
    /// What its value may be.
    pub kind: VariableKind,
    /// Its value where none is given; without one it must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5_000))]
    pub default: Option<String>,
}

impl TemplateVariable {
    /// A variable whose value must be given.
    pub fn new(name: impl Into<String>, kind: VariableKind) -> Self {
        Self { name: name.into(), kind, default: None }
    }
}

/// A template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdTemplate {
    /// Its id.
    pub id: AdTemplateId,
    /// The product that it belongs to.
    pub product: ProductSlug,
    /// What it is called, unique in the product.
    pub name: String,
    /// Its variables.
    pub variables: Vec<TemplateVariable>,
    /// A [`PublicationPlan`](super::publications::PublicationPlan) in whose texts `${name}` stands for variables.
    pub plan: Map<String, Value>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAdTemplate {
    /// The product that it belongs to. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What to call it, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Its variables, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub variables: Vec<TemplateVariable>,
    /// A [`PublicationPlan`](super::publications::PublicationPlan), at most 256 KiB of JSON. In its texts `${name}` stands for the
    /// value of a variable, also in the place of a number; `$${` is a `${` that stays. Meta's macros such as `{{ad.id}}` stay.
    pub plan: Map<String, Value>,
}

/// The body of [`UPDATE`]: what is left out stays as it is. Publications that were made from it do not change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAdTemplate {
    /// What to call it, 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub name: Option<String>,
    /// Its variables, at most 50, in the place of the old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub variables: Option<Vec<TemplateVariable>>,
    /// The plan, in the place of the old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Map<String, Value>>,
}

/// The query of [`LIST`]. Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAdTemplates {
    /// Most in one page, 1 to 100; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// Templates of publications.
#[derive(Clone, Copy, Debug)]
pub struct AdTemplatesClient<'c> {
    http: &'c Client,
}

impl<'c> AdTemplatesClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists templates, oldest first. A product sees its own.
    pub fn list(&self, query: &ListAdTemplates) -> PlatformCall<'c, Page<AdTemplate>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// All of them from the query's cursor on.
    pub fn list_all(&self, query: ListAdTemplates) -> Paged<AdTemplate> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListAdTemplates { cursor, limit, ..query.clone() });
            async move { AdTemplatesClient::new(&http).list(&query).await }
        })
    }

    /// Makes a template. The same again returns the one that is there.
    pub fn create(&self, template: &CreateAdTemplate) -> PlatformCall<'c, AdTemplate> {
        PlatformCall::json(self.http, &CREATE).body(template)
    }

    /// Gets a template.
    pub fn get(&self, id: AdTemplateId) -> PlatformCall<'c, AdTemplate> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Changes a template.
    pub fn update(&self, id: AdTemplateId, change: &UpdateAdTemplate) -> PlatformCall<'c, AdTemplate> {
        PlatformCall::json(self.http, &UPDATE).id(id).body(change)
    }

    /// Deletes a template. What was published from it stays.
    pub fn delete(&self, id: AdTemplateId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE).id(id)
    }
}
