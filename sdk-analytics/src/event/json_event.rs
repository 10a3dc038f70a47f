use chrono::{DateTime, Utc};

use super::encode::{Encode, Encoder, Envelope};
use crate::error::EnqueueError;
use crate::wire::MessageType;

/// An event of any kind whose free-form parts are JSON texts already, as a host of another language has them. They are checked
/// as those of the typed events are, and sent as they stand but for the space between their tokens.
///
/// Which of the fields a kind has, and which of them it needs, is said at [`Message`](crate::wire::Message); others are not looked
/// at.
///
/// ```
/// # use acd_analytics::{JsonEvent, wire::MessageType};
/// let mut event = JsonEvent::new(MessageType::Track);
/// (event.user_id, event.event) = (Some("user-1"), Some("Order Completed"));
/// event.facts = Some(r#"{"order_id":"1042","revenue_cents":1999}"#);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[must_use = "an event is sent by AnalyticsClient::enqueue_json"]
pub struct JsonEvent<'a> {
    /// Which of the six it is.
    pub kind: MessageType,
    /// The id by which the server recognises a repeat, 1 to 100 bytes. Default: a new UUIDv7.
    pub message_id: Option<&'a str>,
    /// When it happened. Default: the moment of the call. Kept to the millisecond; years 1970 to 9999.
    pub timestamp: Option<DateTime<Utc>>,
    /// The product's own id of a known user, 1 to 512 bytes.
    pub user_id: Option<&'a str>,
    /// The random id of a visitor who is not known yet, 1 to 512 bytes.
    pub anonymous_id: Option<&'a str>,
    /// What happened, of `track`, 1 to 512 bytes.
    pub event: Option<&'a str>,
    /// The name of a `page` or `screen`, 1 to 512 bytes.
    pub name: Option<&'a str>,
    /// The category of a `page` or `screen`, 1 to 512 bytes.
    pub category: Option<&'a str>,
    /// The group, of `group`, 1 to 512 bytes.
    pub group_id: Option<&'a str>,
    /// The id that the user had before, of `alias`, 1 to 512 bytes.
    pub previous_id: Option<&'a str>,
    /// Properties or, of `identify` and `group`, traits: an object nested at most 32 deep.
    pub facts: Option<&'a str>,
    /// What differs for this event from the context of the batch: an object nested at most 32 deep.
    pub context: Option<&'a str>,
    /// Which destinations may have the event: an object nested at most 32 deep.
    pub integrations: Option<&'a str>,
}

impl JsonEvent<'_> {
    /// Begins with nothing set.
    pub const fn new(kind: MessageType) -> Self {
        Self {
            kind,
            message_id: None,
            timestamp: None,
            user_id: None,
            anonymous_id: None,
            event: None,
            name: None,
            category: None,
            group_id: None,
            previous_id: None,
            facts: None,
            context: None,
            integrations: None,
        }
    }

    /// Writes what the kind has of its own, and says what its facts are called.
    fn write_own(&self, to: &mut Encoder<'_>) -> Result<Option<&'static str>, EnqueueError> {
        // An absent one that the kind needs is refused as an empty one is.
        match self.kind {
            MessageType::Track => {
                to.text("event", self.event.unwrap_or_default())?;
                Ok(Some("properties"))
            }
            MessageType::Page | MessageType::Screen => {
                to.text_if("name", self.name)?;
                to.text_if("category", self.category)?;
                Ok(Some("properties"))
            }
            MessageType::Identify => Ok(Some("traits")),
            MessageType::Group => {
                to.text("groupId", self.group_id.unwrap_or_default())?;
                Ok(Some("traits"))
            }
            MessageType::Alias => {
                to.text("previousId", self.previous_id.unwrap_or_default())?;
                to.text("userId", self.user_id.unwrap_or_default())?;
                Ok(None)
            }
        }
    }
}

