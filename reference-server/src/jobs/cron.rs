//! Times as cron has them, in a time zone.
//!
//! The five fields and their rules are those of Vixie's cron, crontab(5). When the clock is put forward, a time that it skips is
//! made up for at the first moment after; when it is put back, a time that it shows twice counts once, the first time. An hour
//! field that begins with `*` means an interval, not a time of day: it goes by real time across both changes.

use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// A leap day is 8 years from the one before where a century leaves one out.
const HORIZON_DAYS: u64 = 9 * 366;
const DAY_MINUTES: u32 = 24 * 60;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Times that come again and again: each field a set of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both days are restricted: either will do.
    is_either_day: bool,
    is_interval: bool,
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field { name: "month", least: 1, most: 12, names: &MONTHS },
    Field { name: "day of the week", least: 0, most: 7, names: &WEEKDAYS },
];

impl Cron {
    /// Reads the five fields, or one of cron's short names.
    ///
    /// # Errors
    /// Says which field is wrong and what it may be.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            text => text,
        };
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!(
                "has {} fields; wanted are 5 (minute, hour, day of the month, month, day of the week) or a name such as @daily",
                fields.len()
            ));
        };
        let [minutes, hours, days, months, weekdays] = &FIELDS;
        let sundays = weekdays.read(weekday)?;
        Ok(Self {
            minutes: minutes.read(minute)?,
            hours: hours.read(hour)?,
            days: days.read(day)?,
            months: months.read(month)?,
            // 7 is Sunday too.
            weekdays: sundays & 0x7f | sundays >> 7,
            is_either_day: !day.starts_with('*') && !weekday.starts_with('*'),
            is_interval: hour.starts_with('*'),
        })
    }

    /// The first of these times after a moment; none when they never come.
    pub(super) fn next_after(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        // A day earlier: what a clock skipped yesterday may be made up for today.
        let mut date = after.with_timezone(&zone).date_naive().checked_sub_days(Days::new(1))?;
        for _ in 0..HORIZON_DAYS {
            if self.has_date(date)
                && let Some(next) = self.moments(date, zone).into_iter().find(|moment| *moment > after)
            {
                return Some(next);
            }
            date = date.checked_add_days(Days::new(1))?;
        }
        None
    }

    fn has_date(&self, date: NaiveDate) -> bool {
        let day = self.days >> date.day() & 1 == 1;
        let weekday = self.weekdays >> date.weekday().num_days_from_sunday() & 1 == 1;
        let fits = if self.is_either_day { day || weekday } else { day && weekday };
        fits && self.months >> date.month() & 1 == 1
    }

    /// Every moment of a date that has one of the times, in order.
    fn moments(&self, date: NaiveDate, zone: Tz) -> Vec<DateTime<Utc>> {
        let mut moments: Vec<DateTime<Utc>> = (0..DAY_MINUTES)
            .filter(|minute| self.hours >> (minute / 60) & 1 == 1 && self.minutes >> (minute % 60) & 1 == 1)
            .filter_map(|minute| date.and_hms_opt(minute / 60, minute % 60, 0))
            .flat_map(|local| self.moments_of(local, zone))
            .flatten()
            .collect();
        moments.sort_unstable();
        moments
    }

    fn moments_of(&self, local: NaiveDateTime, zone: Tz) -> [Option<DateTime<Utc>>; 2] {
        let utc = |moment: DateTime<Tz>| Some(moment.with_timezone(&Utc));
        match zone.from_local_datetime(&local) {
            MappedLocalTime::Single(moment) => [utc(moment), None],
            MappedLocalTime::Ambiguous(first, second) if self.is_interval => [utc(first), utc(second)],
            MappedLocalTime::Ambiguous(first, _) => [utc(first), None],
            MappedLocalTime::None if self.is_interval => [None, None],
            MappedLocalTime::None => [after_gap(local, zone), None],
        }
    }
}

