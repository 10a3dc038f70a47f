//! Whether a rule counts an event, and what it is worth. The same for an event that arrives and for one of the past.

use std::collections::HashMap;
use std::sync::Arc;

use acd_platform::attribution::{Condition, Effect, Operator, ValueUnit};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::money;

/// Longest order id that is kept, in bytes; a longer one is none.
const ORDER_BYTES: usize = 200;

/// A rule as events are checked against it.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: Uuid,
    pub(super) product: String,
    pub(super) event: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) effect: Effect,
    pub(super) amount_minor: Option<i64>,
    pub(super) value_property: Option<String>,
    pub(super) value_unit: ValueUnit,
    pub(super) currency: Option<String>,
    pub(super) currency_property: Option<String>,
    pub(super) order_property: Option<String>,
}

/// What a rule says of an event that it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(super) rule: Uuid,
    pub(super) refund: bool,
    /// Minor units and currency.
    pub(super) money: Option<(i64, String)>,
    pub(super) order: Option<String>,
}

impl Rule {
    /// What the rule says of an event with these properties; none when it does not count it.
    pub(super) fn count(&self, properties: &Map<String, Value>) -> Option<Counted> {
        if !self.conditions.iter().all(|condition| holds(condition, properties)) {
            return None;
        }
        let find = |name: &Option<String>| name.as_deref().and_then(|name| property(properties, name));
        Some(Counted {
            rule: self.id,
            refund: self.effect == Effect::Refund,
            money: self.money(find(&self.value_property), find(&self.currency_property)),
            order: find(&self.order_property).and_then(order),
        })
    }

    fn money(&self, value: Option<&Value>, currency: Option<&Value>) -> Option<(i64, String)> {
        let currency = currency.and_then(Value::as_str).and_then(money::currency).or_else(|| self.currency.clone())?;
        let shift = match self.value_unit {
            ValueUnit::Minor => 0,
            _ => money::exponent(&currency),
        };
        let read = value.and_then(|value| money::minor_units(value, shift));
        let amount = match self.effect {
            // Senders disagree about the sign of what they give back.
            Effect::Refund => read.map(i64::abs),
            _ => read.filter(|amount| *amount >= 0),
        };
        amount.or(self.amount_minor).map(|amount| (amount, currency))
    }
}

fn order(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (1..=ORDER_BYTES).contains(&text.len()).then_some(text)
}

/// A property by its own name, or through objects along the dots.
fn property<'a>(properties: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = properties.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    property(properties.get(first)?.as_object()?, rest)
}

fn holds(condition: &Condition, properties: &Map<String, Value>) -> bool {
    let found = property(properties, &condition.property);
    let wanted = condition.value.as_ref().unwrap_or(&Value::Null);
    let number = |value: &Value| value.as_f64();
    match condition.operator {
        Operator::Equals => found.is_some_and(|found| same(found, wanted)),
        Operator::NotEquals => !found.is_some_and(|found| same(found, wanted)),
        Operator::Exists => found.is_some_and(|found| !found.is_null()),
        Operator::Missing => found.is_none_or(Value::is_null),
        Operator::AtLeast => found.and_then(number).zip(number(wanted)).is_some_and(|(found, wanted)| found >= wanted),
        Operator::AtMost => found.and_then(number).zip(number(wanted)).is_some_and(|(found, wanted)| found <= wanted),
        // One that this version does not know holds for nothing.
        _ => false,
    }
}

fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => found == wanted || found.as_f64() == wanted.as_f64(),
        _ => found == wanted,
    }
}

/// Every rule in force, by product and event.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    rules: HashMap<String, HashMap<String, Vec<Arc<Rule>>>>,
}

