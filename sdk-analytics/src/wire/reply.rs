use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to each event of a request.
///
/// `accepted + duplicates + rejected.len()` is the number of events sent. Whatever is accepted is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchReply {
    /// True when no event was rejected; the only field Segment's own API answers with.
    pub success: bool,
    /// Events stored now.
    pub accepted: u32,
    /// Events whose `messageId` was stored before.
    pub duplicates: u32,
    /// Events refused, with the reason of each.
    #[serde(default)]
    pub rejected: Vec<Rejection>,
}

/// Why one event of a batch was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejection {
    /// Position in the batch, from 0.
    pub index: u32,
    /// The event's `messageId`, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The reason as a stable name.
    pub code: RejectionCode,
    /// The reason in words, naming the field and the remedy.
    pub detail: String,
}

/// Reasons for refusing an event. Sending the same event again gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectionCode {
    /// Not a JSON object, or a field of the wrong type.
    InvalidEvent,
    /// `type` is absent or not one of the six.
    InvalidType,
    /// A field that this type needs is absent or empty.
    MissingField,
    /// Neither `userId` nor `anonymousId`.
    NoUserAnonId,
    /// A text is longer than its limit.
    FieldTooLong,
    /// The event is over 32 KB.
    EventTooLarge,
    /// Objects and arrays nested deeper than 32.
    NestingTooDeep,
    /// A NUL character or a lone UTF-16 surrogate, which PostgreSQL cannot store.
    InvalidText,
    /// A number outside what PostgreSQL can store.
    NumberOutOfRange,
    /// A date that is not RFC 3339 or lies outside the years 1970 to 9999.
    InvalidTimestamp,
    /// A code this version does not know.
    #[serde(untagged)]
    Unknown(String),
}
