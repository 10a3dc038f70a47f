//! Conditions on events: one language for all rules, those of [attribution](crate::attribution) and those of
//! [Meta's events](crate::meta_events).
//!
//! ```
//! use acd_platform::conditions::{Condition, Operator};
//!
//! let paid = Condition::new("properties.revenue", Operator::GreaterThan, 0);
//! let in_app = Condition::new("context.device.type", Operator::OneOf, vec!["android", "ios"]);
//! let landed = Condition::valueless("context.page.url", Operator::Exists);
//! assert_eq!((paid.value, landed.value), (Some(0.into()), None));
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::named::named;

named!(
    /// How what stands at a path is compared with the condition's value.
    ///
    /// The condition's value says how. With a number, numbers are compared by value, and so is a text that is one: many shops
    /// write `"59.90"`. With a text or a truth value, only the very same is equal.
    Operator {
        /// It is this text, number or truth value.
        Equals = "equals",
        /// It is missing or something else.
        NotEquals = "not_equals",
        /// It is one of a list of 1 to 100 texts, numbers and truth values.
        OneOf = "one_of",
        /// It is there and not null; takes no value.
        Exists = "exists",
        /// It is missing or null; takes no value.
        Missing = "missing",
        /// It is a number above this.
        GreaterThan = "greater_than",
        /// It is a number of at least this.
        AtLeast = "at_least",
        /// It is a number below this.
        LessThan = "less_than",
        /// It is a number of at most this.
        AtMost = "at_most",
    }
);

/// What has to hold of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where to look: `properties.…` or `context.…`, 9 to 200 characters. Dots lead into objects, as in
    /// `properties.shipping.country`; a name that has dots itself is found too, before what they lead to.
    #[schemars(length(min = 9, max = 200), regex(pattern = r"^(properties|context)\.[^.]"))]
    pub path: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what: a text of at most 500 characters, a number or a truth value; a list of them for `one_of`, a number for
    /// `greater_than`, `at_least`, `less_than` and `at_most`, nothing for `exists` and `missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

impl Condition {
    /// A condition with a value.
    pub fn new(path: impl Into<String>, operator: Operator, value: impl Into<Value>) -> Self {
        Self { path: path.into(), operator, value: Some(value.into()) }
    }

    /// A condition whose operator takes no value: `exists` or `missing`.
    pub fn valueless(path: impl Into<String>, operator: Operator) -> Self {
        Self { path: path.into(), operator, value: None }
    }
}
