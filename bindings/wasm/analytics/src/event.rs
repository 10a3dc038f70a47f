//! An event as JavaScript gives it.

use acd_analytics::{Alias, AnalyticsClient, Context, EnqueueError, Group, Identify, Page, Screen, Track};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::fields::Fields;

/// What every event may have, by the names of the wire. The time is in milliseconds, as a `Date` has it.
struct Event {
    kind: String,
    message_id: Option<String>,
    user_id: Option<String>,
    anonymous_id: Option<String>,
    timestamp: Option<i64>,
    event: Option<String>,
    name: Option<String>,
    category: Option<String>,
    group_id: Option<String>,
    previous_id: Option<String>,
    /// Properties or traits.
    facts: Option<Value>,
    context: Option<Map<String, Value>>,
    integrations: Option<Map<String, Value>>,
}

impl Event {
    fn read(json: &str) -> Result<Self, String> {
        let mut fields = Fields::read(json)?;
        Ok(Self {
            kind: fields.text("type")?.unwrap_or_default(),
            message_id: fields.text("messageId")?,
            user_id: fields.text("userId")?,
            anonymous_id: fields.text("anonymousId")?,
            timestamp: fields.signed("timestamp")?,
            event: fields.text("event")?,
            name: fields.text("name")?,
            category: fields.text("category")?,
            group_id: fields.text("groupId")?,
            previous_id: fields.text("previousId")?,
            facts: fields.value("properties").or_else(|| fields.value("traits")),
            context: fields.object("context")?,
            integrations: fields.object("integrations")?,
        })
    }
}

/// Why an event was not taken.
pub(crate) enum Refusal {
    /// It is not what an event is.
    Unreadable(String),
    /// The client refused it.
    Client(EnqueueError),
}

/// Sets what was given.
macro_rules! with {
    ($event:expr, $from:ident, $at:ident, $context:ident, $($field:ident),*) => {{
        let mut event = $event;
        $(if let Some(value) = &$from.$field { event = event.$field(value); })*
        if let Some(id) = &$from.message_id { event = event.message_id(id); }
        if let Some(at) = $at { event = event.timestamp(at); }
        if let Some(context) = &$context { event = event.context(context); }
        if let Some(integrations) = &$from.integrations { event = event.integrations(integrations); }
        event
    }};
}

/// Queues the event and gives its id.
pub(crate) fn enqueue(client: &AnalyticsClient, json: &str) -> Result<String, Refusal> {
    let given = Event::read(json).map_err(Refusal::Unreadable)?;
    let at = given.timestamp.map(time).transpose().map_err(Refusal::Client)?;
    let context = given.context.as_ref().map(|fields| {
        fields.iter().fold(Context::default(), |context, (name, value)| context.with(name, value.clone()))
    });
    let facts = &given.facts;
    let text = |field: &'static str, given: &Option<String>| {
        // An absent one is refused as an empty one is.
        given.clone().ok_or(Refusal::Client(EnqueueError::EmptyField { field }))
    };
    let queued = match given.kind.as_str() {
        "track" => {
            let event = text("event", &given.event)?;
            client.track(with!(Track::new(&event).properties(facts), given, at, context, user_id, anonymous_id))
        }
        "identify" => client.identify(with!(Identify::new().traits(facts), given, at, context, user_id, anonymous_id)),
        "page" => {
            client.page(with!(Page::new().properties(facts), given, at, context, user_id, anonymous_id, name, category))
        }
        "screen" => client.screen(with!(
            Screen::new().properties(facts),
            given,
            at,
            context,
            user_id,
            anonymous_id,
            name,
            category
        )),
        "group" => {
            let group = text("groupId", &given.group_id)?;
            client.group(with!(Group::new(&group).traits(facts), given, at, context, user_id, anonymous_id))
        }
        "alias" => {
            let (previous, user) = (text("previousId", &given.previous_id)?, text("userId", &given.user_id)?);
            client.alias(with!(Alias::new(&previous, &user), given, at, context,))
        }
        other => return Err(Refusal::Unreadable(format!("`{other}` is no type of event"))),
    };
    queued.map(|id| id.to_string()).map_err(Refusal::Client)
}

fn time(milliseconds: i64) -> Result<DateTime<Utc>, EnqueueError> {
    DateTime::from_timestamp_millis(milliseconds).ok_or(EnqueueError::InvalidTimestamp)
}
