//! Any number of people, sent in batches of one session that can go on where it failed.

use serde::{Deserialize, Serialize};

use super::users::{AudienceSession, AudienceUsers, MOST_ROWS};
use super::{AudiencesClient, SessionQuery};
use crate::AudienceId;
use crate::error::{Error, MetaError as _, Result};

/// The audience is being changed; said too of a first batch that has arrived before.
const BUSY: i64 = 1_870_145;
/// The session has ended; said too of a last batch that has arrived before.
const CLOSED: i64 = 1_870_159;

/// What Meta took of a whole upload, or of its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AudienceUpload {
    /// How many batches arrived.
    pub batches: u32,
    /// How many rows arrived.
    pub received: u64,
    /// How many of them are bad.
    pub invalid: u64,
}

/// What a session does with people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadAction {
    /// They come in addition.
    Add,
    /// They go.
    Remove,
    /// They come in the place of everybody. Ads go on learning.
    Replace,
}

/// An upload in one session, made by [`AudiencesClient::upload`].
///
/// After a failure [`run`](Self::run) goes on with the batch that failed. So does a later process that keeps
/// [`progress`](Self::progress), the session's number and the rows, with [`resume`](Self::resume). Meta ends a session 90
/// minutes after its first batch.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is run"]
pub struct UsersUpload<'c, 'u> {
    audiences: AudiencesClient<'c>,
    audience: &'u AudienceId,
    users: &'u AudienceUsers,
    action: UploadAction,
    session_id: u64,
    done: AudienceUpload,
    /// Whether the next batch may have arrived already.
    was_tried: bool,
}

impl UsersUpload<'_, '_> {
    /// Goes on after what arrived already.
    pub fn resume(self, done: AudienceUpload) -> Self {
        Self { done, was_tried: true, ..self }
    }

    /// What arrived so far.
    pub fn progress(&self) -> AudienceUpload {
        self.done
    }

    /// Sends what did not arrive yet. It may be called again after an error: Meta takes a batch twice, and where it says
    /// that it has the batch already, the session is read to make sure.
    ///
    /// # Errors
    /// Those of the calls; [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) while the audience is changed by another
    /// upload, or when the session has ended.
    pub async fn run(&mut self) -> Result<AudienceUpload> {
        while self.send_next().await? {}
        Ok(self.done)
    }

    /// Sends the next batch, of at most 10,000 people, and says whether there are more. For whoever may have to stop in between:
    /// a replacement that is not finished replaces nobody, and Meta ends its session after 90 minutes.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn send_next(&mut self) -> Result<bool> {
        let sent = usize::try_from(self.done.batches).unwrap_or(usize::MAX);
        let Some(batch) = self.users.batch(sent) else { return Ok(false) };
        let is_last = sent + 1 == self.users.len().div_ceil(MOST_ROWS);
        let session = AudienceSession {
            session_id: self.session_id,
            batch_seq: self.done.batches + 1,
            last_batch_flag: is_last,
            estimated_num_total: u64::try_from(self.users.len()).ok(),
        };
        let was_tried = std::mem::replace(&mut self.was_tried, true);
        let (audiences, id) = (self.audiences, self.audience);
        let answer = match self.action {
            UploadAction::Add => audiences.add_users(id, &batch, Some(&session)).await,
            UploadAction::Remove => audiences.remove_users(id, &batch, Some(&session)).await,
            UploadAction::Replace => audiences.replace_users(id, &batch, &session).await,
        };
        let (received, invalid) = match answer {
            Ok(taken) => (taken.num_received, taken.num_invalid_entries),
            Err(error) => self.settle(error, &batch, &session, was_tried).await?,
        };
        self.done.batches += 1;
        self.done.received += received;
        self.done.invalid += invalid;
        self.was_tried = false;
        Ok(!is_last)
    }

    /// Whether a batch that is refused arrived before: rows and bad rows of it, or the refusal.
    async fn settle(
        &self,
        error: Error,
        batch: &AudienceUsers,
        session: &AudienceSession,
        was_tried: bool,
    ) -> Result<(u64, u64)> {
        let is_of_a_repeat = match error.api().and_then(|api| api.subcode) {
            Some(BUSY) => session.batch_seq == 1,
            Some(CLOSED) => session.last_batch_flag,
            _ => false,
        };
        if !is_of_a_repeat || !(was_tried || error.may_have_been_sent()) {
            return Err(error);
        }
        let query = SessionQuery { session_id: Some(self.session_id), ..SessionQuery::default() };
        let sessions = self.audiences.sessions(self.audience, &query).await?;
        let rows = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        match sessions.data.iter().find(|found| found.session_id == self.session_id) {
            Some(found) if found.num_received == self.done.received + rows => {
                Ok((rows, found.num_invalid_entries.saturating_sub(self.done.invalid)))
            }
            _ => Err(error),
        }
    }
}

