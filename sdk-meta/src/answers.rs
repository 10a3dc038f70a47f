//! The short answers that most calls have, and the query that most lists have.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ads::EffectiveStatus;

/// What was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Created{I}"))]
#[non_exhaustive]
pub struct Created<I> {
    /// Its id.
    pub id: I,
}

impl<I> Created<I> {
    /// What has this id.
    pub fn new(id: I) -> Self {
        Self { id }
    }
}

/// Whether a call did what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Done {
    /// Meta's word; `true` with few exceptions, since a failure comes as an error.
    #[serde(default)]
    pub success: bool,
}

/// One condition on the rows of a list or report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Filter {
    /// The field, such as `ad.impressions`, `time_created` or `name`.
    pub field: String,
    /// How it is compared.
    pub operator: FilterOperator,
    /// With what.
    pub value: Value,
}

impl Filter {
    /// A condition.
    pub fn new(field: impl Into<String>, operator: FilterOperator, value: impl Into<Value>) -> Self {
        Self { field: field.into(), operator, value: value.into() }
    }
}

crate::macros::open_enum! {
    /// How a [`Filter`] compares.
    FilterOperator {
        Equal = "EQUAL",
        NotEqual = "NOT_EQUAL",
        GreaterThan = "GREATER_THAN",
        GreaterThanOrEqual = "GREATER_THAN_OR_EQUAL",
        LessThan = "LESS_THAN",
        LessThanOrEqual = "LESS_THAN_OR_EQUAL",
        InRange = "IN_RANGE",
        NotInRange = "NOT_IN_RANGE",
        Contain = "CONTAIN",
        NotContain = "NOT_CONTAIN",
        StartsWith = "STARTS_WITH",
        In = "IN",
        NotIn = "NOT_IN",
        Any = "ANY",
        All = "ALL",
        None = "NONE",
    }
}

/// The query of a list whose items have the fields `F`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct List<F> {
    /// The fields of each item. Default: every one that is declared.
    pub fields: F,
    /// Only these; empty for all that are neither deleted nor archived. Read by the lists of campaigns, ad sets and ads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effective_status: Vec<EffectiveStatus>,
    /// Only what fits all of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filtering: Vec<Filter>,
    /// The most items in one page; Meta's own, mostly 25, when left out. `list_all` halves it where Meta finds a page too
    /// heavy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The cursor that the page before gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl<F> List<F> {
    /// A list whose items have these fields.
    pub fn of(fields: F) -> Self {
        Self { fields, effective_status: Vec::new(), filtering: Vec::new(), limit: None, after: None }
    }

    /// Sets the most items in one page.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl<F: Default> Default for List<F> {
    fn default() -> Self {
        Self::of(F::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_tomorrow_survive() {
        crate::macros::check_enum::<FilterOperator>();
    }
}