impl Encode for JsonEvent<'_> {
    fn envelope(&self) -> Envelope<'_> {
        Envelope { kind: self.kind, message_id: self.message_id, timestamp: self.timestamp }
    }

    fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        if self.kind != MessageType::Alias {
            if self.user_id.is_none() && self.anonymous_id.is_none() {
                return Err(EnqueueError::MissingUser);
            }
            to.text_if("userId", self.user_id)?;
            to.text_if("anonymousId", self.anonymous_id)?;
        }
        let facts = self.write_own(to)?.zip(self.facts);
        let surroundings = [facts, Some("context").zip(self.context), Some("integrations").zip(self.integrations)];
        surroundings.into_iter().flatten().try_for_each(|(field, text)| to.json_object(field, text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::context::Context;
    use crate::event::{Alias, Group, Identify, MessageIds, Page, Screen, Track, encode};
    use crate::json::tests::values;
    use crate::wire::MAX_EVENT_BYTES;

    const KINDS: [MessageType; 6] = MessageType::ALL;

    /// The texts of one event.
    #[derive(Debug)]
    struct Texts {
        kind: MessageType,
        ids: [Option<String>; 3],
        names: [String; 2],
        facts: Value,
        context: Map<String, Value>,
        integrations: Map<String, Value>,
    }

    fn texts() -> impl Strategy<Value = Texts> {
        let id = || prop::option::of(prop_oneof!["[a-z]{0,3}", "\\PC{0,20}", ".{500,520}"]);
        let map =
            || prop::collection::btree_map("[a-z\0]{0,3}", values(), 0..3).prop_map(|map| map.into_iter().collect());
        let facts = prop_oneof![3 => map().prop_map(Value::Object), 1 => values()];
        (prop::sample::select(KINDS.to_vec()), [id(), id(), id()], ["[^a]{0,4}", "[ -~]{1,4}"], facts, map(), map())
            .prop_map(|(kind, ids, names, facts, context, integrations)| Texts {
                kind,
                ids,
                names,
                facts,
                context,
                integrations,
            })
    }

    /// The same by the typed event.
    fn typed(texts: &Texts) -> Result<Vec<u8>, EnqueueError> {
        let Texts { ids: [message, user, visitor], names: [name, category], facts, integrations, .. } = texts;
        let context =
            texts.context.iter().fold(Context::default(), |context, (name, value)| context.with(name, value.clone()));
        let mut out = Vec::new();
        macro_rules! made {
            ($event:expr $(, $id:ident)*) => {{
                let mut event = $event.context(&context).integrations(integrations);
                $(if let Some(id) = $id { event = event.$id(id); })*
                if let Some(id) = message { event = event.message_id(id); }
                encode(&event, &MessageIds::new([1, 2]), DateTime::UNIX_EPOCH, &mut out)
            }};
        }
        let (user_id, anonymous_id) = (user, visitor);
        match texts.kind {
            MessageType::Track => made!(Track::new(name).properties(facts), user_id, anonymous_id),
            MessageType::Identify => made!(Identify::new().traits(facts), user_id, anonymous_id),
            MessageType::Page => {
                made!(Page::new().name(name).category(category).properties(facts), user_id, anonymous_id)
            }
            MessageType::Screen => {
                made!(Screen::new().name(name).category(category).properties(facts), user_id, anonymous_id)
            }
            MessageType::Group => made!(Group::new(name).traits(facts), user_id, anonymous_id),
            MessageType::Alias => made!(Alias::new(name, user.as_deref().unwrap_or_default())),
        }?;
        Ok(out)
    }

    fn of_texts(texts: &Texts) -> Result<Vec<u8>, EnqueueError> {
        let Texts { ids: [message, user, visitor], names: [name, category], .. } = texts;
        let [facts, context, integrations] = [
            serde_json::to_string(&texts.facts).unwrap(),
            serde_json::to_string(&texts.context).unwrap(),
            serde_json::to_string(&texts.integrations).unwrap(),
        ];
        let event = JsonEvent {
            message_id: message.as_deref(),
            user_id: user.as_deref(),
            anonymous_id: visitor.as_deref(),
            event: Some(name),
            name: Some(name),
            category: Some(category),
            group_id: Some(name),
            previous_id: Some(name),
            facts: Some(&facts),
            context: Some(&context),
            integrations: Some(&integrations),
            ..JsonEvent::new(texts.kind)
        };
        let mut out = Vec::new();
        encode(&event, &MessageIds::new([1, 2]), DateTime::UNIX_EPOCH, &mut out).map(|_| out)
    }

    proptest! {
        #[test]
        fn texts_and_typed_events_are_taken_alike_and_written_alike(texts in texts()) {
            prop_assert_eq!(of_texts(&texts), typed(&texts));
        }
    }

    #[test]
    fn what_a_kind_needs_is_asked_for_and_what_it_has_not_is_not_looked_at() {
        let written = |event: &JsonEvent<'_>| {
            let mut out = Vec::new();
            encode(event, &MessageIds::new([1, 2]), DateTime::UNIX_EPOCH, &mut out)?;
            let mut value: Value = serde_json::from_slice(&out).unwrap();
            value.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "messageId" | "timestamp"));
            Ok::<_, EnqueueError>(value)
        };
        let event = |kind| JsonEvent { user_id: Some("u"), ..JsonEvent::new(kind) };
        for (kind, field) in
            [(MessageType::Track, "event"), (MessageType::Group, "groupId"), (MessageType::Alias, "previousId")]
        {
            assert_eq!(written(&event(kind)), Err(EnqueueError::EmptyField { field }));
        }
        assert_eq!(written(&JsonEvent::new(MessageType::Page)), Err(EnqueueError::MissingUser));
        let alias =
            JsonEvent { previous_id: Some("a"), facts: Some("no JSON"), name: Some(""), ..event(MessageType::Alias) };
        assert_eq!(written(&alias), Ok(json!({ "type": "alias", "previousId": "a", "userId": "u" })));
        // Of what is written to be read by people the space does not count.
        let pretty = serde_json::to_string_pretty(&json!({ "a": vec![1; 8_000] })).unwrap();
        assert!(pretty.len() > MAX_EVENT_BYTES);
        let spaced = JsonEvent { facts: Some(&pretty), ..event(MessageType::Page) };
        let facts = serde_json::from_str::<Value>(&pretty).unwrap();
        assert_eq!(written(&spaced), Ok(json!({ "type": "page", "userId": "u", "properties": facts })));
        let page = JsonEvent { facts: Some(" null "), context: Some(" { } "), ..event(MessageType::Page) };
        assert_eq!(written(&page), Ok(json!({ "type": "page", "userId": "u", "context": {} })));
    }

    #[test]
    fn a_text_that_cannot_be_sent_is_named() {
        let refused = |facts: &str| {
            let event = JsonEvent { user_id: Some("u"), facts: Some(facts), ..JsonEvent::new(MessageType::Identify) };
            encode(&event, &MessageIds::new([1, 2]), DateTime::UNIX_EPOCH, &mut Vec::new()).unwrap_err().code()
        };
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(32), "]".repeat(32));
        for (facts, code) in [
            ("{", "unserialisable"),
            ("{\"a\":\"\\ud800\"}", "unserialisable"),
            ("[1]", "not_an_object"),
            ("{\"a\":\"\\u0000\"}", "nul_character"),
            (deep.as_str(), "nesting_too_deep"),
            (&"x".repeat(33_000), "too_large"),
        ] {
            assert_eq!(refused(facts), code, "{}", &facts[..facts.len().min(40)]);
        }
    }
}