/// The first moment after a time that the clock skips. The longest skip there was is a whole day.
fn after_gap(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    (1..=i64::from(DAY_MINUTES) + 1)
        .filter_map(|minutes| local.checked_add_signed(TimeDelta::minutes(minutes)))
        .find_map(|later| zone.from_local_datetime(&later).earliest())
        .map(|moment| moment.with_timezone(&Utc).with_second(0).unwrap_or_default())
}

impl Field {
    fn read(&self, text: &str) -> Result<u64, String> {
        text.split(',').try_fold(0, |bits, part| Ok(bits | self.part(part)?))
    }

    fn part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((first, last)) => (self.value(first, part)?, self.value(last, part)?),
            None if step.is_some() => (self.value(range, part)?, self.most),
            None => (self.value(range, part)?, self.value(range, part)?),
        };
        let step = match step {
            None => 1,
            Some(step) => digits(step).filter(|step| *step > 0).ok_or_else(|| self.refuse(part))?,
        };
        if first > last {
            return Err(self.refuse(part));
        }
        Ok((first..=last).step_by(step as usize).fold(0, |bits, value| bits | 1 << value))
    }

    fn value(&self, text: &str, part: &str) -> Result<u32, String> {
        let named = self.names.iter().zip(self.least..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        let value = named.map(|(_, value)| value).or_else(|| digits(text));
        value.filter(|value| (self.least..=self.most).contains(value)).ok_or_else(|| self.refuse(part))
    }

    fn refuse(&self, part: &str) -> String {
        let names = if self.names.is_empty() { "" } else { ", or names such as " };
        let name = self.names.get(1).copied().unwrap_or_default();
        format!(
            "`{part}` is no {}; wanted are numbers from {} to {}{names}{name}, as *, 1, 1-5, */2 or 1,3",
            self.name, self.least, self.most
        )
    }
}

