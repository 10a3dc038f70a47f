use chrono::{DateTime, Datelike, Timelike, Utc};

/// Length of what [`rfc3339_millis`] writes.
const LENGTH: usize = 24;

/// Writes `2026-11-22T09:30:00.125Z`. `None` outside the years 1970 to 9999, which the server refuses.
///
/// Every event carries one or two, and chrono's own formatter takes longer than the rest of a small event.
pub(crate) fn rfc3339_millis(at: DateTime<Utc>) -> Option<[u8; LENGTH]> {
    let year = u32::try_from(at.year()).ok().filter(|year| (1970..=9999).contains(year))?;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    digits(&mut text[0..4], year);
    digits(&mut text[5..7], at.month());
    digits(&mut text[8..10], at.day());
    digits(&mut text[11..13], at.hour());
    digits(&mut text[14..16], at.minute());
    digits(&mut text[17..19], at.second());
    // A leap second is written as the last millisecond of its minute: chrono keeps it as nanoseconds beyond a second.
    digits(&mut text[20..23], (at.nanosecond() / 1_000_000).min(999));
    Some(text)
}

fn digits(field: &mut [u8], mut value: u32) {
    for place in field.iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn years_the_server_refuses_are_refused() {
        for refused in [-1, 253_402_300_800] {
            assert_eq!(rfc3339_millis(DateTime::from_timestamp(refused, 0).unwrap()), None);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_chrono(seconds in 0_i64..253_402_300_800, millis in 0_u32..1000) {
            let at = DateTime::from_timestamp(seconds, millis * 1_000_000).unwrap();
            let ours = rfc3339_millis(at).unwrap();
            prop_assert_eq!(std::str::from_utf8(&ours).unwrap(), at.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }
}
