//! Events of conversations: Messenger, and messages on Instagram.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::text::TextOrNumber;

/// Who takes part in a conversation, or did something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Person {
    /// The id, which a person has for one page or Instagram account alone.
    #[serde(default, deserialize_with = "maybe_text")]
    pub id: Option<String>,
    /// The name, on pages.
    #[serde(default)]
    pub name: Option<String>,
    /// The name, on Instagram.
    #[serde(default)]
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
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Its id, by which a repeated delivery is known.
    pub mid: String,
    /// Its text.
    #[serde(default)]
    pub text: Option<String>,
    /// What the button says to the account with which it was answered.
    #[serde(default)]
    pub quick_reply: Option<QuickReply>,
    /// What it answers.
    #[serde(default)]
    pub reply_to: Option<ReplyTo>,
    /// Images, videos, files and more.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Whether the account itself sent it.
    #[serde(default)]
    pub is_echo: bool,
    /// Whether it was taken back.
    #[serde(default)]
    pub is_deleted: bool,
}

/// The button with which a message was answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct QuickReply {
    /// What it says to the account.
    pub payload: String,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ReplyTo {
    /// A message.
    #[serde(default)]
    pub mid: Option<String>,
    /// A story: `id` and `url`.
    #[serde(default)]
    pub story: Option<Value>,
}

/// Something that came with a message.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// What: `image`, `video`, `audio`, `file`, `template`, `fallback` and more.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is: `url`, valid for some days, and more by its kind.
    #[serde(default)]
    pub payload: Value,
}

/// A button that was pressed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Postback {
    /// The id of the press.
    #[serde(default)]
    pub mid: Option<String>,
    /// What the button shows.
    #[serde(default)]
    pub title: Option<String>,
    /// What it says to the account.
    #[serde(default)]
    pub payload: Option<String>,
    /// By which link or ad the person came, with the button that begins a conversation.
    #[serde(default)]
    pub referral: Option<Referral>,
}

/// Messages that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct MessageDelivery {
    /// Their ids; may be missing.
    #[serde(default)]
    pub mids: Vec<String>,
    /// Everything sent until then arrived, in milliseconds since 1970.
    pub watermark: i64,
}

/// Messages that were read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct MessageRead {
    /// Everything sent until then was read, in milliseconds since 1970: Messenger.
    #[serde(default)]
    pub watermark: Option<i64>,
    /// The message that was read: Instagram.
    #[serde(default)]
    pub mid: Option<String>,
}

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Reaction {
    /// The message.
    pub mid: String,
    /// `react`, or `unreact` for one that was taken back.
    pub action: String,
    /// Which, such as `love`.
    #[serde(default)]
    pub reaction: Option<String>,
    /// Which, as a sign.
    #[serde(default)]
    pub emoji: Option<String>,
}

/// By what somebody came into a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Referral {
    /// What the link says to the account.
    #[serde(default, rename = "ref")]
    pub reference: Option<String>,
    /// What it was: `SHORTLINK`, `ADS` and more.
    #[serde(default)]
    pub source: Option<String>,
    /// What it did: `OPEN_THREAD`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The ad.
    #[serde(default, deserialize_with = "maybe_text")]
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
