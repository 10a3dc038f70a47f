//! Which pages, lead forms and Instagram accounts are a product's: its are the leads and whatever else Meta tells of them.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::page::paged;
use crate::{MetaSourceId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/ads/sources`
pub const LIST: Operation = Operation::new("platform.ads_sources.list", Method::GET, "/v1/ads/sources").safe();
/// `POST /v1/ads/sources`. Kind and id make a repeat harmless.
pub const CREATE: Operation =
    Operation::new("platform.ads_sources.create", Method::POST, "/v1/ads/sources").idempotent();
/// `DELETE /v1/ads/sources/{id}`
pub const DELETE: Operation =
    Operation::new("platform.ads_sources.delete", Method::DELETE, "/v1/ads/sources/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, DELETE, LIST];

named!(
    /// What of Meta's belongs to a product.
    MetaSourceKind {
        /// A Facebook page, with the leads of all its forms that are not another product's.
        Page = "page",
        /// A lead form. It goes before its page.
        Form = "form",
        /// An Instagram professional account.
        Instagram = "instagram",
    }
);

/// That something of Meta's belongs to a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaSource {
    /// Its id.
    pub id: MetaSourceId,
    /// What it is.
    pub kind: MetaSourceKind,
    /// Meta's id of it.
    pub object_id: String,
    /// Whose it is.
    pub product: ProductSlug,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMetaSource {
    /// What it is.
    pub kind: MetaSourceKind,
    /// Meta's id of it, 1 to 25 digits.
    #[schemars(regex(pattern = "^[0-9]{1,25}$"))]
    pub object_id: String,
    /// Whose it is.
    pub product: ProductSlug,
}

/// The query of [`LIST`]. Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMetaSources {
    /// Most in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// Which pages, forms and Instagram accounts are a product's.
#[derive(Clone, Copy, Debug)]
pub struct MetaSourcesClient<'c> {
    http: &'c Client,
}

impl<'c> MetaSourcesClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists them, oldest first. A product sees its own.
    pub fn list(&self, query: &ListMetaSources) -> PlatformCall<'c, Page<MetaSource>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// All of them from the query's cursor on.
    pub fn list_all(&self, query: ListMetaSources) -> Paged<MetaSource> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListMetaSources { cursor, limit, ..query.clone() });
            async move { MetaSourcesClient::new(&http).list(&query).await }
        })
    }

    /// Makes something of Meta's a product's, as an administrator. Leads that waited for an owner are fetched now.
    pub fn create(&self, new: &CreateMetaSource) -> PlatformCall<'c, MetaSource> {
        PlatformCall::json(self.http, &CREATE).body(new)
    }

    /// Ends that, as an administrator. What the product was told until now stays its own.
    pub fn delete(&self, id: MetaSourceId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE).id(id)
    }
}
