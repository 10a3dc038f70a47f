//! People of an audience, sent in batches of a session.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AudiencesClient;
use crate::AudienceId;
use crate::error::{Error, ErrorKind, Result};
use crate::macros::open_enum;
use crate::text::TextOrNumber;

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
        /// Not hashed.
        PageUserId = "PAGEUID",
        /// A number; not hashed.
        LookalikeValue = "LOOKALIKE_VALUE",
    }
}

/// Rows of people, each with a value for each column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AudienceUsers {
    schema: Vec<AudienceKey>,
    is_raw: bool,
    data: Vec<Vec<Value>>,
}

impl AudienceUsers {
    /// Rows with these columns.
    pub fn new(schema: impl IntoIterator<Item = AudienceKey>, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        Self { schema: schema.into_iter().collect(), is_raw: true, data: rows.into_iter().collect() }
    }

    /// Rows of one column.
    pub fn of<V: Into<Value>>(key: AudienceKey, values: impl IntoIterator<Item = V>) -> Self {
        Self::new([key], values.into_iter().map(|value| vec![value.into()]))
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
        self.data.chunks(MOST_ROWS).map(|rows| Self { data: rows.to_vec(), schema: self.schema.clone(), ..*self })
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

/// Which batch of a session a call is. All batches of a session have the same schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct UploadedUsers {
    /// The audience.
    pub audience_id: AudienceId,
    #[serde(default)]
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

#[derive(Clone, Debug, PartialEq)]
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

/// What Meta took of a whole upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudienceUpload {
    /// How many calls were made.
    pub batches: u32,
    /// How many rows arrived.
    pub received: u64,
    /// How many of them are bad.
    pub invalid: u64,
}

/// What a session does with people.
#[derive(Clone, Copy)]
enum Action {
    Add,
    Remove,
    Replace,
}

impl AudiencesClient<'_> {
    /// Adds any number of people in one session.
    ///
    /// # Errors
    /// Those of the calls. The same upload may be made again with another `session_id`.
    pub async fn add_all(&self, id: &AudienceId, users: &AudienceUsers, session_id: u64) -> Result<AudienceUpload> {
        self.session(Action::Add, id, users, session_id).await
    }

    /// Removes any number of people in one session.
    ///
    /// # Errors
    /// As [`add_all`](Self::add_all).
    pub async fn remove_all(&self, id: &AudienceId, users: &AudienceUsers, session_id: u64) -> Result<AudienceUpload> {
        self.session(Action::Remove, id, users, session_id).await
    }

    /// Replaces everybody by these people in one session, which Meta ends after 90 minutes. Ads go on learning.
    ///
    /// # Errors
    /// As [`add_all`](Self::add_all), and [`ErrorKind::Conflict`] while the audience is being changed otherwise.
    pub async fn replace_all(&self, id: &AudienceId, users: &AudienceUsers, session_id: u64) -> Result<AudienceUpload> {
        self.session(Action::Replace, id, users, session_id).await
    }

    async fn session(
        &self,
        action: Action,
        id: &AudienceId,
        users: &AudienceUsers,
        session_id: u64,
    ) -> Result<AudienceUpload> {
        let last = users.len().div_ceil(MOST_ROWS);
        let mut upload = AudienceUpload::default();
        for (place, batch) in users.batches().enumerate() {
            upload.batches += 1;
            let session = AudienceSession {
                session_id,
                batch_seq: upload.batches,
                last_batch_flag: place + 1 == last,
                estimated_num_total: u64::try_from(users.len()).ok(),
            };
            let taken = match action {
                Action::Add => self.add_users(id, &batch, Some(&session)).await?,
                Action::Remove => self.remove_users(id, &batch, Some(&session)).await?,
                Action::Replace => self.replace_users(id, &batch, &session).await?,
            };
            upload.received += taken.num_received;
            upload.invalid += taken.num_invalid_entries;
        }
        Ok(upload)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn people_are_sent_in_batches_of_one_session() {
        let taken = |count: u32| {
            let body = json!({ "audience_id": "5", "session_id": "9", "num_received": count, "num_invalid_entries": 1,
                "invalid_entry_samples": {} });
            answer(200).body(body.to_string())
        };
        let (harness, meta) = scripted([taken(10_000), taken(10_000), taken(1)]);
        let users = AudienceUsers::of(AudienceKey::ExternId, (0..20_001).map(|n| n.to_string()));
        let upload = harness.run(meta.audiences().replace_all(&"5".into(), &users, 9)).unwrap();
        assert_eq!(upload, AudienceUpload { batches: 3, received: 20_001, invalid: 3 });
        let sent = sent(&harness);
        assert_eq!(sent[0].0, "POST /v26.0/5/usersreplace");
        let expected =
            json!({ "session_id": 9, "batch_seq": 3, "last_batch_flag": true, "estimated_num_total": 20_001 });
        assert_eq!(sent[2].1["session"], expected);
        assert_eq!(sent[2].1["payload"], json!({ "schema": ["EXTERN_ID"], "is_raw": true, "data": [["20000"]] }));
        assert_eq!(sent[0].1["session"]["last_batch_flag"], false);
    }

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
