//! Events of conversations: Messenger, and messages on Instagram.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::text::TextOrNumber;

/// Who takes part in a conversation, or did something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Person {
    /// The id, which a person has for one page or Instagram account alone.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_id"))]
    pub id: Option<String>,
    /// The name, on pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name, on Instagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Something that happened in a conversation with a page or an Instagram account
/// ([page](https://developers.facebook.com/docs/messenger-platform/reference/webhook-events), read 2026-11).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessagingEvent {
    /// Who did it. The account itself for an echo of what it sent.
    pub sender: Option<Person>,
    /// To whom.
    pub recipient: Option<Person>,
    /// When, in milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// What.
    pub content: MessagingContent,
}

/// What happened in a conversation. What is not known here comes as [`Other`](Self::Other).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MessagingContent {
    /// `message`: somebody wrote, or the account did, which is an echo.
    Message(Box<Message>),
    /// `postback`: a button was pressed.
    Postback(Postback),
    /// `delivery`: messages arrived.
    Delivery(MessageDelivery),
    /// `read`: messages were read.
    Read(MessageRead),
    /// `reaction`: somebody reacted to a message.
    Reaction(Reaction),
    /// `referral`: somebody came by a link or an ad, into a conversation that was there.
    Referral(Referral),
    /// Anything else, as it came.
    Other(Value),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Message {
    /// Its id, by which a repeated delivery is known.
    pub mid: String,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the button says to the account with which it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick_reply: Option<QuickReply>,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo>,
    /// Images, videos, files and more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whether the account itself sent it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_echo: bool,
    /// Whether it was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_deleted: bool,
}

/// The button with which a message was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct QuickReply {
    /// What it says to the account.
    pub payload: String,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReplyTo {
    /// A message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// A story: `id` and `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Value>,
}

/// Something that came with a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Attachment {
    /// What: `image`, `video`, `audio`, `file`, `template`, `fallback` and more.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is: `url`, valid for some days, and more by its kind.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
}

/// A button that was pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Postback {
    /// The id of the press.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// What the button shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it says to the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// By which link or ad the person came, with the button that begins a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

/// Messages that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MessageDelivery {
    /// Their ids; may be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mids: Vec<String>,
    /// Everything sent until then arrived, in milliseconds since 1970.
    pub watermark: i64,
}

/// Messages that were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MessageRead {
    /// Everything sent until then was read, in milliseconds since 1970: Messenger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<i64>,
    /// The message that was read: Instagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
}

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Reaction {
    /// The message.
    pub mid: String,
    /// `react`, or `unreact` for one that was taken back.
    pub action: String,
    /// Which, such as `love`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<String>,
    /// Which, as a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
}

/// By what somebody came into a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Referral {
    /// What the link says to the account.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What it was: `SHORTLINK`, `ADS` and more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What it did: `OPEN_THREAD`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The ad.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_id"))]
    pub ad_id: Option<String>,
}

impl MessagingContent {
    fn read(event: &Value) -> Self {
        fn member<T: DeserializeOwned>(event: &Value, name: &str) -> Option<T> {
            T::deserialize(event.get(name)?).ok()
        }
        let known = member(event, "message")
            .map(|message| Self::Message(Box::new(message)))
            .or_else(|| member(event, "postback").map(Self::Postback))
            .or_else(|| member(event, "delivery").map(Self::Delivery))
            .or_else(|| member(event, "read").map(Self::Read))
            .or_else(|| member(event, "reaction").map(Self::Reaction))
            .or_else(|| member(event, "referral").map(Self::Referral));
        known.unwrap_or_else(|| Self::Other(event.clone()))
    }
}

/// Any object is one: an odd event must not cost the others of its delivery.
impl<'de> Deserialize<'de> for MessagingEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        let person = |name: &str| Person::deserialize(event.get(name)?).ok();
        let (sender, recipient) = (person("sender"), person("recipient"));
        let timestamp = event.get("timestamp").and_then(|time| TextOrNumber::deserialize(time).ok()?.0.parse().ok());
        Ok(Self { sender, recipient, timestamp, content: MessagingContent::read(&event) })
    }
}

