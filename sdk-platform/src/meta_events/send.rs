//! Events on their way in.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ConversionId;
use crate::consents::Purpose;
use crate::named::named;

/// The most events of one request.
pub const MAX_META_EVENTS: usize = 1_000;

/// An event for Meta, and whose it is.
///
/// `E` is Meta's own server event: `acd_meta::conversions::Event`, or the JSON object that Meta documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MetaEvent")]
pub struct MetaEvent<E = Map<String, Value>> {
    /// Meta's server event
    /// (<https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/server-event>): `event_name`,
    /// `event_time`, `action_source`, `event_id` and `user_data` are required. What is in the clear in `user_data` is
    /// normalised and hashed on arrival. `event_id` is what the browser's pixel gives as `eventID`.
    #[schemars(with = "Map<String, Value>")]
    pub event: E,
    /// The product's id of the user, under which consent is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id of the visitor, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// What the person agreed to at the moment of the event, if it was asked then. Without it the stored decision counts; a
    /// stored withdrawal that is later than the event goes over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("propertyNames" = { "enum": Purpose::ALL }))]
    pub consent: Option<BTreeMap<Purpose, bool>>,
}

impl<E> MetaEvent<E> {
    /// An event whose person is known by its `user_data` alone.
    pub fn new(event: E) -> Self {
        Self { event, user_id: None, anonymous_id: None, consent: None }
    }

    /// The same event, of this user of the product.
    #[must_use]
    pub fn user(self, user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..self }
    }

    /// The same event, of this visitor.
    #[must_use]
    pub fn visitor(self, anonymous_id: impl Into<String>) -> Self {
        Self { anonymous_id: Some(anonymous_id.into()), ..self }
    }

    /// The same event with what the person said about advertising when it happened.
    #[must_use]
    pub fn advertising(self, agreed: bool) -> Self {
        Self { consent: Some(BTreeMap::from([(Purpose::Advertising, agreed)])), ..self }
    }
}

/// The body of [`SEND_MANY`](super::SEND_MANY).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MetaEvents")]
pub struct MetaEvents<L = Vec<MetaEvent>> {
    /// 1 to 1,000 events.
    #[schemars(length(min = 1, max = 1000), with = "Vec<MetaEvent>")]
    pub events: L,
}

named! {
    /// What was made of an event on arrival.
    MetaEventOutcome {
        /// It is on disk and will be sent.
        Accepted = "accepted",
        /// The same event came within the 48 hours before.
        Duplicate = "duplicate",
        /// The person did not agree: that is recorded, and nothing will be sent.
        Refused = "refused",
        /// Meta would not take it, or it cannot be read. Nothing is stored.
        Invalid = "invalid",
    }
}

/// What was made of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaEventResult {
    /// Its place in the request, from 0.
    pub index: u32,
    /// What was made of it.
    pub outcome: MetaEventOutcome,
    /// Under what it is recorded; null for a duplicate and for what is invalid.
    pub id: Option<ConversionId>,
    /// Why, when it was not accepted.
    pub cause: Option<String>,
    /// Keys of `user_data` whose values could match nobody and were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// The answer of [`SEND_MANY`](super::SEND_MANY).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaEventsReply {
    /// How many will be sent.
    pub accepted: u32,
    /// What was made of each, in their order.
    pub results: Vec<MetaEventResult>,
}
