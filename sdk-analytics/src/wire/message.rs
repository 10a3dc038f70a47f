use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Which of the six calls a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// Something a user did.
    Track,
    /// Who a user is, with traits.
    Identify,
    /// A web page viewed.
    Page,
    /// A mobile screen viewed.
    Screen,
    /// The company, team or account a user belongs to.
    Group,
    /// A second id of the same user.
    Alias,
}

impl MessageType {
    /// Every type, in the order of Segment's documentation.
    pub const ALL: [Self; 6] = [Self::Track, Self::Identify, Self::Page, Self::Screen, Self::Group, Self::Alias];

    /// The name on the wire, which is also the last segment of the call's path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }
}

/// One message. Text is borrowed from the request where the reader allows it; free-form objects stay unparsed JSON.
///
/// Which fields a message needs depends on its [`MessageType`]:
///
/// | type | needs | may carry |
/// |---|---|---|
/// | `track` | `event` | `properties` |
/// | `identify` | | `traits` |
/// | `page`, `screen` | | `name`, `category`, `properties` |
/// | `group` | `groupId` | `traits` |
/// | `alias` | `previousId`, `userId` | |
///
/// Each needs `userId` or `anonymousId` besides.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message<'a> {
    /// The call. Required in a batch; on a single call the path says it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<MessageType>,
    /// Unique id made by the client, at most 100 bytes; a second message with the same id is not stored again.
    /// The server makes one when it is absent.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub message_id: Option<Cow<'a, str>>,
    /// The product's own id of a known user.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub user_id: Option<Cow<'a, str>>,
    /// A random id of a visitor who is not known yet.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub anonymous_id: Option<Cow<'a, str>>,
    /// `track`: what happened, for example `Order Completed`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub event: Option<Cow<'a, str>>,
    /// `page`, `screen`: its name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub name: Option<Cow<'a, str>>,
    /// `page`, `screen`: its category.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub category: Option<Cow<'a, str>>,
    /// `group`: the group's id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub group_id: Option<Cow<'a, str>>,
    /// `alias`: the id the user had before.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub previous_id: Option<Cow<'a, str>>,
    /// When it happened by the client's clock, RFC 3339. The server corrects it by the clock skew it sees in `sentAt`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub timestamp: Option<Cow<'a, str>>,
    /// When this request left the client by the client's clock, RFC 3339; set anew on every attempt.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub sent_at: Option<Cow<'a, str>>,
    /// `track`, `page`, `screen`: free-form facts about what happened.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub properties: Option<&'a RawValue>,
    /// `identify`, `group`: free-form facts about the user or group.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub traits: Option<&'a RawValue>,
    /// Where it happened: app, campaign, device, library, locale, page and so on.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub context: Option<&'a RawValue>,
    /// Which destinations may have it, for example `{"All": true}`. Stored as sent.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub integrations: Option<&'a RawValue>,
    /// The product's write key, for clients that cannot set a header.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub write_key: Option<Cow<'a, str>>,
}

/// The body of `POST /v1/batch`: up to 2,500 messages and 500 KB.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Batch<'a> {
    /// The messages, each a [`Message`] with its `type`. Unparsed here, so that one bad message does not sink the rest.
    #[serde(borrow)]
    #[schemars(with = "Vec<Message<'static>>", length(max = 2500))]
    pub batch: Vec<&'a RawValue>,
    /// Merged under each message's own `context`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub context: Option<&'a RawValue>,
    /// Used for each message that has none of its own.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub integrations: Option<&'a RawValue>,
    /// When this request left the client by the client's clock, RFC 3339.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub sent_at: Option<Cow<'a, str>>,
    /// The product's write key, for clients that cannot set a header.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub write_key: Option<Cow<'a, str>>,
}
