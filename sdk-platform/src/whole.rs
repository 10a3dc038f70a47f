//! Whole numbers as JSON Schema has them: `7.0` is the integer 7.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Number;

/// Up to here a floating point number is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number that is not negative, in whichever form it is written.
pub(crate) fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    of(&Number::deserialize(deserializer)?)
}

/// The same for a field that may be null.
pub(crate) fn whole_option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    Option::<Number>::deserialize(deserializer)?.map(|number| of(&number)).transpose()
}

fn of<T: TryFrom<u64>, E: Error>(number: &Number) -> Result<T, E> {
    let value = number.as_u64().or_else(|| {
        let value = number.as_f64()?;
        (value.fract() == 0.0 && (0.0..EXACT).contains(&value)).then_some(value as u64)
    });
    value
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| E::custom(format_args!("{number} is not a whole number in the range of this field")))
}

#[cfg(test)]
mod tests {
    use crate::keys::RotateApiKey;

    #[test]
    fn a_whole_number_may_have_a_point() {
        let read = |number: &str| {
            let body = format!(r#"{{"overlap_seconds":{number}}}"#);
            serde_json::from_str::<RotateApiKey>(&body).map(|how| how.overlap_seconds).ok()
        };
        for whole in ["60", "60.0", "6e1"] {
            assert_eq!(read(whole), Some(Some(60)), "{whole}");
        }
        assert_eq!(read("null"), Some(None));
        for bad in ["60.5", "-1", "-1.0", "4294967296", "1e300", "\"60\"", "true"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
