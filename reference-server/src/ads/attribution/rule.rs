//! Whether a rule counts an event, and what it is worth. The same for an event that arrives and for one of the past.

use std::collections::HashMap;
use std::sync::Arc;

use acd_platform::attribution::{Effect, ValueUnit};
use acd_platform::conditions::Condition;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::money;
use crate::ads::conditions::{Facts, find};

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
    /// Whether a condition looks at the context.
    pub(super) fn asks_context(&self) -> bool {
        self.conditions.iter().any(|condition| condition.path.starts_with("context."))
    }

    /// What the rule says of an event; none when it does not count it.
    pub(super) fn count(&self, facts: Facts<'_>) -> Option<Counted> {
        if !facts.satisfy(&self.conditions) {
            return None;
        }
        let find = |name: &Option<String>| find(facts.properties?, name.as_deref()?);
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

    /// What the rules say of a `track` call with these properties and this context. Most events have no rule, and cost a look-up;
    /// few rules look at the context, and it is read for them alone.
    pub(crate) fn count(
        &self,
        product: &str,
        event: Option<&str>,
        properties: Option<&str>,
        context: Option<&str>,
    ) -> Vec<Counted> {
        let rules = event.and_then(|event| self.rules.get(product)?.get(event));
        let Some(rules) = rules else { return Vec::new() };
        let read = |json: &str| serde_json::from_str::<Map<String, Value>>(json).ok();
        let properties = properties.and_then(read);
        let context = context.filter(|_| rules.iter().any(|rule| rule.asks_context())).and_then(read);
        let facts = Facts { properties: properties.as_ref(), context: context.as_ref() };
        rules.iter().filter_map(|rule| rule.count(facts)).collect()
    }
}

#[cfg(test)]
mod tests {
    use acd_platform::conditions::Operator;
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
        rule.count(Facts { properties: properties.as_object(), context: None }).unwrap().money
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
    fn all_conditions_must_hold_and_the_context_counts_too() {
        let conditions = vec![
            Condition::new("properties.plan", Operator::Equals, "pro"),
            Condition::new("context.device.type", Operator::Equals, "ios"),
        ];
        let in_app = Rule { conditions, ..rule(Effect::Conversion) };
        let book = RuleBook::new([in_app.clone(), rule(Effect::Refund)]);
        let count = |properties: &str, context: Option<&str>| {
            let counted = book.count("pct", Some("Order Completed"), Some(properties), context);
            counted.iter().map(|one| one.refund).collect::<Vec<_>>()
        };
        let ios = Some(r#"{"device":{"type":"ios"}}"#);
        assert_eq!(count(r#"{"plan":"pro"}"#, ios), [false, true]);
        assert_eq!(count(r#"{"plan":"free"}"#, ios), [true]);
        assert_eq!(count(r#"{"plan":"pro"}"#, Some("{}")), [true]);
        assert_eq!(count(r#"{"plan":"pro"}"#, None), [true]);
        assert!(in_app.asks_context() && !rule(Effect::Refund).asks_context());
    }

    #[test]
    fn a_book_finds_rules_by_product_and_event() {
        let book = RuleBook::new([rule(Effect::Conversion), rule(Effect::Refund)]);
        let properties = Some(r#"{"order":{"id":7}}"#);
        let counted = book.count("pct", Some("Order Completed"), properties, None);
        assert_eq!(counted.iter().map(|one| one.refund).collect::<Vec<_>>(), [false, true]);
        assert_eq!(counted[0].order.as_deref(), Some("7"));
        assert!(book.count("pct", Some("order completed"), properties, None).is_empty());
        assert!(book.count("gapradar", Some("Order Completed"), properties, None).is_empty());
        assert!(book.count("pct", None, None, None).is_empty());
        assert_eq!(
            book.count("pct", Some("Order Completed"), None, None).len(),
            2,
            "without properties it is counted too"
        );
    }
}
