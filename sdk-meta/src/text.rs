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
/// The number that a JSON number is written as: what Meta writes, to the last bit, and others nearly. Reading every float
/// exactly takes a table of several kilobytes, which each WebAssembly module would hold.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut places = exponent;
    let mut number = 0.0_f64;
    for digit in whole.bytes().chain(fraction.bytes()) {
        number = number * 10.0 + f64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    places = places.saturating_sub(i32::try_from(fraction.len()).ok()?);
    // One division by a power that a float holds exactly is exact; more than 400 steps change nothing.
    let power = (0..places.unsigned_abs().min(400)).fold(1.0_f64, |power, _| power * 10.0);
    let number = if number == 0.0 || places == 0 {
        number
    } else if places < 0 {
        number / power
    } else {
        number * power
    };
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_what_they_are_written_as() {
        for text in ["0", "-0.5", "9.67", "91.67", "100", "0.1", "1e2", "1.5E+3", "25e-2", "123456789.25", "1767225600"]
        {
            assert_eq!(super::decimal(text), text.parse().ok(), "{text}");
        }
        assert_eq!(super::decimal("1e999"), Some(f64::INFINITY));
        assert_eq!(super::decimal("1e-999"), Some(0.0));
        for text in ["", "x", "1x", "--1", "1e", "Infinity"] {
            assert!(super::decimal(text).is_none_or(|number| text.is_empty() && number == 0.0), "{text}");
        }
    }
}
