//! The times of an event: Segment's clock-skew rule, and the bounds of ids by time.

use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::row::Row;

const OLDEST: TimeDelta = TimeDelta::days(7);
const NEWEST: TimeDelta = TimeDelta::minutes(5);
/// Around a month's end two replicas may stamp the same message into different partitions.
const BOUNDARY: TimeDelta = TimeDelta::minutes(2);

/// When an event happened: `receivedAt - (sentAt - originalTimestamp)`, so that a wrong client clock cancels out,
/// kept within the week before and the five minutes after it was received.
pub(super) fn happened_at(row: &Row, received_at: DateTime<Utc>) -> DateTime<Utc> {
    let Some(original) = row.original_timestamp else { return received_at };
    let corrected = match row.sent_at {
        Some(sent_at) => received_at.checked_sub_signed(sent_at - original).unwrap_or(received_at),
        None => original,
    };
    corrected.clamp(received_at - OLDEST, received_at + NEWEST)
}

/// The smallest id of a moment, to compare ids by time.
pub(crate) fn floor(at: DateTime<Utc>) -> Uuid {
    let millis = u128::from(at.timestamp_millis().clamp(0, (1 << 48) - 1).unsigned_abs());
    Uuid::from_u128(millis << 80)
}

/// Where else than in its own month a message may be stored already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Neighbours {
    /// First id to look at.
    pub(super) from: Uuid,
    /// First id not to look at.
    pub(super) to: Uuid,
    /// Whether a writer must be alone: around a month's end the index of one partition cannot tell
    /// two writers apart whose clocks lie on either side.
    pub(super) alone: bool,
}

/// The neighbours of a moment: the month before, and around a month's end the month after too.
pub(super) fn neighbours(at: DateTime<Utc>) -> Neighbours {
    let this = month_start(at);
    let next = this.checked_add_months(Months::new(1)).unwrap_or(this);
    let before = this.checked_sub_months(Months::new(1)).unwrap_or(this);
    if at - this < BOUNDARY || next - at < BOUNDARY {
        let after_next = next.checked_add_months(Months::new(1)).unwrap_or(next);
        return Neighbours { from: floor(before), to: floor(after_next), alone: true };
    }
    Neighbours { from: floor(before), to: floor(this), alone: false }
}

fn month_start(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().with_day(1).unwrap_or(at.date_naive()).and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn neighbours_reach_over_the_month_end_only_near_it() {
        let mid = neighbours(at("2026-11-15T00:00:00Z"));
        assert_eq!(
            (mid.from, mid.to, mid.alone),
            (floor(at("2026-10-01T00:00:00Z")), floor(at("2026-11-01T00:00:00Z")), false)
        );
        for edge in ["2026-11-30T23:58:01Z", "2026-11-01T00:01:59Z"] {
            let near = neighbours(at(edge));
            assert!(near.alone, "{edge}");
        }
        assert_eq!(neighbours(at("2026-11-30T23:59:00Z")).to, floor(at("2027-01-01T00:00:00Z")));
        assert_eq!(neighbours(at("2026-12-01T00:00:00Z")).from, floor(at("2026-11-01T00:00:00Z")));
    }

    #[test]
    fn floor_is_below_every_id_of_its_millisecond() {
        let now = at("2026-11-15T12:34:56.789Z");
        let id = Uuid::new_v7(uuid::Timestamp::from_unix_time(now.timestamp().unsigned_abs(), 789_000_000, 0, 0));
        assert!(floor(now) < id && id < floor(now + TimeDelta::milliseconds(1)));
    }
}
