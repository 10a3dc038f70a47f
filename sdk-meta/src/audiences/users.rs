//! People of an audience, as calls send them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::macros::open_enum;
use crate::text::TextOrNumber;
use crate::{AudienceId, PageId};

/// The most rows in one call.
pub const MOST_ROWS: usize = 10_000;

open_enum! {
    /// What a column holds. Unless said otherwise a value is the SHA-256 of what is known, normalised, in lower-case
    /// hexadecimal; the empty text stands for what is not known.
    AudienceKey {
        /// The advertiser's own id, in any form that stays the same; not hashed.
        ExternId = "EXTERN_ID",
        Email = "EMAIL",
        Phone = "PHONE",
        Gender = "GEN",
        BirthYear = "DOBY",
        BirthMonth = "DOBM",
        BirthDay = "DOBD",
        LastName = "LN",
        FirstName = "FN",
        FirstInitial = "FI",
        City = "CT",
        State = "ST",
        Zip = "ZIP",
        Country = "COUNTRY",
        /// A mobile device's advertising id in lower case; not hashed.
        Madid = "MADID",
        /// Not hashed.
        AppUserId = "APPUID",
        /// A person's id for a page, which [`AudienceUsers::page_ids`] names; not hashed.
        PageUserId = "PAGEUID",
        /// A number; not hashed.
        LookalikeValue = "LOOKALIKE_VALUE",
        /// The list `["LDU"]` for a person whose data are used with limits, else an empty one.
        DataProcessingOptions = "DATA_PROCESSING_OPTIONS",
        /// 1 for the United States, 0 to have Meta look it up.
        DataProcessingOptionsCountry = "DATA_PROCESSING_OPTIONS_COUNTRY",
        /// 1000 for California, 0 to have Meta look it up.
        DataProcessingOptionsState = "DATA_PROCESSING_OPTIONS_STATE",
    }
}

/// Rows of people, each with a value for each column. `Debug` shows how many they are and none of them: a hash still says
/// whose it is to anyone who knows the address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AudienceUsers {
    /// What each column holds.
    schema: Vec<AudienceKey>,
    /// Whether the columns are not all of one key: `true`, as rows are lists here.
    is_raw: bool,
    /// The pages whose ids of people are in the column `PAGEUID`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    page_ids: Vec<PageId>,
    /// The rows.
    data: Vec<Vec<Value>>,
    #[serde(skip)]
    customer_consent: bool,
}

impl AudienceUsers {
    /// Rows with these columns.
    pub fn new(schema: impl IntoIterator<Item = AudienceKey>, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        let (page_ids, customer_consent) = (Vec::new(), false);
        let (schema, data) = (schema.into_iter().collect(), rows.into_iter().collect());
        Self { schema, is_raw: true, page_ids, data, customer_consent }
    }

    /// Rows of one column.
    pub fn of<V: Into<Value>>(key: AudienceKey, values: impl IntoIterator<Item = V>) -> Self {
        Self::new([key], values.into_iter().map(|value| vec![value.into()]))
    }

    /// Names the pages whose ids of people are in the column [`PageUserId`](AudienceKey::PageUserId).
    #[must_use]
    pub fn page_ids(mut self, pages: impl IntoIterator<Item = PageId>) -> Self {
        self.page_ids = pages.into_iter().collect();
        self
    }

    /// Says that these people agreed to have their data used for advertising (`customer_consent`).
    #[must_use]
    pub fn with_consent(mut self) -> Self {
        self.customer_consent = true;
        self
    }

    pub(super) fn has_consent(&self) -> bool {
        self.customer_consent
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Batches that one call takes, in order.
    pub fn batches(&self) -> impl Iterator<Item = Self> {
        self.data.chunks(MOST_ROWS).map(|rows| self.with_rows(rows))
    }

    /// The batch at a place, from 0, without making those before it.
    pub(super) fn batch(&self, place: usize) -> Option<Self> {
        self.data.chunks(MOST_ROWS).nth(place).map(|rows| self.with_rows(rows))
    }

    fn with_rows(&self, rows: &[Vec<Value>]) -> Self {
        let (schema, page_ids) = (self.schema.clone(), self.page_ids.clone());
        Self { schema, page_ids, data: rows.to_vec(), ..*self }
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |problem: String| Err(Error::new(ErrorKind::Request, problem));
        if self.len() > MOST_ROWS {
            return refuse(format!("a call takes {MOST_ROWS} rows, and these are {}: send their batches", self.len()));
        }
        match self.data.iter().position(|row| row.len() != self.schema.len()) {
            Some(row) => refuse(format!("row {row} has not the {} columns of the schema", self.schema.len())),
            None if self.is_empty() => refuse("there is no row to send".to_owned()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for AudienceUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudienceUsers").field("schema", &self.schema).field("rows", &self.len()).finish_non_exhaustive()
    }
}

/// Which batch of a session a call is. All batches of a session have the same schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AudienceSession {
    /// A number of the caller's own, unique in the account.
    pub session_id: u64,
    /// The batch, from 1.
    pub batch_seq: u32,
    /// Whether no batch follows.
    pub last_batch_flag: bool,
    /// How many rows the session has, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_num_total: Option<u64>,
}

/// What Meta took of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UploadedUsers {
    /// The audience; none where people are removed from all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_id: Option<AudienceId>,
    /// The session, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::maybe_count"))]
    session_id: Option<SessionId>,
    /// How many rows arrived.
    #[serde(default)]
    pub num_received: u64,
    /// How many of them are bad.
    #[serde(default)]
    pub num_invalid_entries: u64,
    /// Up to a hundred of the bad ones, in Meta's own form.
    #[serde(default)]
    pub invalid_entry_samples: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct SessionId(u64);

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = TextOrNumber::deserialize(deserializer)?;
        text.0.parse().map(Self).map_err(|_| serde::de::Error::custom("expected the number of a session"))
    }
}

impl UploadedUsers {
    /// The session, if there is one.
    #[must_use]
    pub fn session_id(&self) -> Option<u64> {
        self.session_id.as_ref().map(|id| id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scripted;

    #[test]
    fn what_meta_would_refuse_is_found_before() {
        let (_, meta) = scripted([]);
        let two = [AudienceKey::Email, AudienceKey::Phone];
        for users in [
            AudienceUsers::new(two, [vec!["a".into()]]),
            AudienceUsers::of(AudienceKey::Email, Vec::<String>::new()),
            AudienceUsers::of(AudienceKey::Email, vec!["x"; MOST_ROWS + 1]),
        ] {
            let error = meta.audiences().add_users(&"5".into(), &users, None).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
        }
        crate::macros::check_enum::<AudienceKey>();
    }
}
