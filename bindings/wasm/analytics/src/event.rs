//! An event as JavaScript gives it.

use acd_analytics::wire::MessageType;
use acd_analytics::{AnalyticsClient, EnqueueError, JsonEvent};
use chrono::DateTime;

/// An event's fields: its kind by its place in [`MessageType::ALL`], its time in milliseconds as a `Date` has it, and texts.
pub(crate) struct Given {
    pub(crate) kind: usize,
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
    let Some(kind) = MessageType::ALL.get(given.kind) else { return Ok(None) };
    let name = given.name.as_deref();
    let mut event = JsonEvent::new(*kind);
    if let Some(at) = given.timestamp {
        event.timestamp = Some(DateTime::from_timestamp_millis(at as i64).ok_or(EnqueueError::InvalidTimestamp)?);
    }
    event.message_id = given.message_id.as_deref();
    event.user_id = given.user_id.as_deref();
    event.anonymous_id = given.anonymous_id.as_deref();
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