impl<'c> AudiencesClient<'c> {
    /// An upload of any number of people in one session. `session_id` is a number of the caller's own, unique in the
    /// account.
    pub fn upload<'u>(
        &self,
        action: UploadAction,
        audience: &'u AudienceId,
        users: &'u AudienceUsers,
        session_id: u64,
    ) -> UsersUpload<'c, 'u> {
        let (done, was_tried) = (AudienceUpload::default(), false);
        UsersUpload { audiences: *self, audience, users, action, session_id, done, was_tried }
    }

    /// Adds any number of people in one session.
    ///
    /// # Errors
    /// Those of [`UsersUpload::run`]. The same upload may be made again with another `session_id`.
    pub async fn add_all(&self, id: &AudienceId, users: &AudienceUsers, session_id: u64) -> Result<AudienceUpload> {
        self.upload(UploadAction::Add, id, users, session_id).run().await
    }

    /// Removes any number of people in one session.
    ///
    /// # Errors
    /// As [`add_all`](Self::add_all).
    pub async fn remove_all(&self, id: &AudienceId, users: &AudienceUsers, session_id: u64) -> Result<AudienceUpload> {
        self.upload(UploadAction::Remove, id, users, session_id).run().await
    }

    /// Replaces everybody by these people in one session, which Meta ends after 90 minutes. Ads go on learning.
    ///
    /// # Errors
    /// As [`add_all`](Self::add_all), and [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) while the audience is being
    /// changed otherwise.
    pub async fn replace_all(&self, id: &AudienceId, users: &AudienceUsers, session_id: u64) -> Result<AudienceUpload> {
        self.upload(UploadAction::Replace, id, users, session_id).run().await
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use serde_json::json;

    use super::*;
    use crate::ErrorKind;
    use crate::audiences::AudienceKey;
    use crate::testing::{scripted, sent};

    fn taken(count: u32) -> Script {
        let body = json!({ "audience_id": "5", "session_id": "9", "num_received": count, "num_invalid_entries": 1,
            "invalid_entry_samples": {} });
        answer(200).body(body.to_string())
    }

    fn refused(subcode: i64) -> Script {
        let error = json!({ "message": "no", "code": 2650, "error_subcode": subcode });
        answer(400).body(json!({ "error": error }).to_string())
    }

    fn people(count: u32) -> AudienceUsers {
        AudienceUsers::of(AudienceKey::ExternId, (0..count).map(|n| n.to_string()))
    }

    #[test]
    fn people_are_sent_in_batches_of_one_session() {
        let (harness, meta) = scripted([taken(10_000), taken(10_000), taken(1)]);
        let users = people(20_001).with_consent();
        let upload = harness.run(meta.audiences().replace_all(&"5".into(), &users, 9)).unwrap();
        assert_eq!(upload, AudienceUpload { batches: 3, received: 20_001, invalid: 3 });
        let sent = sent(&harness);
        assert_eq!(sent[0].0, "POST /v26.0/5/usersreplace");
        let expected =
            json!({ "session_id": 9, "batch_seq": 3, "last_batch_flag": true, "estimated_num_total": 20_001 });
        assert_eq!(sent[2].1["session"], expected);
        assert_eq!(sent[2].1["payload"], json!({ "schema": ["EXTERN_ID"], "is_raw": true, "data": [["20000"]] }));
        assert_eq!(
            (&sent[0].1["session"]["last_batch_flag"], &sent[0].1["customer_consent"]),
            (&json!(false), &json!(true))
        );
    }

    #[test]
    fn an_upload_goes_on_with_the_batch_that_failed() {
        let (harness, meta) = scripted([taken(10_000), refused(1_870_148), taken(1)]);
        let (id, users) = ("5".into(), people(10_001));
        let audiences = meta.audiences();
        let mut upload = audiences.upload(UploadAction::Add, &id, &users, 9);
        assert_eq!(harness.run(upload.run()).unwrap_err().kind(), ErrorKind::Conflict);
        let kept = serde_json::to_string(&upload.progress()).unwrap();
        let mut later =
            audiences.upload(UploadAction::Add, &id, &users, 9).resume(serde_json::from_str(&kept).unwrap());
        assert_eq!(harness.run(later.run()).unwrap(), AudienceUpload { batches: 2, received: 10_001, invalid: 2 });
        assert_eq!(sent(&harness)[2].1["session"]["batch_seq"], 2);
    }

    #[test]
    fn an_upload_can_be_left_between_batches() {
        let (harness, meta) = scripted([taken(10_000), taken(1)]);
        let (id, users) = ("5".into(), people(10_001));
        let audiences = meta.audiences();
        let mut upload = audiences.upload(UploadAction::Replace, &id, &users, 9);
        assert!(harness.run(upload.send_next()).unwrap());
        assert_eq!((sent(&harness).len(), upload.progress().received), (1, 10_000));
        assert!(!harness.run(upload.send_next()).unwrap());
        assert!(!harness.run(upload.send_next()).unwrap());
        assert_eq!(sent(&harness)[1].1["session"]["last_batch_flag"], true);
        assert_eq!(sent(&harness).len(), 2);
    }

    #[test]
    fn a_batch_that_arrived_before_is_found_in_its_session() {
        let session = |received: u32| {
            let session =
                json!({ "session_id": "9", "num_received": received.to_string(), "num_invalid_entries": "3" });
            answer(200).body(json!({ "data": [session] }).to_string())
        };
        for (received, is_there) in [(7, true), (6, false)] {
            let (harness, meta) = scripted([refused(CLOSED), session(received)]);
            let (id, users) = ("5".into(), people(7));
            let upload = meta.audiences().upload(UploadAction::Replace, &id, &users, 9);
            let result = harness.run(upload.resume(AudienceUpload::default()).run());
            assert_eq!(result.ok(), is_there.then_some(AudienceUpload { batches: 1, received: 7, invalid: 3 }));
            assert_eq!(sent(&harness)[1].0, "GET /v26.0/5/sessions?session_id=9");
        }
        let (harness, meta) = scripted([refused(BUSY)]);
        let error = harness.run(meta.audiences().replace_all(&"5".into(), &people(7), 9)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "somebody else's upload");
    }
}
