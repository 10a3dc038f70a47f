//! What became of an upload.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{AudiencesClient, SESSIONS};
use crate::text::TextOrNumber;
use crate::{AudienceId, MetaCall, Page, Timestamp};

/// Which sessions are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct SessionQuery {
    /// This one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<u64>,
    /// The most in one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The cursor that the page before gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// An upload as Meta tells of it
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience/sessions), read 2026-11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AudienceSessionState {
    /// The number that the caller gave it.
    #[serde(deserialize_with = "number")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::count"))]
    pub session_id: u64,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// How far it is, in a word of Meta's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// How far it is, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// How many rows arrived.
    #[serde(default, deserialize_with = "number")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::count"))]
    pub num_received: u64,
    /// How many of them Meta found.
    #[serde(default, deserialize_with = "number")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::count"))]
    pub num_matched: u64,
    /// How many of them are bad.
    #[serde(default, deserialize_with = "number")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::count"))]
    pub num_invalid_entries: u64,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = TextOrNumber::deserialize(deserializer)?;
    text.0.parse().map_err(|_| de::Error::custom("expected a number"))
}

impl<'c> AudiencesClient<'c> {
    /// Reads how the uploads to an audience went, newest first. Safe to repeat.
    pub fn sessions(&self, id: &AudienceId, query: &SessionQuery) -> MetaCall<'c, Page<AudienceSessionState>> {
        MetaCall::json(self.meta, &SESSIONS).path("id", id).query(query)
    }
}
