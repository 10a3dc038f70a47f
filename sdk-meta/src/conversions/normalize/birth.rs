//! Dates of birth, whole and in parts.

use super::text::trim;

/// The builder takes years up to the next one. This rule asks no clock, so it ends at a fixed one: a birth in the future
/// matches nobody in either case.
const YEARS: std::ops::RangeInclusive<u32> = 1800..=2100;

/// `YYYYMMDD`. Of three groups of digits the one above 31 is the year and one above 12 the day; otherwise the month comes
/// before the day, and both before the year. Eight digits alone are taken as they are.
pub(super) fn date(value: &str) -> Option<[u8; 8]> {
    let mut groups = value.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let first = groups.next()?;
    let (Some(second), Some(third)) = (groups.next(), groups.next()) else {
        let alone = value.bytes().filter(u8::is_ascii_digit).count() == 8;
        return first.as_bytes().try_into().ok().filter(|_| alone);
    };
    let [first, second, third] = [number(first)?, number(second)?, number(third)?];
    let (year, one, other) = match () {
        () if first > 31 => (first, second, third),
        () if second > 31 => (second, third, first),
        () => (third, first, second),
    };
    let (month, day) = if one > 12 { (other, one) } else { (one, other) };
    if !YEARS.contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let digits = [year / 1000, year / 100, year / 10, year, month / 10, month, day / 10, day];
    Some(digits.map(ascii))
}

/// A number from 1 to `most` in two digits.
pub(super) fn padded(value: &str, most: u32) -> Option<[u8; 2]> {
    let digits = trim(value);
    let number = number(digits).filter(|number| digits.len() <= 2 && (1..=most).contains(number))?;
    Some([number / 10, number].map(ascii))
}

/// Four digits.
pub(super) fn year(value: &str) -> Option<[u8; 4]> {
    let digits: [u8; 4] = trim(value).as_bytes().try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// The number that digits alone spell, if it fits; one that does not is no part of a date.
fn number(digits: &str) -> Option<u32> {
    // `parse` would take a sign.
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The last decimal digit.
fn ascii(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_outside_a_lifetime_and_impossible_days_are_refused() {
        for value in ["1-1-1799", "1-1-2101", "0-1-1990", "1-0-1990", "99999999999-1-1", "1990", "1990-12", "1990 1212"]
        {
            assert_eq!(date(value), None, "{value}");
        }
        assert_eq!(padded("+1", 31), None);
        assert_eq!(padded("001", 31), None);
        assert_eq!(year("+199"), None);
    }
}
