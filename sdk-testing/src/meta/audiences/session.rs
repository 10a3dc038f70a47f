//! Uploads in several calls: <https://developers.facebook.com/docs/marketing-api/reference/custom-audience/usersreplace>.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::{GraphError, refusal};
use super::super::params::as_text;
use super::people::People;

/// After this a session ends by itself.
pub(super) const LONGEST: TimeDelta = TimeDelta::minutes(90);

/// What an upload does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Remove,
    Replace,
}

/// The parameter `session`: which part of which upload a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) session: u64,
    pub(super) batch: u64,
    pub(super) is_last: bool,
}

impl Part {
    pub(super) fn read(call: &Call) -> Result<Option<Self>, GraphError> {
        let Some(session) = call.params.json("session") else { return Ok(None) };
        let number = |name: &str| {
            let number = session.get(name).map(as_text).and_then(|text| text.parse().ok()).filter(|number| *number > 0);
            number.ok_or_else(|| GraphError::invalid("session", format!("must hold {name}, a number from 1")))
        };
        let is_last = session.get("last_batch_flag").map(as_text);
        let is_last = is_last.is_some_and(|flag| matches!(flag.as_str(), "true" | "1"));
        Ok(Some(Self { session: number("session_id")?, batch: number("batch_seq")?, is_last }))
    }
}

/// What one call brought.
#[derive(Clone, Copy, Debug, Default)]
struct Batch {
    received: usize,
    invalid: usize,
}

/// One upload.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) account: u64,
    /// None for one that removes people from all audiences of the account.
    pub(super) audience: Option<u64>,
    pub(super) id: u64,
    pub(super) action: Action,
    schema: Vec<&'static str>,
    pub(super) started: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    /// Whether it ended before its last batch came.
    timed_out: bool,
    /// A batch that comes twice counts once.
    batches: BTreeMap<u64, Batch>,
    /// Who will be the audience.
    pub(super) replacement: People,
}

impl Session {
    pub(super) fn new(
        account: u64,
        audience: Option<u64>,
        id: u64,
        action: Action,
        schema: Vec<&'static str>,
        now: DateTime<Utc>,
    ) -> Self {
        let (ended, timed_out, batches, replacement) = (None, false, BTreeMap::new(), People::default());
        Self { account, audience, id, action, schema, started: now, ended, timed_out, batches, replacement }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it is a replacement that never came to its end.
    pub(super) fn is_failed_replacement(&self) -> bool {
        self.timed_out && self.action == Action::Replace
    }

    /// Ends it if its time is over, and says whether it did.
    pub(super) fn expire(&mut self, now: DateTime<Utc>) -> bool {
        let end = self.started + LONGEST;
        let is_over = self.is_open() && end <= now;
        if is_over {
            (self.ended, self.timed_out) = (Some(end), true);
        }
        is_over
    }

    /// Whether the session takes this part.
    pub(super) fn check(
        &self,
        audience: Option<u64>,
        action: Action,
        schema: &[&'static str],
        part: Part,
    ) -> Result<(), GraphError> {
        if self.audience != audience || self.action != action {
            return Err(GraphError::invalid("session", "holds a session_id that another upload of the ad account has"));
        }
        if self.is_failed_replacement() {
            let explanation = "The replacement was not finished within 90 minutes. Begin a new session.";
            return Err(GraphError::refused(&refusal::REPLACE_TIMED_OUT, explanation));
        }
        if !self.is_open() {
            return Err(GraphError::refused(&refusal::SESSION_CLOSED, "The session has ended. Begin a new one."));
        }
        if self.schema != schema {
            return Err(GraphError::invalid("payload", "must have the same schema throughout a session"));
        }
        if action == Action::Replace && part.batch == 1 {
            let explanation = "The first batch was received already: go on with the next one.";
            return Err(GraphError::refused(&refusal::AUDIENCE_BUSY, explanation));
        }
        Ok(())
    }

    /// Counts a part.
    pub(super) fn count(&mut self, part: Part, received: usize, invalid: usize, now: DateTime<Utc>) {
        self.batches.insert(part.batch, Batch { received, invalid });
        if part.is_last {
            self.ended = Some(now);
        }
    }

    /// What `/sessions` tells of it; its numbers are text there.
    pub(super) fn shown(&self) -> Map<String, Value> {
        let received: usize = self.batches.values().map(|batch| batch.received).sum();
        let invalid: usize = self.batches.values().map(|batch| batch.invalid).sum();
        let stage = match (self.ended, self.timed_out) {
            (None, _) => "uploading",
            (Some(_), true) => "expired",
            (Some(_), false) => "done",
        };
        let mut shown = Map::from_iter([
            ("session_id".to_owned(), json!(self.id.to_string())),
            ("start_time".to_owned(), json!(self.started.timestamp().to_string())),
            ("stage".to_owned(), json!(stage)),
            ("progress".to_owned(), json!(if self.is_open() { "50" } else { "100" })),
            ("num_received".to_owned(), json!(received.to_string())),
            ("num_matched".to_owned(), json!((received - invalid).to_string())),
            ("num_invalid_entries".to_owned(), json!(invalid.to_string())),
        ]);
        if let Some(ended) = self.ended {
            shown.insert("end_time".to_owned(), json!(ended.timestamp().to_string()));
        }
        shown
    }
}
