//! Which products may use which ad accounts, and how they share their limits.

use acd_core::{Client, Operation};
use acd_meta::AdAccountId;
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::page::paged;
use crate::whole::{whole, whole_option};
use crate::{AdAccountUseId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/ads/accounts`
pub const LIST: Operation = Operation::new("platform.ads_accounts.list", Method::GET, "/v1/ads/accounts").safe();
/// `POST /v1/ads/accounts`. Account and product make a repeat harmless.
pub const CREATE: Operation =
    Operation::new("platform.ads_accounts.create", Method::POST, "/v1/ads/accounts").idempotent();
/// `PATCH /v1/ads/accounts/{id}`
pub const UPDATE: Operation =
    Operation::new("platform.ads_accounts.update", Method::PATCH, "/v1/ads/accounts/{id}").idempotent();
/// `DELETE /v1/ads/accounts/{id}`
pub const DELETE: Operation =
    Operation::new("platform.ads_accounts.delete", Method::DELETE, "/v1/ads/accounts/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, DELETE, LIST, UPDATE];

/// That a product may use an ad account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdAccountUse {
    /// Its id.
    pub id: AdAccountUseId,
    /// The ad account.
    pub account: AdAccountId,
    /// The product.
    pub product: ProductSlug,
    /// The product's part of the account's limits is this beside the others'.
    pub weight: u32,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAdAccountUse {
    /// The ad account, as `act_17`.
    pub account: AdAccountId,
    /// The product.
    pub product: ProductSlug,
    /// 1 to 10,000; 100 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 10_000))]
    pub weight: Option<u32>,
}

/// The body of [`UPDATE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAdAccountUse {
    /// 1 to 10,000.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 10_000))]
    pub weight: u32,
}

/// The query of [`LIST`]. Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAdAccountUses {
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

/// Which products may use which ad accounts.
#[derive(Clone, Copy, Debug)]
pub struct AdAccountUsesClient<'c> {
    http: &'c Client,
}

impl<'c> AdAccountUsesClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists them, oldest first. A product sees its own.
    pub fn list(&self, query: &ListAdAccountUses) -> PlatformCall<'c, Page<AdAccountUse>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// All of them from the query's cursor on.
    pub fn list_all(&self, query: ListAdAccountUses) -> Paged<AdAccountUse> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListAdAccountUses { cursor, limit, ..query.clone() });
            async move { AdAccountUsesClient::new(&http).list(&query).await }
        })
    }

    /// Lets a product use an account, as an administrator. One that may already is returned unchanged.
    pub fn create(&self, new: &CreateAdAccountUse) -> PlatformCall<'c, AdAccountUse> {
        PlatformCall::json(self.http, &CREATE).body(new)
    }

    /// Changes a product's weight, as an administrator. It counts from the next call on.
    pub fn update(&self, id: AdAccountUseId, change: &UpdateAdAccountUse) -> PlatformCall<'c, AdAccountUse> {
        PlatformCall::json(self.http, &UPDATE).id(id).body(change)
    }

    /// No longer lets a product use an account, as an administrator. What it made stays at Meta.
    pub fn delete(&self, id: AdAccountUseId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE).id(id)
    }
}
