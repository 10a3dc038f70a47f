//! The simulator's time: the runtime's, moved ahead as a test likes.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use acd_core::Runtime;
use chrono::{DateTime, Utc};

/// Tells the time and waits.
#[derive(Debug)]
pub(super) struct SimClock {
    runtime: Runtime,
    ahead: Mutex<Duration>,
}

impl SimClock {
    pub(super) fn new(runtime: Runtime) -> Self {
        Self { runtime, ahead: Mutex::default() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        DateTime::from(self.runtime.wall()) + ahead
    }

    /// Moves the time on, for all that asks afterwards.
    pub(super) fn advance(&self, by: Duration) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(by);
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

/// A time as Meta writes it: an offset without a colon.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// A time as Meta takes it: its own form, RFC 3339, or seconds since 1970.
pub(super) fn read(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = text.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let parsed = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").or_else(|_| DateTime::parse_from_rfc3339(text));
    parsed.ok().map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_a_time_and_writes_one() {
        for text in ["2026-01-05T10:00:00+0000", "2026-01-05T11:00:00+01:00", "2026-01-05T10:00:00Z", "1767607200"] {
            assert_eq!(read(text).map(written).as_deref(), Some("2026-01-05T10:00:00+0000"), "{text}");
        }
        assert_eq!(read("tomorrow"), None);
    }
}
