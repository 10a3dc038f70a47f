//! Batches that Meta works off while nobody waits: each call becomes a session.

use acd_core::{Operation, TimeoutClass};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Batch, BatchError};
use crate::error::{ApiError, Result};
use crate::limits::{AD_ACCOUNT, AD_ACCOUNT_WRITES, ADS_INSIGHTS, ADS_MANAGEMENT, APP};
use crate::macros::{object, open_enum};
use crate::{AsyncSessionId, MetaCall, MetaClient, Timestamp};

/// `POST /` with `asyncbatch`. What it holds may act twice, so that it is not repeated.
pub const START: Operation = Operation::new("meta.batch.start", Method::POST, "/{version}/")
    .pool(AD_ACCOUNT)
    .pool(AD_ACCOUNT_WRITES)
    .pool(ADS_MANAGEMENT)
    .pool(ADS_INSIGHTS)
    .timeout(TimeoutClass::Long);
/// `GET /{session}` ([page](https://developers.facebook.com/documentation/ads-commerce/marketing-api/collaborative-ads/managed-partner-ads/api-guide/async-api-user-guide),
/// read 2026-11)
pub const SESSION: Operation = Operation::new("meta.batch.session", Method::GET, "/{version}/{id}").safe().pool(APP);

open_enum! {
    /// Where a session stands.
    SessionStatus {
        NotStarted = "NOT_STARTED",
        InProgress = "IN_PROGRESS",
        Completed = "COMPLETED",
        Failed = "FAILED",
    }
}

object! {
    /// A call that Meta makes while nobody waits.
    AsyncSession(AsyncSessionId), AsyncSessionFields {
        /// The name that the call had in its batch.
        name: String,
        /// Where it stands.
        status: SessionStatus,
        /// How much is done, in percent.
        percent_completed: u8,
        /// What the call answered, as text: [`answer`](AsyncSession::answer) reads it.
        result: String,
        /// Meta's code, when it failed.
        error_code: i64,
        /// Why it failed.
        exception: String,
        /// When it began.
        start_time: Timestamp,
        /// When it ended.
        complete_time: Timestamp,
    }
}

impl AsyncSession {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status, Some(SessionStatus::Completed | SessionStatus::Failed))
    }

    /// What the call answered.
    ///
    /// # Errors
    /// [`BatchError::NoAnswer`] before there is one; otherwise as [`BatchAnswers::take`](super::BatchAnswers::take).
    pub fn answer<T: DeserializeOwned>(&self) -> std::result::Result<T, BatchError> {
        let result = self.result.as_deref().ok_or(BatchError::NoAnswer)?;
        match ApiError::read(result.as_bytes()) {
            Some(error) => Err(BatchError::Api(Box::new(error))),
            None => BatchError::decode(result),
        }
    }
}

/// A session that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SessionStarted {
    /// The session.
    pub id: AsyncSessionId,
    /// The name that the call had in its batch.
    #[serde(default)]
    pub name: Option<String>,
}

/// The sessions that have begun.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SessionsStarted {
    /// One for each call: those with a name are found by it.
    pub async_sessions: Vec<SessionStarted>,
}

impl MetaClient {
    /// Hands a batch over to be worked off while nobody waits. Not repeated when its outcome is unknown.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub async fn start_batch(&self, batch: &Batch) -> Result<SessionsStarted> {
        let form = batch.form("asyncbatch", "")?;
        let call = MetaCall::json(self, &START).counted_for(&batch.account);
        call.http(|call| batch.charged(&START, call, form)).await
    }

    /// Reads where a session stands. Safe to repeat.
    pub fn batch_session(&self, id: &AsyncSessionId, fields: &AsyncSessionFields) -> MetaCall<'_, AsyncSession> {
        MetaCall::json(self, &SESSION).path("id", id).param("fields", fields)
    }
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture as _;

    use acd_core::testing::answer;
    use serde_json::Value;

    use super::*;
    use crate::CampaignId;
    use crate::answers::Created;
    use crate::testing::scripted;

    #[test]
    fn calls_are_handed_over_and_their_answers_read_later() {
        let (harness, meta) = scripted([
            answer(200).body(r#"{"async_sessions":[{"id":"5","name":"one"},{"id":6}]}"#),
            answer(200).body(r#"{"id":"5","status":"IN_PROGRESS","percent_completed":10}"#),
            answer(200).body(r#"{"id":"5","status":"COMPLETED","result":"{\"id\":\"120\"}"}"#),
            answer(200).body(r#"{"id":"6","status":"FAILED","result":"{\"error\":{\"message\":\"m\",\"code\":100}}"}"#),
        ]);
        let mut batch = Batch::of("17".into());
        batch.add_named("one", meta.campaigns().delete(&"1".into())).unwrap();
        batch.add(meta.campaigns().delete(&"2".into())).unwrap();
        let started = harness.run(meta.start_batch(&batch)).unwrap().async_sessions;
        assert_eq!((started[0].name.as_deref(), started[1].id.as_str()), (Some("one"), "6"));
        let read = |id: &AsyncSessionId| {
            harness.run(meta.batch_session(id, &AsyncSessionFields::all()).into_future()).unwrap()
        };
        let session = read(&started[0].id);
        assert_eq!((session.is_over(), session.answer::<Value>()), (false, Err(BatchError::NoAnswer)));
        let session = read(&started[0].id);
        assert_eq!((session.is_over(), session.answer::<Created<CampaignId>>().unwrap().id.as_str()), (true, "120"));
        assert!(matches!(read(&started[1].id).answer::<Value>(), Err(BatchError::Api(error)) if error.code == 100));
        let body = String::from_utf8(harness.requests()[0].body.to_vec()).unwrap();
        assert!(body.starts_with("asyncbatch=%5B%7B%22method%22%3A%22DELETE%22"), "{body}");
    }
}
