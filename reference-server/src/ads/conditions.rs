//! Conditions of rules on events: what they may ask, and whether they hold.

use std::cmp::Ordering;

use acd_platform::conditions::{Condition, Operator};
use acd_platform::events::Event;
use serde_json::{Map, Value};

use crate::kernel::check::{invalid, text};
use crate::kernel::problem::Result;

/// The most conditions of one rule.
const MOST: usize = 20;
/// The most values of one list.
const MOST_LISTED: usize = 100;
const PATH_CHARS: usize = 200;
const VALUE_CHARS: usize = 500;

/// What conditions and mappings can see of an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'e> {
    pub(super) properties: Option<&'e Map<String, Value>>,
    pub(super) context: Option<&'e Map<String, Value>>,
}

impl<'e> Facts<'e> {
    /// What a stored event shows.
    pub(super) fn of(event: &'e Event) -> Self {
        Self { properties: event.properties.as_ref(), context: event.context.as_ref() }
    }

    /// What stands at a path such as `properties.plan`.
    pub(super) fn at(&self, path: &str) -> Option<&'e Value> {
        let (root, name) = path.split_once('.')?;
        let fields = match root {
            "properties" => self.properties,
            "context" => self.context,
            _ => None,
        };
        find(fields?, name)
    }

    /// The text at a path, unless it is blank.
    pub(super) fn text(&self, path: &str) -> Option<&'e str> {
        self.at(path)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Whether all conditions hold.
    pub(super) fn satisfy(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| holds(condition, self.at(&condition.path)))
    }
}

/// A field by its own name, or through objects along the dots; the longest name counts. No object is looked at twice, since the
/// names that lead to it are as long whichever way they are cut.
pub(super) fn find<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    fields.get(name).or_else(|| {
        name.rmatch_indices('.').find_map(|(dot, _)| {
            let (first, rest) = (name.get(..dot)?, name.get(dot + 1..)?);
            find(fields.get(first)?.as_object()?, rest)
        })
    })
}

/// A number, which many shops write as a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    Number::of(value).map(Number::approximate)
}

/// Refuses conditions that could never be evaluated.
pub(super) fn check(conditions: &[Condition]) -> Result<()> {
    if conditions.len() > MOST {
        return Err(invalid(
            "conditions",
            &format!("has {} conditions; at most {MOST} are accepted", conditions.len()),
        ));
    }
    for (index, Condition { path, operator, value }) in conditions.iter().enumerate() {
        check_path(&format!("conditions[{index}].path"), path)?;
        check_value(&format!("conditions[{index}].value"), *operator, value.as_ref())?;
    }
    Ok(())
}

/// Refuses a path that leads nowhere in any event.
pub(super) fn check_path(field: &str, path: &str) -> Result<()> {
    text(field, path, 1..=PATH_CHARS)?;
    match path.split_once('.') {
        Some(("properties" | "context", name)) if name.split('.').all(|part| !part.is_empty()) => Ok(()),
        _ => Err(invalid(field, "must be a path in the event, such as properties.plan or context.page.path")),
    }
}

fn check_value(field: &str, operator: Operator, value: Option<&Value>) -> Result<()> {
    match (operator, value) {
        (Operator::Exists | Operator::Missing, None) => Ok(()),
        (Operator::Exists | Operator::Missing, Some(_)) => Err(invalid(field, "must be left out with this operator")),
        (_, None) => Err(invalid(field, "is needed with this operator; `missing` holds for null and for nothing")),
        (Operator::OneOf, Some(Value::Array(values))) if (1..=MOST_LISTED).contains(&values.len()) => {
            values.iter().try_for_each(|value| check_plain(field, value))
        }
        (Operator::OneOf, _) => Err(invalid(field, "must be a list of 1 to 100 values with this operator")),
        (Operator::Equals | Operator::NotEquals, Some(value)) => check_plain(field, value),
        (_, Some(Value::Number(_))) => Ok(()),
        _ => Err(invalid(field, "must be a number with this operator")),
    }
}

fn check_plain(field: &str, value: &Value) -> Result<()> {
    match value {
        Value::String(value) => text(field, value, 0..=VALUE_CHARS),
        Value::Number(_) | Value::Bool(_) => Ok(()),
        _ => Err(invalid(field, "must be a text, a number or a truth value")),
    }
}

