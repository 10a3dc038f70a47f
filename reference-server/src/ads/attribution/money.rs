//! Amounts as integers of a currency's minor unit.

use serde_json::Value;

/// The largest amount of one event, in minor units: sums of nine thousand of them still fit.
pub(super) const LARGEST: i64 = 1_000_000_000_000_000;
const DIGITS: usize = 36;

/// How many decimal digits the minor unit has by ISO 4217 (list one, 2026-01-01).
pub(in crate::ads) fn exponent(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// A currency's code in capital letters; none where the text is no code.
pub(super) fn currency(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic())).then(|| text.to_ascii_uppercase())
}

/// The minor units of a JSON number, or of a text that is one; `shift` is how many digits they lie below its own unit.
/// Rounded half away from zero. None for anything else and above [`LARGEST`].
pub(in crate::ads) fn minor_units(value: &Value, shift: u32) -> Option<i64> {
    match value {
        // The shortest digits that read back as the same number, so 12.29 stays that.
        Value::Number(number) => of_decimal(&number.to_string(), shift),
        Value::String(text) => of_decimal(text.trim(), shift),
        _ => None,
    }
}

fn of_decimal(text: &str, shift: u32) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = [whole, fraction].concat();
    if all.is_empty() || all.len() > DIGITS || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u128 = all.parse().ok()?;
    let power = exponent.checked_add(i32::try_from(shift).ok()?)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let scaled = match 10_u128.checked_pow(power.unsigned_abs()) {
        _ if number == 0 => 0,
        Some(factor) if power >= 0 => number.checked_mul(factor)?,
        // Half away from zero without a sum that could overflow.
        Some(factor) => number / factor + u128::from(number % factor >= factor.div_ceil(2)),
        None if power >= 0 => return None,
        None => 0,
    };
    let amount = i64::try_from(scaled).ok().filter(|amount| *amount <= LARGEST)?;
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decimals_become_minor_units() {
        for (value, shift, expected) in [
            (json!(12.29), 2, Some(1_229)),
            (json!(0.1), 2, Some(10)),
            (json!(19.99), 2, Some(1_999)),
            (json!(1_000), 0, Some(1_000)),
            (json!("12.345"), 2, Some(1_235)),
            (json!("-12.345"), 2, Some(-1_235)),
            (json!("12.344999"), 2, Some(1_234)),
            (json!(" 7 "), 3, Some(7_000)),
            (json!("1e3"), 2, Some(100_000)),
            (json!("5e-1"), 0, Some(1)),
            (json!("4e-1"), 0, Some(0)),
            (json!("1e-999999999"), 2, Some(0)),
            (json!("0e999999999"), 2, Some(0)),
            (json!(".5"), 2, Some(50)),
            (json!("10000000000000.00"), 2, Some(LARGEST)),
            (json!("10000000000000.01"), 2, None),
            (json!(1e300), 2, None),
            (json!("1e999999999"), 2, None),
            (json!("1e2147483647"), 4, None),
            (json!(""), 2, None),
            (json!("."), 2, None),
            (json!("$5"), 2, None),
            (json!("1,000"), 2, None),
            (json!("--5"), 2, None),
            (json!("NaN"), 2, None),
            (json!(true), 2, None),
            (json!(null), 2, None),
            (json!([1]), 2, None),
            (json!("9".repeat(37)), 0, None),
        ] {
            assert_eq!(minor_units(&value, shift), expected, "{value} {shift}");
        }
    }

    #[test]
    fn codes_of_currencies() {
        assert_eq!(currency(" eur "), Some("EUR".to_owned()));
        for bad in ["", "EU", "EURO", "E1R", "ééé", "$"] {
            assert_eq!(currency(bad), None, "{bad}");
        }
        assert_eq!([exponent("JPY"), exponent("USD"), exponent("KWD"), exponent("CLF")], [0, 2, 3, 4]);
    }

    proptest::proptest! {
        #[test]
        fn cents_go_round(cents in 0_i64..LARGEST) {
            let text = format!("{}.{:02}", cents / 100, cents % 100);
            proptest::prop_assert_eq!(minor_units(&json!(text), 2), Some(cents));
        }

        #[test]
        fn a_number_of_json_gives_the_cents_it_was_made_from(cents in 0_i64..10_000_000_000_000) {
            let number: f64 = format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap();
            proptest::prop_assert_eq!(minor_units(&json!(number), 2), Some(cents));
        }

        #[test]
        fn never_panics(text in ".*", shift in 0_u32..5) {
            let _ = minor_units(&json!(text), shift);
        }
    }
}
