//! Values that Meta writes now as text, now as a number.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// Text, or a whole number as text. It goes through no float, which would lose digits of an id.
pub(crate) struct TextOrNumber(pub(crate) String);

impl<'de> Deserialize<'de> for TextOrNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = TextOrNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(text))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// As many digits always fit a `u64`.
const MOST_DIGITS: u32 = 19;

/// The number that a JSON number is written as: to the last bit where it has up to 15 digits, as Meta's have, and others
/// nearly. Reading every float exactly takes a table of several kilobytes, which each WebAssembly module would hold.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() {
        return None;
    }
    let mut places = exponent;
    let mut read = 0_u64;
    for (digit, is_fraction) in whole.bytes().map(|digit| (digit, 0)).chain(fraction.bytes().map(|digit| (digit, 1))) {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        if read < 10_u64.pow(MOST_DIGITS - 1) {
            read = read * 10 + u64::from(digit);
            places = places.saturating_sub(is_fraction);
        } else {
            places = places.saturating_add(1 - is_fraction);
        }
    }
    // One step by a power that a float holds exactly is exact; more than 400 steps change nothing.
    let power = (0..places.unsigned_abs().min(400)).fold(1.0_f64, |power, _| power * 10.0);
    let number = match (read as f64, places) {
        (0.0, _) => 0.0,
        (number, ..0) => number / power,
        (number, _) => number * power,
    };
    Some(if negative { -number } else { number })
}

/// JSON Schemas of what is read by way of [`TextOrNumber`].
#[cfg(feature = "schemars")]
pub(crate) mod schema {
    use schemars::{Schema, SchemaGenerator, json_schema};

    /// A name or an id.
    pub(crate) fn id(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }

    /// An [`id`] that may be missing.
    pub(crate) fn maybe_id(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "null"] })
    }

    /// How many there are.
    pub(crate) fn count(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]{1,15}$" })
    }

    /// A [`count`] that may be missing.
    pub(crate) fn maybe_count(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string", "null"], "minimum": 0, "pattern": "^[0-9]{1,15}$" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decimal;

    #[test]
    fn numbers_are_what_they_are_written_as() {
        for text in ["0", "-0.5", "9.67", "91.67", "100", "0.1", "1e2", "1.5E+3", "25e-2", "123456789.25", "1767225600"]
        {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
        assert_eq!(decimal("1e999"), Some(f64::INFINITY));
        assert_eq!(decimal("1e-999"), Some(0.0));
        for text in ["", "x", "1x", "--1", "1e", "Infinity"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn more_digits_than_a_float_holds_cost_no_more_than_its_last_bits() {
        for text in [
            format!("0.{}1", "0".repeat(350)),
            format!("{}.5", "9".repeat(60)),
            format!("33.{}", "3".repeat(400)),
            "18446744073709551616".to_owned(),
        ] {
            let (read, exact) = (decimal(&text).unwrap(), text.parse::<f64>().unwrap());
            assert!((read - exact).abs() <= exact * 1e-14, "{text}: {read}");
        }
    }

    proptest! {
        #[test]
        fn up_to_fifteen_digits_are_read_exactly(digits in 0_u64..1_000_000_000_000_000, places in 0_usize..15) {
            let mut text = format!("{digits:0>width$}", width = places + 1);
            text.insert(text.len() - places, '.');
            let text = text.trim_end_matches('.');
            prop_assert_eq!(decimal(text), text.parse().ok(), "{}", text);
        }
    }
}
