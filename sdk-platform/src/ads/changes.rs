//! What was changed at Meta past the server, as in the Ads Manager.

use acd_core::{Client, Operation};
use acd_meta::AdAccountId;
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::page::paged;
use crate::{AdChangeId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/ads/changes`
pub const LIST: Operation = Operation::new("platform.ads_changes.list", Method::GET, "/v1/ads/changes").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST];

named!(
    /// Of what something was changed.
    ChangedKind {
        /// A campaign.
        Campaign = "campaign",
        /// An ad set.
        AdSet = "ad_set",
        /// An ad.
        Ad = "ad",
    }
);

named!(
    /// What was changed.
    ChangedField {
        /// The name.
        Name = "name",
        /// Whether it shall run, as `ACTIVE`, `PAUSED` or `DELETED`.
        Status = "status",
        /// The budget of a day, in the account's minor units as Meta counts them.
        DailyBudget = "daily_budget",
        /// The budget of its whole life, in the same units.
        LifetimeBudget = "lifetime_budget",
    }
);

/// A change that nobody made through the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdChange {
    /// Its id.
    pub id: AdChangeId,
    /// The ad account.
    pub account: AdAccountId,
    /// The product whose object it is; null for objects that nobody made through the server.
    pub product: Option<ProductSlug>,
    /// Of what.
    pub kind: ChangedKind,
    /// The campaign, ad set or ad.
    pub object_id: String,
    /// What was changed.
    pub field: ChangedField,
    /// Its value before; null when it had none.
    pub old_value: Option<String>,
    /// Its value now; null when it has none any more.
    pub new_value: Option<String>,
    /// When the object last changed, as Meta says.
    pub changed_at: Option<DateTime<Utc>>,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
}

/// The query of [`LIST`]. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAdChanges {
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
    /// Only those of this campaign, ad set or ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{1,25}$"))]
    pub object_id: Option<String>,
}

/// What was changed past the server.
#[derive(Clone, Copy, Debug)]
pub struct AdChangesClient<'c> {
    http: &'c Client,
}

impl<'c> AdChangesClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists changes, newest first.
    pub fn list(&self, query: &ListAdChanges) -> PlatformCall<'c, Page<AdChange>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// All of them from the query's cursor on.
    pub fn list_all(&self, query: ListAdChanges) -> Paged<AdChange> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListAdChanges { cursor, limit, ..query.clone() });
            async move { AdChangesClient::new(&http).list(&query).await }
        })
    }
}