fn holds(condition: &Condition, found: Option<&Value>) -> bool {
    let wanted = condition.value.as_ref().unwrap_or(&Value::Null);
    let is = |wanted: &Value| found.is_some_and(|found| same(found, wanted));
    let order = || found.and_then(|found| compare(found, wanted));
    match condition.operator {
        Operator::Equals => is(wanted),
        Operator::NotEquals => !is(wanted),
        Operator::OneOf => wanted.as_array().is_some_and(|values| values.iter().any(is)),
        Operator::Exists => found.is_some_and(|found| !found.is_null()),
        Operator::Missing => found.is_none_or(Value::is_null),
        Operator::GreaterThan => order().is_some_and(Ordering::is_gt),
        Operator::AtLeast => order().is_some_and(Ordering::is_ge),
        Operator::LessThan => order().is_some_and(Ordering::is_lt),
        Operator::AtMost => order().is_some_and(Ordering::is_le),
        // One that this version does not know holds for nothing.
        _ => false,
    }
}

fn same(found: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Number(_) => compare(found, wanted) == Some(Ordering::Equal),
        _ => found == wanted,
    }
}

fn compare(found: &Value, wanted: &Value) -> Option<Ordering> {
    match (Number::of(found)?, Number::of(wanted)?) {
        (Number::Whole(found), Number::Whole(wanted)) => Some(found.cmp(&wanted)),
        (found, wanted) => found.approximate().partial_cmp(&wanted.approximate()),
    }
}

