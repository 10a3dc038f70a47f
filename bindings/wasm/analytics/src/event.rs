//! An event as JavaScript gives it.

use acd_analytics::wire::MessageType;
use acd_analytics::{AnalyticsClient, EnqueueError, JsonEvent};
use chrono::DateTime;
use wasm_bindgen::prelude::wasm_bindgen;

/// Which of the six an event is.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Something a user did.
    Track,
    /// Who a user is.
    Identify,
    /// A web page viewed.
    Page,
    /// A mobile screen viewed.
    Screen,
    /// The group that a user belongs to.
    Group,
    /// A second id of a user.
    Alias,
}

/// An event's fields. A time is in milliseconds, as a `Date` has it; what is free-form is JSON.
pub(crate) struct Given {
    pub(crate) kind: Kind,
    pub(crate) timestamp: Option<f64>,
    pub(crate) message_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) anonymous_id: Option<String>,
    /// The one text that the kind needs or has: `event`, `name`, `groupId` or `previousId`.
    pub(crate) name: Option<String>,
    pub(crate) category: Option<String>,
    /// Properties or traits.
    pub(crate) facts: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) integrations: Option<String>,
}

/// Queues the event and gives its id; nothing while consent is withheld.
pub(crate) fn enqueue(client: &AnalyticsClient, given: &Given) -> Result<Option<String>, EnqueueError> {
    let name = given.name.as_deref();
    let mut event = JsonEvent::new(match given.kind {
        Kind::Track => MessageType::Track,
        Kind::Identify => MessageType::Identify,
        Kind::Page => MessageType::Page,
        Kind::Screen => MessageType::Screen,
        Kind::Group => MessageType::Group,
        Kind::Alias => MessageType::Alias,
    });
    if let Some(at) = given.timestamp {
        event.timestamp = Some(DateTime::from_timestamp_millis(at as i64).ok_or(EnqueueError::InvalidTimestamp)?);
    }
    event.message_id = given.message_id.as_deref();
    event.user_id = given.user_id.as_deref();
    event.anonymous_id = given.anonymous_id.as_deref();
    // Each kind looks at its own alone.
    (event.event, event.name, event.group_id, event.previous_id) = (name, name, name, name);
    event.category = given.category.as_deref();
    event.facts = given.facts.as_deref();
    event.context = given.context.as_deref();
    event.integrations = given.integrations.as_deref();
    match client.enqueue_json(&event) {
        Ok(id) => Ok(Some(id.to_string())),
        Err(EnqueueError::ConsentWithheld) => Ok(None),
        Err(error) => Err(error),
    }
}
