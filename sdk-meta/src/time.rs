//! Points in time as Meta writes them.

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::TextOrNumber;

/// How Meta writes a point in time: the offset has no colon.
const FORM: &str = "%Y-%m-%dT%H:%M:%S%z";

/// A point in time, as in `2026-01-05T10:00:00+0000`. Read in RFC 3339 and from Unix seconds too, as some fields have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub DateTime<FixedOffset>);

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.fixed_offset())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format(FORM))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = TextOrNumber::deserialize(deserializer)?.0;
        let seconds = || text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        DateTime::parse_from_str(&text, FORM)
            .or_else(|_| DateTime::parse_from_rfc3339(&text))
            .ok()
            .or_else(|| seconds().map(|time| time.fixed_offset()))
            .map(Self)
            .ok_or_else(|| de::Error::custom("expected a time such as 2026-01-05T10:00:00+0000"))
    }
}

/// Days from the first to the last, both included, in the ad account's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TimeRange {
    /// The first day.
    pub since: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
}

/// The forms that [`Timestamp`] reads: Meta's, RFC 3339, seconds.
#[cfg(feature = "schemars")]
const PATTERN: &str = concat!(
    "^(?:[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    "(?:[+-](?:[01][0-9]|2[0-3])[0-5][0-9]|(?:[.][0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))",
    "|-?[0-9]{1,11})$",
);

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": PATTERN, "examples": ["2026-01-05T10:00:00+0000"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_one_is_written() {
        for json in [r#""2026-01-05T10:00:00+0000""#, r#""2026-01-05T10:00:00+00:00""#, "1767607200", r#""1767607200""#]
        {
            let time: Timestamp = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&time).unwrap(), r#""2026-01-05T10:00:00+0000""#, "{json}");
        }
        let west: Timestamp = serde_json::from_str(r#""2026-01-05T02:00:00-0800""#).unwrap();
        assert_eq!(west.to_string(), "2026-01-05T02:00:00-0800");
        assert!(serde_json::from_str::<Timestamp>(r#""yesterday""#).is_err());
    }
}
