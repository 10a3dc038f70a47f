//! Reading events: one, a list, counts. Writing is [Segment's tracking API](https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/),
//! for which `acd-analytics` is the client.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::page::paged;
use crate::{EventId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/events`
pub const LIST: Operation = Operation::new("platform.events.list", Method::GET, "/v1/events").safe();
/// `GET /v1/events/{id}`
pub const GET: Operation = Operation::new("platform.events.get", Method::GET, "/v1/events/{id}").safe();
/// `GET /v1/events/counts`
pub const COUNTS: Operation = Operation::new("platform.events.counts", Method::GET, "/v1/events/counts").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[COUNTS, GET, LIST];

/// A stored event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its id; ids ascend in the order in which events arrived.
    pub id: EventId,
    /// The product that sent it.
    pub product: ProductSlug,
    /// `track`, `identify`, `page`, `screen`, `group` or `alias`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `track`: what happened. `page`, `screen`: the name.
    pub event: Option<String>,
    /// `page`, `screen`: the category.
    pub category: Option<String>,
    /// The client's own id of the event, unique in the product.
    pub message_id: String,
    /// The product's id of the user.
    pub user_id: Option<String>,
    /// The id of a visitor not known yet.
    pub anonymous_id: Option<String>,
    /// `group`: the group's id.
    pub group_id: Option<String>,
    /// `alias`: the id before.
    pub previous_id: Option<String>,
    /// When it happened, corrected for the client's clock.
    pub timestamp: DateTime<Utc>,
    /// When it happened by the client's clock.
    pub original_timestamp: Option<DateTime<Utc>>,
    /// When the client sent it by its own clock.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the server took it in.
    pub received_at: DateTime<Utc>,
    /// Facts about what happened.
    pub properties: Option<Map<String, Value>>,
    /// Facts about the user or group.
    pub traits: Option<Map<String, Value>>,
    /// Where it happened.
    pub context: Option<Map<String, Value>>,
    /// Which destinations may have it.
    pub integrations: Option<Map<String, Value>>,
}

/// The query of [`LIST`]. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// Most events in one page, 1 to 1,000; 100 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only events, pages or screens of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Only this user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Only this visitor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// Only the event with this id of the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Received at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_from: Option<DateTime<Utc>>,
    /// Received before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_to: Option<DateTime<Utc>>,
    /// Only this product's; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The query of [`COUNTS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountEvents {
    /// Received at this time or later; 30 days before `received_to` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_from: Option<DateTime<Utc>>,
    /// Received before this time; now when left out. At most 366 days after `received_from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_to: Option<DateTime<Utc>>,
    /// Only this product's; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The answer of [`COUNTS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventCounts {
    /// All events of the period.
    pub total: u64,
    /// By product, type and name, most first; at most 1,000.
    pub counts: Vec<EventCount>,
}

/// How often one kind of event arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventCount {
    /// The product.
    pub product: ProductSlug,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The event's, page's or screen's name.
    pub event: Option<String>,
    /// How many.
    pub count: u64,
}

/// Stored events. A product sees its own, a user their own, an administrator all.
#[derive(Clone, Copy, Debug)]
pub struct EventsClient<'c> {
    http: &'c Client,
}

impl<'c> EventsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists events, newest first.
    pub fn list(&self, query: &ListEvents) -> PlatformCall<'c, Page<Event>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every event from the query's cursor on.
    pub fn list_all(&self, query: ListEvents) -> Paged<Event> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListEvents { cursor, limit, ..query.clone() });
            async move { EventsClient::new(&http).list(&query).await }
        })
    }

    /// Gets an event.
    pub fn get(&self, id: EventId) -> PlatformCall<'c, Event> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Counts events by product, type and name.
    pub fn counts(&self, query: &CountEvents) -> PlatformCall<'c, EventCounts> {
        PlatformCall::json(self.http, &COUNTS).query(query)
    }
}
