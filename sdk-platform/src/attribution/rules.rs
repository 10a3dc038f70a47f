//! What counts as a conversion: data, a product's own.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::Condition;
use crate::named::named;
use crate::{ConversionRuleId, ProductSlug};

named!(
    /// What an event that a rule counts does to the sums.
    Effect {
        /// It is a conversion and adds its amount.
        Conversion = "conversion",
        /// It takes its amount from the conversion with the same order; without one, it stands by itself.
        Refund = "refund",
    }
);

named!(
    /// The unit of a value in an event's properties.
    ValueUnit {
        /// Whole units of the currency, as `12.50` of dollars. Read as decimal digits and rounded half away from zero.
        Major = "major",
        /// Minor units by ISO 4217, as cents.
        Minor = "minor",
    }
);

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConversionRule {
    /// Its id.
    pub id: ConversionRuleId,
    /// Whose events it counts.
    pub product: ProductSlug,
    /// What its owner calls it; no two rules of a product that are in force share a name.
    pub name: String,
    /// The `event` of the `track` calls it counts.
    pub event: String,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// What a counted event does.
    pub effect: Effect,
    /// A fixed amount in minor units, where the event says none.
    pub amount_minor: Option<i64>,
    /// The property with the amount.
    pub value_property: Option<String>,
    /// The unit of that property.
    pub value_unit: ValueUnit,
    /// The currency by ISO 4217, where the event says none.
    pub currency: Option<String>,
    /// The property with the currency.
    pub currency_property: Option<String>,
    /// The property with the order's id, by which a refund finds its conversion.
    pub order_property: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The body of [`CREATE_RULE`](super::CREATE_RULE).
///
/// An event whose amount or currency is missing or unreadable counts without an amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateConversionRule {
    /// Whose events it counts. A product's own key may leave it out; an administrator must name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What to call it, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// The `event` of the `track` calls it counts, 1 to 512 bytes.
    #[schemars(length(min = 1, max = 512))]
    pub event: String,
    /// Conditions that all must hold, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub conditions: Vec<Condition>,
    /// What a counted event does.
    pub effect: Effect,
    /// A fixed amount in minor units, 0 to 10^15, for events without [`value_property`](Self::value_property).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_000_i64))]
    pub amount_minor: Option<i64>,
    /// The property with the amount, as `revenue`: a number, or a text that is one. Dots lead into objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub value_property: Option<String>,
    /// The unit of that property; `major` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_unit: Option<ValueUnit>,
    /// The currency where the event says none: three capital letters of ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: Option<String>,
    /// The property with the currency, as `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub currency_property: Option<String>,
    /// The property with the order's id, as `order_id`, by which a refund finds its conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub order_property: Option<String>,
}

impl CreateConversionRule {
    /// A rule that counts this event, with the amount in `revenue`, the currency in `currency` and the order in `order_id`,
    /// as [Segment's e-commerce events](https://segment.com/docs/connections/spec/ecommerce/v2/) have them.
    pub fn ecommerce(name: impl Into<String>, event: impl Into<String>, effect: Effect) -> Self {
        Self {
            product: None,
            name: name.into(),
            event: event.into(),
            conditions: Vec::new(),
            effect,
            amount_minor: None,
            value_property: Some("revenue".to_owned()),
            value_unit: None,
            currency: None,
            currency_property: Some("currency".to_owned()),
            order_property: Some("order_id".to_owned()),
        }
    }
}

/// The query of [`LIST_RULES`](super::LIST_RULES).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListConversionRules {
    /// Most rules in one page, 1 to 100; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}