/// A number of JSON or of a text. Ids are whole, and longer than a float is exact.
#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => {
                let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
                whole.map(Self::Whole).or_else(|| number.as_f64().map(Self::Real))
            }
            Value::String(text) => {
                let text = text.trim();
                let real = || text.parse().ok().filter(|number: &f64| number.is_finite());
                text.parse().ok().map(Self::Whole).or_else(|| real().map(Self::Real))
            }
            _ => None,
        }
    }

    fn approximate(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn verdict(condition: Condition) -> Result<(), String> {
        check(&[condition]).map_err(|problem| problem.detail.into_owned())
    }

    #[test]
    fn each_operator_compares_in_its_way() {
        let properties = json!({
            "plan": "pro", "seats": 5, "price": "59.90", "first": true, "gone": null, "list": [1],
            "big": 120_210_000_000_000_001_u64, "ship": { "to": "DE" }, "word": "infinity",
        });
        let context = json!({ "device": { "type": "ios" } });
        let facts = Facts { properties: properties.as_object(), context: context.as_object() };
        use Operator::{AtLeast, AtMost, Equals, Exists, GreaterThan, LessThan, Missing, NotEquals, OneOf};
        for (path, operator, value, expected) in [
            ("properties.plan", Equals, json!("pro"), true),
            ("properties.plan", Equals, json!("Pro"), false),
            ("properties.seats", Equals, json!(5.0), true),
            ("properties.seats", Equals, json!("5"), false),
            ("properties.price", Equals, json!(59.9), true),
            ("properties.price", Equals, json!("59.90"), true),
            ("properties.price", Equals, json!("59.9"), false),
            ("properties.big", Equals, json!(120_210_000_000_000_001_u64), true),
            ("properties.big", Equals, json!(120_210_000_000_000_002_u64), false),
            ("properties.first", Equals, json!(true), true),
            ("properties.nowhere", Equals, json!(false), false),
            ("properties.nowhere", NotEquals, json!("x"), true),
            ("properties.gone", NotEquals, json!("x"), true),
            ("properties.first", NotEquals, json!(true), false),
            ("properties.ship.to", OneOf, json!(["AT", "DE"]), true),
            ("properties.price", OneOf, json!([1, 59.9]), true),
            ("properties.seats", OneOf, json!(["5"]), false),
            ("properties.list", Exists, json!(null), true),
            ("properties.gone", Exists, json!(null), false),
            ("properties.plan.to", Exists, json!(null), false),
            ("properties.gone", Missing, json!(null), true),
            ("properties.nowhere", Missing, json!(null), true),
            ("properties.seats", Missing, json!(null), false),
            ("properties.seats", GreaterThan, json!(5), false),
            ("properties.price", GreaterThan, json!(59), true),
            ("properties.seats", AtLeast, json!(5), true),
            ("properties.seats", AtLeast, json!(5.5), false),
            ("properties.seats", LessThan, json!(5), false),
            ("properties.price", LessThan, json!(60), true),
            ("properties.seats", AtMost, json!(5), true),
            ("properties.word", AtLeast, json!(0), false),
            ("properties.plan", AtMost, json!(0), false),
            ("context.device.type", OneOf, json!(["android", "ios"]), true),
            ("context.plan", Equals, json!("pro"), false),
            ("traits.plan", Equals, json!("pro"), false),
        ] {
            let value = Some(value).filter(|value| !value.is_null());
            let condition = Condition { path: path.to_owned(), operator, value };
            assert_eq!(verdict(condition.clone()).is_ok(), !path.starts_with("traits"), "{condition:?}");
            assert_eq!(facts.satisfy(std::slice::from_ref(&condition)), expected, "{condition:?}");
        }
        assert!(facts.satisfy(&[]));
        assert!(!Facts::default().satisfy(&[Condition::valueless("context.ip", Exists)]));
    }

    #[test]
    fn a_refusal_names_the_condition_and_the_field() {
        use Operator::{AtLeast, Equals, Exists, GreaterThan, NotEquals, OneOf};
        let plan = |operator, value: Value| Condition::new("properties.plan", operator, value);
        for (condition, field) in [
            (Condition::valueless("plan", Exists), "conditions[0].path"),
            (Condition::valueless("traits.plan", Exists), "conditions[0].path"),
            (Condition::valueless("properties.", Exists), "conditions[0].path"),
            (Condition::valueless("properties..plan", Exists), "conditions[0].path"),
            (Condition::valueless("properties.a\0", Exists), "conditions[0].path"),
            (Condition::valueless(format!("properties.{}", "a".repeat(200)), Exists), "conditions[0].path"),
            (plan(Exists, json!(1)), "conditions[0].value"),
            (Condition::valueless("properties.plan", Equals), "conditions[0].value"),
            (plan(Equals, json!(null)), "conditions[0].value"),
            (plan(NotEquals, json!({ "a": 1 })), "conditions[0].value"),
            (plan(Equals, json!("a\0")), "conditions[0].value"),
            (plan(Equals, json!("a".repeat(501))), "conditions[0].value"),
            (plan(OneOf, json!("pro")), "conditions[0].value"),
            (plan(OneOf, json!([])), "conditions[0].value"),
            (plan(OneOf, json!([["pro"]])), "conditions[0].value"),
            (plan(OneOf, json!(vec![1; 101])), "conditions[0].value"),
            (plan(AtLeast, json!("1")), "conditions[0].value"),
            (plan(GreaterThan, json!([1])), "conditions[0].value"),
        ] {
            let said = verdict(condition.clone()).unwrap_err();
            assert!(said.starts_with(field), "{condition:?}: {said}");
        }
        let many = vec![Condition::valueless("properties.plan", Exists); 21];
        assert!(check(&many[..20]).is_ok() && check(&many).is_err());
    }

    #[test]
    fn the_longest_name_counts() {
        let fields =
            json!({ "a": { "b": { "c": 1 }, "b.c": 2 }, "a.b": { "c": 3 }, "x": { "y.z": { "w": 4 } }, "x.y": 5 });
        let at = |name: &str| find(fields.as_object().unwrap(), name).cloned();
        assert_eq!((at("a.b.c"), at("x.y.z.w"), at("a.b.d")), (Some(json!(3)), Some(json!(4)), None));
    }

    proptest! {
        #[test]
        fn what_keys_lead_to_is_found_by_their_names(keys in prop::collection::vec("[a-c.]{1,4}", 1..6), other in "[a-c]{0,3}") {
            let object = keys.iter().rev().fold(json!("found"), |inner, key| {
                let mut fields = Map::from_iter([(key.clone(), inner)]);
                fields.entry(format!("other {other}")).or_insert(json!("not this"));
                Value::Object(fields)
            });
            prop_assert_eq!(find(object.as_object().unwrap(), &keys.join(".")), Some(&json!("found")));
        }

        #[test]
        fn any_path_and_value_have_an_answer(path in ".{0,40}", text in ".{0,40}", wanted in any::<f64>()) {
            let properties = json!({ "a": { "b": text.clone(), ".": { "": text } } });
            let facts = Facts { properties: properties.as_object(), context: None };
            for operator in Operator::ALL {
                let condition = Condition::new(format!("properties.{path}"), *operator, json!(wanted));
                facts.satisfy(&[condition]);
            }
            let is = |operator| facts.satisfy(&[Condition::new("properties.a.b", operator, json!(wanted))]);
            prop_assert_eq!(is(Operator::Equals), !is(Operator::NotEquals));
            prop_assert!(!(is(Operator::LessThan) && is(Operator::AtLeast)));
        }

        #[test]
        fn whole_numbers_keep_their_order(one in any::<i64>(), other in any::<i64>(), as_text in any::<bool>()) {
            let found = if as_text { json!(one.to_string()) } else { json!(one) };
            prop_assert_eq!(compare(&found, &json!(other)), Some(one.cmp(&other)));
        }
    }
}
