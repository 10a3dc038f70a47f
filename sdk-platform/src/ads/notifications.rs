//! What Meta told of pages, Instagram accounts and ads besides leads.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::page::paged;
use crate::{MetaNotificationId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/ads/notifications`
pub const LIST: Operation =
    Operation::new("platform.ads_notifications.list", Method::GET, "/v1/ads/notifications").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST];

/// A change that Meta told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetaNotification {
    /// Its id.
    pub id: MetaNotificationId,
    /// Whose page, account or ad it is; null where nobody's is known.
    pub product: Option<ProductSlug>,
    /// What kind of object changed: `page`, `instagram`, `ad_account` and others.
    pub object: String,
    /// Meta's id of the object.
    pub object_id: String,
    /// What about it, such as `feed`, `comments`, `field_changed` or `with_issues_ad_objects`; `messaging` and `standby` for
    /// events of conversations.
    pub field: String,
    /// What Meta said, with whatever it has besides the documented members.
    pub value: Value,
    /// When Meta noticed.
    pub happened_at: Option<DateTime<Utc>>,
    /// When the server was told.
    pub received_at: DateTime<Utc>,
}

/// The query of [`LIST`]. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMetaNotifications {
    /// Most in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Only objects of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Only changes of this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What Meta told. A product sees what concerns its own.
#[derive(Clone, Copy, Debug)]
pub struct MetaNotificationsClient<'c> {
    http: &'c Client,
}

impl<'c> MetaNotificationsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists changes, newest first.
    pub fn list(&self, query: &ListMetaNotifications) -> PlatformCall<'c, Page<MetaNotification>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every change from the query's cursor on.
    pub fn list_all(&self, query: ListMetaNotifications) -> Paged<MetaNotification> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListMetaNotifications { cursor, limit, ..query.clone() });
            async move { MetaNotificationsClient::new(&http).list(&query).await }
        })
    }
}
