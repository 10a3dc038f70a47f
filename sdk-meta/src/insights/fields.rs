//! Which fields the rows of a report have.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::fields::FieldList;

/// Which fields the rows of a report have. Meta knows about 220: those that are not declared are asked for by
/// [`named`](Self::named).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct InsightsFields(FieldList);

impl InsightsFields {
    /// No field yet.
    #[must_use]
    pub fn new() -> Self {
        Self::of(&[])
    }

    pub(super) fn of(names: &[&str]) -> Self {
        Self(FieldList::of(names))
    }

    /// A field by its name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.0.add(name);
        self
    }
}

/// Impressions, reach, clicks, spend and actions, with the ids and names of what they are of.
impl Default for InsightsFields {
    fn default() -> Self {
        let ids = Self::new().account_id().campaign_id().campaign_name().adset_id().adset_name().ad_id().ad_name();
        ids.impressions().reach().clicks().spend().actions().action_values()
    }
}

impl fmt::Display for InsightsFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for InsightsFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Text with commas between the names.
#[cfg(feature = "schemars")]
impl schemars::JsonSchema for InsightsFields {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InsightsFields".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Which fields the rows of a report have: their names with commas between them.",
            "examples": ["impressions,spend,actions"],
        })
    }
}
