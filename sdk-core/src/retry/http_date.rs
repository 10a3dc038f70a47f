//! Dates as HTTP writes them.

use std::time::{Duration, SystemTime};

/// The time that an [HTTP date](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7) tells, in any of its three forms. Years of two
/// digits are those from 1970 to 2069. What is left out of account, since a wait does not hang on it: the day of the week, what stands
/// between the parts, and that some months are shorter than 31 days.
pub(super) fn read(text: &str) -> Option<SystemTime> {
    let mut parts = text.split([' ', ',', '-', ':']).filter(|part| !part.is_empty());
    let mut eight = [""; 8];
    for part in &mut eight {
        *part = parts.next().unwrap_or_default();
    }
    let [_, day, month, year, hour, minute, second, zone] = match eight {
        // asctime's: it names no zone, and means this one.
        [name, month, day, hour, minute, second, year, ""] => [name, day, month, year, hour, minute, second, "GMT"],
        others => others,
    };
    let months = b"JanFebMarAprMayJunJulAugSepOctNovDec".chunks(3);
    let month = (1..).zip(months).find(|(_, name)| *name == month.as_bytes()).map(|(place, _)| place)?;
    let year = match (number(year, 9999)?, year.len()) {
        (year @ 0..70, 2) => 2000 + year,
        (year, 2) => 1900 + year,
        (year, _) => year,
    };
    let (day, hour, minute) = (number(day, 31)?, number(hour, 23)?, number(minute, 59)?);
    // Some minutes have 61 seconds.
    let second = number(second, 60)?;
    let days = days(year, month, day).filter(|_| day > 0 && zone == "GMT" && parts.next().is_none())?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second))
}

/// What digits alone spell, if it is not too much.
fn number(digits: &str, most: u64) -> Option<u64> {
    // `parse` would take a sign.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number <= most)
}

/// Days since 1970; none for a date before.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    // Years that begin in March: a leap day is the last of its year, and months follow a rule.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5;
    (before + day).checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        read(text)?.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs())
    }

    #[test]
    fn all_three_forms_are_read() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Tuesday, 31-Dec-69 23:59:60 GMT"), Some(3_155_760_000));
        assert_eq!(seconds("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
    }

    #[test]
    fn what_is_no_such_date_is_none() {
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 GMT 1",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 ovD 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 01 Jan 0 00:00:00 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_date_is_read_as_httpdate_reads_it(at in 0..253_402_300_800_u64) {
            let text = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(at));
            prop_assert_eq!(seconds(&text), Some(at), "{}", text);
        }

        #[test]
        fn no_text_panics(text in "[A-Za-z]{3}[ ,]{1,2}[0-9]{1,5}[ -][A-Z][a-z]{2}[ -][0-9]{1,20}[ ][0-9:]{0,9} GMT") {
            seconds(&text);
        }
    }
}
