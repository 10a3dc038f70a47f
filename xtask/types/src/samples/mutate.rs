//! Values with one thing changed, as mistakes do.

use serde_json::{Number, Value, json};

use super::random::Random;

/// Changes one place of a value.
pub(super) fn mutate(value: &mut Value, random: &mut Random) {
    let places = count(value);
    let mut place = random.below(places);
    if let Some(chosen) = nth(value, &mut place) {
        change(chosen, random);
    }
}

/// How many values are in it, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'v>(value: &'v mut Value, place: &mut usize) -> Option<&'v mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, place)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth(field, place)),
        _ => None,
    }
}

fn change(value: &mut Value, random: &mut Random) {
    if random.once_in(3) {
        let others = [json!(null), json!(true), json!(17), json!(-1), json!(1.5), json!("x"), json!([]), json!({})];
        *value = random.one_of(&others).cloned().unwrap_or_default();
        return;
    }
    match value {
        Value::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            match random.one_of(&names) {
                Some(name) if random.once_in(2) => drop(fields.remove(name)),
                Some(name) if random.once_in(2) => {
                    let moved = fields.remove(name).unwrap_or_default();
                    fields.insert(format!("{name}s"), moved);
                }
                _ => drop(fields.insert("a_field_of_tomorrow".to_owned(), Value::Bool(true))),
            }
        }
        Value::Array(items) => match (random.below(3), items.first().cloned()) {
            (0, _) => items.clear(),
            (1, Some(first)) => items.extend(std::iter::repeat_n(first, 40)),
            _ => items.push(Value::Null),
        },
        Value::String(text) => match random.below(6) {
            0 => text.clear(),
            1 => *text = text.to_uppercase(),
            2 => text.push('!'),
            3 => *text = text.chars().skip(1).collect(),
            4 => *text = format!(" {text}"),
            _ => *text = "😀".repeat(random.between(1, 700)),
        },
        Value::Number(number) => {
            let before = number.as_f64().unwrap_or_default();
            let numbers = [
                negated(number),
                json!(before.trunc().rem_euclid(1e9) + 0.5),
                json!((before as i64).saturating_add(1)),
                json!((before as i64).saturating_sub(1)),
                json!(i32::MAX as i64 + 1),
                json!(u32::MAX as u64 + 1),
                json!(9_007_199_254_740_993_u64),
                json!(u64::MAX),
            ];
            *value = random.one_of(&numbers).cloned().unwrap_or_default();
        }
        Value::Bool(truth) => *truth = !*truth,
        Value::Null => *value = json!(0),
    }
}

/// Whole numbers stay whole: JavaScript writes no point after them, and Rust's integers refuse one.
fn negated(number: &Number) -> Value {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => json!(whole.saturating_neg()),
        (None, float) => json!(-float.unwrap_or(1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_reached() {
        let value = json!({ "a": [1, { "b": "x" }], "c": null });
        let mut seen = std::collections::BTreeSet::new();
        let mut random = Random::new(3);
        for _ in 0..500 {
            let mut other = value.clone();
            mutate(&mut other, &mut random);
            seen.extend((other["c"] != value["c"]).then_some("c"));
            seen.extend((other["a"][0] != value["a"][0]).then_some("a.0"));
            seen.extend((other["a"][1]["b"] != value["a"][1]["b"]).then_some("a.1.b"));
        }
        assert_eq!(seen.len(), 3);
    }
}