/// Something that happened in a conversation with a page or an Instagram account
/// ([page](https://developers.facebook.com/docs/messenger-platform/reference/webhook-events), read 2026-11): one of its members
/// says what.
#[derive(Default, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub(super) struct WireEvent<'e> {
    /// Who did it. The account itself for an echo of what it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'e Person>,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'e Person>,
    /// When, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_milliseconds"))]
    timestamp: Option<i64>,
    /// Somebody wrote, or the account did, which is an echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'e Message>,
    /// A button was pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    postback: Option<&'e Postback>,
    /// Messages arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<&'e MessageDelivery>,
    /// Messages were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<&'e MessageRead>,
    /// Somebody reacted to a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    reaction: Option<&'e Reaction>,
    /// Somebody came by a link or an ad, into a conversation that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    referral: Option<&'e Referral>,
    /// Anything else.
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Serialize for MessagingEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (sender, recipient) = (self.sender.as_ref(), self.recipient.as_ref());
        let mut event = WireEvent { sender, recipient, timestamp: self.timestamp, ..WireEvent::default() };
        match &self.content {
            MessagingContent::Message(message) => event.message = Some(message),
            MessagingContent::Postback(postback) => event.postback = Some(postback),
            MessagingContent::Delivery(delivery) => event.delivery = Some(delivery),
            MessagingContent::Read(read) => event.read = Some(read),
            MessagingContent::Reaction(reaction) => event.reaction = Some(reaction),
            MessagingContent::Referral(referral) => event.referral = Some(referral),
            // It is the event as a whole.
            MessagingContent::Other(whole) => return whole.serialize(serializer),
        }
        event.serialize(serializer)
    }
}

fn maybe_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<TextOrNumber>::deserialize(deserializer).map(|text| text.map(|text| text.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn content(event: Value) -> MessagingContent {
        serde_json::from_value::<MessagingEvent>(event).unwrap().content
    }

    #[test]
    fn a_message_is_read_with_who_sent_it() {
        let event = json!({
            "sender": { "id": "7" }, "recipient": { "id": 9 }, "timestamp": 1_458_692_752_478_i64,
            "message": { "mid": "m_1", "text": "hi", "quick_reply": { "payload": "YES" }, "reply_to": { "mid": "m_0" },
                "attachments": [{ "type": "image", "payload": { "url": "https://x.test/1" } }] },
        });
        let event: MessagingEvent = serde_json::from_value(event).unwrap();
        assert_eq!(event.recipient.unwrap().id.as_deref(), Some("9"));
        assert_eq!(event.timestamp, Some(1_458_692_752_478));
        let MessagingContent::Message(message) = event.content else { panic!("no message") };
        assert_eq!((message.text.as_deref(), message.is_echo), (Some("hi"), false));
        assert_eq!(message.attachments[0].kind, "image");
    }

    #[test]
    fn every_other_kind_has_its_type() {
        let kinds = [
            (json!({ "postback": { "title": "Go", "payload": "GO" } }), "Postback"),
            (json!({ "delivery": { "watermark": 5 } }), "Delivery"),
            (json!({ "read": { "watermark": 5 } }), "Read"),
            (json!({ "read": { "mid": "m" } }), "Read"),
            (json!({ "reaction": { "mid": "m", "action": "react", "emoji": "❤" } }), "Reaction"),
            (json!({ "referral": { "ref": "r", "source": "ADS", "ad_id": 6 } }), "Referral"),
            (json!({ "optin": { "type": "notification_messages" } }), "Other"),
            (json!({ "message": { "text": "no id" } }), "Other"),
            (json!(5), "Other"),
        ];
        for (event, kind) in kinds {
            let shown = format!("{:?}", content(event.clone()));
            assert!(shown.starts_with(kind), "{event}: {shown}");
        }
    }
}
