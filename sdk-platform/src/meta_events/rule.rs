//! Rules that turn shared events into events for Meta. What counts as a conversion in reports is said by
//! [`attribution`](crate::attribution)'s.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::Condition;
use crate::{MetaEventRuleId, ProductSlug};

/// Where the parts of a conversion are in the shared event, each as a path such as `properties.revenue`. What is left out
/// is looked for where Segment's specification has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleMapping {
    /// The value; `properties.revenue`, then `properties.value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The currency after ISO 4217; `properties.currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The currency where the event names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z]{3}$"))]
    pub default_currency: Option<String>,
    /// The list of products; `properties.products`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// The order; `properties.order_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The event id that the browser's pixel gave; `properties.event_id`. Without one, the shared event's own id is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// The body of [`CREATE_RULE`](super::CREATE_RULE).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMetaEventRule {
    /// Whose events. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The shared event's name, such as `Order Completed`.
    #[schemars(length(min = 1, max = 200))]
    pub event: String,
    /// What has to hold of it besides; at most 20, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub conditions: Vec<Condition>,
    /// What it is at Meta, such as `Purchase`.
    #[schemars(length(min = 1, max = 100))]
    pub meta_event: String,
    /// Where its parts are.
    #[serde(default)]
    pub mapping: RuleMapping,
}

/// A rule: which of a product's shared events become events for Meta, and where their parts are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetaEventRule {
    /// Its id.
    pub id: MetaEventRuleId,
    /// Whose events.
    pub product: ProductSlug,
    /// The shared event's name.
    pub event: String,
    /// What has to hold of it besides.
    pub conditions: Vec<Condition>,
    /// What it is at Meta.
    pub meta_event: String,
    /// Where its parts are.
    pub mapping: RuleMapping,
    /// From when on it sees events.
    pub created_at: DateTime<Utc>,
}

/// The query of [`LIST_RULES`](super::LIST_RULES). Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMetaEventRules {
    /// Most rules in one page, 1 to 100; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}