impl RuleBook {
    pub(super) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut book = Self::default();
        for rule in rules {
            let events = book.rules.entry(rule.product.clone()).or_default();
            events.entry(rule.event.clone()).or_default().push(Arc::new(rule));
        }
        book
    }

    /// What the rules say of a `track` call. Most events have no rule, and cost a look-up.
    pub(crate) fn count(&self, product: &str, event: Option<&str>, properties: Option<&str>) -> Vec<Counted> {
        let rules = event.and_then(|event| self.rules.get(product)?.get(event));
        let Some(rules) = rules else { return Vec::new() };
        let properties: Map<String, Value> =
            properties.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        rules.iter().filter_map(|rule| rule.count(&properties)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(effect: Effect) -> Rule {
        Rule {
            id: Uuid::nil(),
            product: "pct".to_owned(),
            event: "Order Completed".to_owned(),
            conditions: Vec::new(),
            effect,
            amount_minor: None,
            value_property: Some("revenue".to_owned()),
            value_unit: ValueUnit::Major,
            currency: None,
            currency_property: Some("currency".to_owned()),
            order_property: Some("order.id".to_owned()),
        }
    }

    fn money(rule: &Rule, properties: Value) -> Option<(i64, String)> {
        rule.count(properties.as_object().unwrap()).unwrap().money
    }

    #[test]
    fn an_amount_is_read_in_its_own_currency() {
        let sale = rule(Effect::Conversion);
        let in_minor = Rule { value_unit: ValueUnit::Minor, ..sale.clone() };
        let fixed = Rule { amount_minor: Some(500), currency: Some("EUR".to_owned()), ..sale.clone() };
        let some = |amount: i64, currency: &str| Some((amount, currency.to_owned()));
        for (rule, properties, expected) in [
            (&sale, json!({ "revenue": 12.5, "currency": "usd" }), some(1_250, "USD")),
            (&sale, json!({ "revenue": "1200", "currency": "JPY" }), some(1_200, "JPY")),
            (&sale, json!({ "revenue": 1, "currency": "KWD" }), some(1_000, "KWD")),
            (&in_minor, json!({ "revenue": 1_250, "currency": "USD" }), some(1_250, "USD")),
            (&sale, json!({ "revenue": 12.5 }), None),
            (&sale, json!({ "revenue": "a lot", "currency": "USD" }), None),
            (&sale, json!({ "revenue": -3, "currency": "USD" }), None),
            (&sale, json!({ "revenue": { "$gt": 0 }, "currency": ["USD"] }), None),
            (&fixed, json!({}), some(500, "EUR")),
            (&fixed, json!({ "revenue": 7, "currency": "nope" }), some(700, "EUR")),
            (&rule(Effect::Refund), json!({ "revenue": -3, "currency": "USD" }), some(300, "USD")),
        ] {
            assert_eq!(money(rule, properties.clone()), expected, "{properties}");
        }
    }

    #[test]
    fn all_conditions_must_hold() {
        let with = |property: &str, operator, value: Option<Value>| Rule {
            conditions: vec![Condition { property: property.to_owned(), operator, value }],
            ..rule(Effect::Conversion)
        };
        let properties =
            json!({ "plan": "pro", "seats": 5, "first": true, "gone": null, "ship": { "to": "DE" }, "a.b": 1 });
        let properties = properties.as_object().unwrap();
        for (property, operator, value, expected) in [
            ("plan", Operator::Equals, Some(json!("pro")), true),
            ("plan", Operator::Equals, Some(json!("free")), false),
            ("seats", Operator::Equals, Some(json!(5.0)), true),
            ("seats", Operator::Equals, Some(json!("5")), false),
            ("gone", Operator::Equals, None, true),
            ("nowhere", Operator::Equals, None, false),
            ("nowhere", Operator::NotEquals, Some(json!("x")), true),
            ("first", Operator::NotEquals, Some(json!(true)), false),
            ("ship.to", Operator::Equals, Some(json!("DE")), true),
            ("a.b", Operator::Equals, Some(json!(1)), true),
            ("plan.to", Operator::Exists, None, false),
            ("gone", Operator::Exists, None, false),
            ("gone", Operator::Missing, None, true),
            ("seats", Operator::AtLeast, Some(json!(5)), true),
            ("seats", Operator::AtLeast, Some(json!(5.5)), false),
            ("seats", Operator::AtMost, Some(json!(5)), true),
            ("plan", Operator::AtLeast, Some(json!(0)), false),
        ] {
            let counts = with(property, operator, value.clone()).count(properties).is_some();
            assert_eq!(counts, expected, "{property} {operator} {value:?}");
        }
    }

    #[test]
    fn a_book_finds_rules_by_product_and_event() {
        let book = RuleBook::new([rule(Effect::Conversion), rule(Effect::Refund)]);
        let properties = Some(r#"{"order":{"id":7}}"#);
        let counted = book.count("pct", Some("Order Completed"), properties);
        assert_eq!(counted.iter().map(|one| one.refund).collect::<Vec<_>>(), [false, true]);
        assert_eq!(counted[0].order.as_deref(), Some("7"));
        assert!(book.count("pct", Some("order completed"), properties).is_empty());
        assert!(book.count("gapradar", Some("Order Completed"), properties).is_empty());
        assert!(book.count("pct", None, None).is_empty());
        assert_eq!(book.count("pct", Some("Order Completed"), None).len(), 2, "without properties it is counted too");
    }
}