fn digits(text: &str) -> Option<u32> {
    ((1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The zone of an IANA name.
///
/// # Errors
/// Says what a name looks like.
pub(super) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| "no IANA time zone has this name; wanted is one such as Europe/Berlin or UTC".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(cron: &str, zone_name: &str, from: &str, count: usize) -> Vec<String> {
        let (cron, zone) = (Cron::parse(cron).unwrap(), zone(zone_name).unwrap());
        let mut at: DateTime<Utc> = from.parse().unwrap();
        (0..count)
            .map(|_| {
                at = cron.next_after(at, zone).unwrap();
                at.with_timezone(&zone).format("%F %H:%M %z").to_string()
            })
            .collect()
    }

    #[test]
    fn fields_are_read_as_crontab_has_them() {
        for (cron, times) in [
            ("*/20 9 * * *", vec!["2026-01-01 09:00", "2026-01-01 09:20", "2026-01-01 09:40", "2026-01-02 09:00"]),
            ("5/25 9-10 * * *", vec!["2026-01-01 09:05", "2026-01-01 09:30", "2026-01-01 09:55", "2026-01-01 10:05"]),
            ("0 0 29 FEB *", vec!["2028-02-29 00:00", "2032-02-29 00:00"]),
            ("0 12 * * 7", vec!["2026-01-04 12:00", "2026-01-11 12:00"]),
            ("0 12 * * sat,1-2", vec!["2026-01-03 12:00", "2026-01-05 12:00", "2026-01-06 12:00"]),
            ("0 0 13 * fri", vec!["2026-01-02 00:00", "2026-01-09 00:00", "2026-01-13 00:00", "2026-01-16 00:00"]),
            ("0 0 */2 * fri", vec!["2026-01-09 00:00", "2026-01-23 00:00"]),
            ("@monthly", vec!["2026-02-01 00:00", "2026-03-01 00:00"]),
        ] {
            let got = runs(cron, "UTC", "2026-01-01T00:00:00Z", times.len());
            let times: Vec<String> = times.into_iter().map(|time| format!("{time} +0000")).collect();
            assert_eq!(got, times, "{cron}");
        }
        let never = Cron::parse("0 0 30 2 *").unwrap();
        assert_eq!(never.next_after("2026-01-01T00:00:00Z".parse().unwrap(), Tz::UTC), None);
    }

    #[test]
    fn what_is_no_cron_is_refused_with_the_field() {
        for (text, part) in [
            ("", "has 0 fields"),
            ("* * * *", "has 4 fields"),
            ("60 * * * *", "`60` is no minute"),
            ("* 24 * * *", "no hour"),
            ("* * 0 * *", "no day of the month"),
            ("* * * 13 *", "no month"),
            ("* * * * 8", "no day of the week"),
            ("*/0 * * * *", "no minute"),
            ("5-1 * * * *", "no minute"),
            ("1,,2 * * * *", "no minute"),
            ("+1 * * * *", "no minute"),
            ("* * * jän *", "no month"),
            ("@sometimes", "has 1 fields"),
        ] {
            let refused = Cron::parse(text).unwrap_err();
            assert!(refused.contains(part), "{text}: {refused}");
        }
    }

    #[test]
    fn a_time_that_the_clock_skips_is_made_up_for_right_after() {
        // Berlin goes from 02:00 to 03:00 on 2026-03-29.
        let got = runs("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3);
        assert_eq!(got, ["2026-03-28 02:30 +0100", "2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200"]);
        // Three skipped times of one day are made up for once, and one that is not skipped stays where it is.
        let got = runs("0,20,40 2,3 29 3 *", "Europe/Berlin", "2026-03-28T12:00:00Z", 3);
        assert_eq!(got, ["2026-03-29 03:00 +0200", "2026-03-29 03:20 +0200", "2026-03-29 03:40 +0200"]);
        // Lord Howe Island moves by half an hour.
        let got = runs("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T16:00:00Z", 2);
        assert_eq!(got, ["2026-10-04 02:30 +1100", "2026-10-05 02:15 +1100"]);
        // Samoa left out a whole day.
        let got = runs("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3);
        assert_eq!(got, ["2011-12-29 12:00 -1000", "2011-12-31 00:00 +1400", "2011-12-31 12:00 +1400"]);
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_counts_once() {
        // New York goes from 02:00 back to 01:00 on 2026-11-01.
        let got = runs("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2);
        assert_eq!(got, ["2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"]);
    }

    #[test]
    fn an_interval_goes_by_real_time_across_both_changes() {
        let got = runs("30 * * * *", "America/New_York", "2026-11-01T04:00:00Z", 4);
        let back =
            ["2026-11-01 00:30 -0400", "2026-11-01 01:30 -0400", "2026-11-01 01:30 -0500", "2026-11-01 02:30 -0500"];
        assert_eq!(got, back);
        let got = runs("0 */2 * * *", "Europe/Berlin", "2026-03-28T22:30:00Z", 2);
        assert_eq!(got, ["2026-03-29 00:00 +0100", "2026-03-29 04:00 +0200"]);
        let got = runs("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3);
        assert_eq!(got, ["2026-03-29 01:30 +0100", "2026-03-29 03:00 +0200", "2026-03-29 03:30 +0200"]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = Cron::parse(&text);
        }

        #[test]
        fn times_come_in_order_and_none_between_is_left_out(
            minute in 0_u32..60, hour in 0_u32..24, start in 1_700_000_000_i64..1_900_000_000, skip in 0_i64..200_000
        ) {
            let zone = Tz::America__New_York;
            let cron = Cron::parse(&format!("{minute} {hour} * * *")).unwrap();
            let start = DateTime::from_timestamp(start, 0).unwrap();
            let next = cron.next_after(start, zone).unwrap();
            prop_assert!(next > start && next - start <= TimeDelta::hours(26));
            // From any moment before it the same time follows.
            let between = start + TimeDelta::seconds(skip.min((next - start).num_seconds() - 1));
            prop_assert_eq!(cron.next_after(between, zone), Some(next));
        }
    }
}
