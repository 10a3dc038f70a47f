//! A job before it is stored.

use std::time::Duration;

use acd_platform::jobs::EnqueueJob;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::handler::{Handler, Policy};
use crate::kernel::check;
use crate::kernel::problem::{Problem, Result};

/// Kinds that only the server itself puts into the queue and works on begin with this.
const RESERVED: &str = "acd.";
const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
const MAX_DELAY: TimeDelta = TimeDelta::days(366);
const DAY_MS: u32 = 86_400_000;

/// A job to be put into the queue by [`enqueue`](super::enqueue).
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    pub(super) kind: String,
    pub(super) payload: Value,
    pub(super) priority: i16,
    pub(super) run_at: Option<DateTime<Utc>>,
    pub(super) max_attempts: i32,
    pub(super) backoff_ms: i32,
    pub(super) backoff_max_ms: i32,
    pub(super) unique_key: Option<String>,
    pub(super) limit_key: Option<String>,
    pub(super) idempotency_key: Option<String>,
}

impl NewJob {
    /// A job for this handler, with the attempts and the backoff of its kind.
    ///
    /// # Errors
    /// 500 when the payload cannot be written as JSON.
    pub fn of<H: Handler>(payload: &H::Payload) -> Result<Self>
    where
        H::Payload: Serialize,
    {
        let payload = serde_json::to_value(payload).map_err(Problem::internal)?;
        Ok(Self::with_policy(H::KIND.to_owned(), payload, &H::POLICY))
    }

    fn with_policy(kind: String, payload: Value, policy: &Policy) -> Self {
        let ms = |wait: Duration| i32::try_from(wait.as_millis()).unwrap_or(i32::MAX).max(1);
        Self {
            kind,
            payload,
            priority: 0,
            run_at: None,
            max_attempts: i32::try_from(policy.max_attempts.clamp(1, 1_000)).unwrap_or(1),
            backoff_ms: ms(policy.backoff),
            backoff_max_ms: ms(policy.backoff_max),
            unique_key: None,
            limit_key: None,
            idempotency_key: None,
        }
    }

    /// Among the waiting jobs of its product, higher ones come first: -100 to 100.
    #[must_use]
    pub fn priority(self, priority: i16) -> Self {
        Self { priority: priority.clamp(-100, 100), ..self }
    }

    /// It may start then, not before.
    #[must_use]
    pub fn run_at(self, at: DateTime<Utc>) -> Self {
        Self { run_at: Some(at), ..self }
    }

    /// While a job of this kind with this key is not finished, no other is made. 1 to 200 characters.
    #[must_use]
    pub fn unique_key(self, key: impl Into<String>) -> Self {
        Self { unique_key: Some(key.into()), ..self }
    }

    /// It keeps to the limit with this key, which must exist. 1 to 200 characters.
    #[must_use]
    pub fn limit_key(self, key: impl Into<String>) -> Self {
        Self { limit_key: Some(key.into()), ..self }
    }

    pub(super) fn idempotency_key(self, key: Option<String>) -> Self {
        Self { idempotency_key: key, ..self }
    }

    /// A job as a caller asked for it, every value checked.
    pub(super) fn checked(wanted: EnqueueJob, now: DateTime<Utc>) -> Result<Self> {
        check_kind("kind", &wanted.kind)?;
        check_payload(&wanted.payload)?;
        if wanted.run_at.is_some_and(|at| at > now + MAX_DELAY) {
            return Err(check::invalid("run_at", "must be at most a year from now"));
        }
        for (field, key) in [("unique_key", &wanted.unique_key), ("limit_key", &wanted.limit_key)] {
            if let Some(key) = key {
                check::text(field, key, 1..=200)?;
            }
        }
        let job = Self::with_policy(wanted.kind, Value::Object(wanted.payload), &Policy::DEFAULT);
        Ok(Self {
            priority: check_priority(wanted.priority)?.unwrap_or(job.priority),
            // What lies in the past may start now; the wait is counted from then, not from when it was meant.
            run_at: wanted.run_at.filter(|at| *at > now),
            max_attempts: check_attempts(wanted.max_attempts)?.unwrap_or(job.max_attempts),
            backoff_ms: milliseconds("backoff_ms", wanted.backoff_ms)?.unwrap_or(job.backoff_ms),
            backoff_max_ms: milliseconds("backoff_max_ms", wanted.backoff_max_ms)?.unwrap_or(job.backoff_max_ms),
            unique_key: wanted.unique_key,
            limit_key: wanted.limit_key,
            ..job
        })
    }
}

fn milliseconds(field: &str, value: Option<u32>) -> Result<Option<i32>> {
    in_range(field, value, 1, DAY_MS)
}

/// A number of a request within its bounds, as the database has it.
pub(super) fn in_range(field: &str, value: Option<u32>, least: u32, most: u32) -> Result<Option<i32>> {
    let Some(value) = value else { return Ok(None) };
    match i32::try_from(value) {
        Ok(number) if (least..=most).contains(&value) => Ok(Some(number)),
        _ => Err(check::invalid(field, &format!("must be from {least} to {most}"))),
    }
}

pub(super) fn check_attempts(value: Option<u32>) -> Result<Option<i32>> {
    in_range("max_attempts", value, 1, 1_000)
}

pub(super) fn check_priority(value: Option<i16>) -> Result<Option<i16>> {
    match value {
        Some(value) if !(-100..=100).contains(&value) => Err(check::invalid("priority", "must be from -100 to 100")),
        value => Ok(value),
    }
}

/// What only objects within the limit are.
pub(super) fn check_payload(payload: &Map<String, Value>) -> Result<()> {
    check::object("payload", payload, MAX_PAYLOAD_BYTES)
}

/// A result of any form, within the limit of a payload.
pub(super) fn check_result(result: &Value) -> Result<()> {
    let mut whole = Map::new();
    whole.insert(String::new(), result.clone());
    check::object("result", &whole, MAX_PAYLOAD_BYTES)
}

/// A kind that callers may use.
pub(super) fn check_kind(field: &str, kind: &str) -> Result<()> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let letter_first = kind.starts_with(|first: char| first.is_ascii_lowercase());
    if kind.len() > 100 || !letter_first || !kind.split('.').all(word) {
        let why = "must be lower-case words of letters, digits and underscores, joined by dots, 100 characters at most";
        return Err(check::invalid(field, why));
    }
    if kind.starts_with(RESERVED) {
        let detail = format!("{field}: kinds that begin with acd. are the platform's own; choose another name");
        return Err(Problem::invalid("reserved_kind", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_words_joined_by_dots() {
        for kind in ["a", "email.send", "v2.x_1", "a.2"] {
            assert!(check_kind("kind", kind).is_ok(), "{kind}");
        }
        for kind in ["", "A", "1a", "a..b", ".a", "a.", "a b", "é", "a-b", &"a".repeat(101)] {
            assert_eq!(check_kind("kind", kind).unwrap_err().code, "invalid_body", "{kind}");
        }
        assert_eq!(check_kind("kind", "acd.jobs.clean_up").unwrap_err().code, "reserved_kind");
    }

    #[test]
    fn a_time_in_the_past_is_now() {
        let now = Utc::now();
        let wanted = EnqueueJob { run_at: Some(now - TimeDelta::days(1)), ..EnqueueJob::new("a.b", Map::new()) };
        assert_eq!(NewJob::checked(wanted, now).unwrap().run_at, None);
    }
}
