use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A product's name in the API and in the database, for example `waitlistlab`:
/// a lower-case letter, then up to 39 lower-case letters, digits or underscores.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductSlug(Box<str>);

/// A text that is not a product's slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductError;

impl fmt::Display for ProductError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a product's slug: 2 to 40 lower-case letters, digits or underscores, a letter first")
    }
}

impl std::error::Error for ProductError {}

impl ProductSlug {
    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProductSlug {
    type Err = ProductError;

    fn from_str(text: &str) -> Result<Self, ProductError> {
        let letter_first = text.starts_with(|c: char| c.is_ascii_lowercase());
        let clean = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if letter_first && clean && (2..=40).contains(&text.len()) { Ok(Self(text.into())) } else { Err(ProductError) }
    }
}

impl fmt::Display for ProductSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProductSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ProductSlug {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProductSlug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ProductSlug {
    fn schema_name() -> Cow<'static, str> {
        "ProductSlug".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]{1,39}$" })
    }
}
