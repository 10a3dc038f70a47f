//! Money, in the two forms in which Meta has it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::TextOrNumber;

/// An amount in the smallest unit of the account's currency: budgets, bids and caps. 1050 is 10.50 USD, and 1050 JPY.
///
/// Sent as a number; Meta answers with text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MinorUnits(pub i64);

impl MinorUnits {
    /// Removes a cap when it is set to this.
    pub const NO_CAP: Self = Self(922_337_203_685_478);
}

impl From<i64> for MinorUnits {
    fn from(units: i64) -> Self {
        Self(units)
    }
}

impl fmt::Display for MinorUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for MinorUnits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for MinorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = TextOrNumber::deserialize(deserializer)?;
        text.0.parse().map(Self).map_err(|_| de::Error::custom("expected an amount in whole minor units"))
    }
}

/// A decimal number exactly as a report wrote it: money in the currency's main unit, rates, averages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest float, for charts. Not for sums of money.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The amount in the smallest unit of `currency`, an ISO 4217 code, exactly; `None` when the number has more decimals
    /// than the currency, or is too large.
    #[must_use]
    pub fn to_minor_units(&self, currency: &str) -> Option<MinorUnits> {
        let (whole, decimals) = self.0.split_once('.').unwrap_or((&self.0, ""));
        let places = if has_minor_unit(currency) { 2 } else { 0 };
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > places {
            return None;
        }
        format!("{whole}{decimals:0<places$}").parse().ok().map(MinorUnits)
    }
}

/// Whether Meta counts this currency in hundredths. It does not for those that have no smaller unit in use
/// ([page](https://developers.facebook.com/docs/marketing-api/currencies), read 2026-11).
#[must_use]
pub fn has_minor_unit(currency: &str) -> bool {
    const WHOLE: [&str; 11] = ["CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"];
    !WHOLE.iter().any(|whole| whole.eq_ignore_ascii_case(currency))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(de::Error::custom("expected a decimal number")),
        };
        let digits = number.strip_prefix('-').unwrap_or(&number);
        let plain =
            digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.starts_with(|c: char| c.is_ascii_digit());
        if plain && digits.parse::<f64>().is_ok() {
            Ok(Self(number))
        } else {
            Err(de::Error::custom("expected a decimal number"))
        }
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for MinorUnits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MinorUnits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["integer", "string"], "format": "int64", "pattern": "^-?[0-9]+$" })
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn minor_units_are_sent_as_a_number_and_read_from_text() {
        assert_eq!(serde_json::to_string(&MinorUnits(1050)).unwrap(), "1050");
        for json in [r#""1050""#, "1050"] {
            assert_eq!(serde_json::from_str::<MinorUnits>(json).unwrap(), MinorUnits(1050));
        }
        assert!(serde_json::from_str::<MinorUnits>(r#""10.50""#).is_err(), "main units are never taken for minor ones");
    }

    #[test]
    fn decimals_become_minor_units_exactly_or_not_at_all() {
        for (text, currency, units) in [
            ("10.5", "USD", Some(1050)),
            ("10", "EUR", Some(1000)),
            ("0.07", "USD", Some(7)),
            ("-1.20", "USD", Some(-120)),
            ("90071992547409.93", "USD", Some(9_007_199_254_740_993)),
            ("1050", "JPY", Some(1050)),
            ("1050.00", "jpy", Some(1050)),
            ("0.001", "USD", None),
            ("1.5", "JPY", None),
        ] {
            assert_eq!(decimal(text).to_minor_units(currency), units.map(MinorUnits), "{text} {currency}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for wrong in ["\"\"", "\"-\"", "\"1e5\"", "\"inf\"", "\".5\"", "\"1.2.3\"", "true"] {
            assert!(serde_json::from_str::<Decimal>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_str::<Decimal>("1.25").unwrap().as_str(), "1.25");
    }
}
