//! Days, and the moments of a day at which something happens.
//!
//! Everything hangs on absolute days: what happened on a day does not depend on when the seed runs, so two runs with
//! overlapping windows agree, and a later run adds only the days between.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

use super::random::Random;

/// Days of events before the end.
pub(super) const EVENT_DAYS: i64 = 90;
/// Events in any [`EVENT_DAYS`] days in a row.
pub(super) const EVENTS: i64 = 50_000;
/// Days of sign-ups before the end: 2,000 users.
pub(super) const USER_DAYS: i64 = 400;
/// Users that sign up on each day.
pub(super) const SIGN_UPS: i64 = 5;
/// On any day of the events, a user may act who signed up this long before: also in the first window they exist.
pub(super) const ACTIVE_DAYS: i64 = USER_DAYS - EVENT_DAYS;

/// Relative traffic by the hour, UTC: Europe's day runs into America's.
const HOURS: [f64; 24] = [
    5.0, 4.0, 3.0, 2.5, 2.0, 2.0, 2.5, 4.0, 6.0, 7.5, 8.0, 8.0, 8.5, 9.5, 10.5, 11.0, 11.0, 10.5, 10.0, 9.5, 9.0, 8.5,
    7.5, 6.0,
];
const MILLISECONDS: f64 = 86_400_000.0;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) i64);

impl Day {
    pub(super) fn of(date: NaiveDate) -> Self {
        const EPOCH: i32 = 719_163;
        Self(i64::from(date.num_days_from_ce() - EPOCH))
    }

    pub(super) fn date(self) -> NaiveDate {
        let epoch = DateTime::UNIX_EPOCH.date_naive();
        epoch.checked_add_days(Days::new(self.0.unsigned_abs())).unwrap_or(epoch)
    }

    pub(super) fn start(self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(self.0)
    }

    pub(super) fn before(self, days: i64) -> Self {
        Self(self.0 - days)
    }

    /// How many events happen on this day: 555 or 556, and [`EVENTS`] in any [`EVENT_DAYS`] days.
    pub(super) fn events(self) -> usize {
        let until = |day: i64| (day * EVENTS).div_euclid(EVENT_DAYS);
        usize::try_from(until(self.0 + 1) - until(self.0)).unwrap_or_default()
    }

    /// When the event at this place of the day happens. Later places are later.
    pub(super) fn moment(self, place: usize) -> DateTime<Utc> {
        let jitter = Random::of("moment", [self.0, i64::try_from(place).unwrap_or_default()]).fraction() * 0.9;
        let share = ((place as f64 + jitter) / self.events() as f64).min(1.0);
        let milliseconds = (at_share(share) * MILLISECONDS).min(MILLISECONDS - 1.0);
        self.start() + TimeDelta::milliseconds(milliseconds as i64)
    }
}

/// The part of the day that is over when this share of its traffic has passed.
fn at_share(share: f64) -> f64 {
    let mut left = share * HOURS.iter().sum::<f64>();
    let mut hours = 0.0;
    for weight in HOURS {
        if left < weight {
            return (hours + left / weight) / 24.0;
        }
        left -= weight;
        hours += 1.0;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_ninety_days_have_fifty_thousand_events() {
        for first in [0, 1, 44, 89, 20_000, 20_751] {
            let total: usize = (first..first + EVENT_DAYS).map(|day| Day(day).events()).sum();
            assert_eq!(i64::try_from(total).unwrap(), EVENTS);
        }
    }

    #[test]
    fn moments_are_in_order_within_the_day_and_follow_the_clock() {
        let day = Day::of(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        let moments: Vec<_> = (0..day.events()).map(|place| day.moment(place)).collect();
        assert!(moments.is_sorted());
        assert!(moments.iter().all(|moment| moment.date_naive() == day.date()));
        let between = |from, to| {
            let inside = |at: &&DateTime<Utc>| (from..to).contains(&(**at - day.start()).num_hours());
            moments.iter().filter(inside).count()
        };
        assert!(between(14, 18) > 3 * between(2, 6), "afternoons are busier than nights");
    }
}
