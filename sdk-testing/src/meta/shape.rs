//! What a parameter looks like: tables of fields are data, and this reads values by them.

use serde_json::{Map, Value, json};

use super::clock;
use super::error::{GraphError, refusal};
use super::params::{Params, as_text, decoded};

/// The form of a parameter's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Text of at most so many characters.
    Text(usize),
    /// Minor units of the account's currency, given back as text.
    Money,
    Integer,
    Flag,
    Time,
    /// One of these names.
    One(&'static [&'static str]),
    /// A list of these names.
    Names(&'static [&'static str]),
    List,
    Object,
    /// The id of another node.
    Id,
}

/// One parameter of a kind of node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    shape: Shape,
    is_required: bool,
    is_fixed: bool,
}

/// A parameter that may be given.
pub(super) const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, is_required: false, is_fixed: false }
}

/// A parameter without which nothing is created.
pub(super) const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, is_required: true, is_fixed: false }
}

impl Field {
    /// Given at creation and never changed.
    pub(super) const fn fixed(mut self) -> Self {
        self.is_fixed = true;
        self
    }
}

/// Reads the parameters that `fields` knows and gives them as Meta stores them; the rest is ignored, as Meta does. `Null`
/// stands for a value that is taken away.
pub(super) fn accept(fields: &[Field], params: &Params, is_new: bool) -> Result<Map<String, Value>, GraphError> {
    let mut accepted = Map::new();
    for field in fields {
        match params.get(field.name) {
            Some(_) if !is_new && field.is_fixed => {
                return Err(GraphError::invalid(field.name, "cannot be changed once the object exists"));
            }
            Some(value) => {
                accepted.insert(field.name.to_owned(), read(field.shape, field.name, value)?);
            }
            None if is_new && field.is_required => return Err(GraphError::missing(field.name)),
            None => {}
        }
    }
    Ok(accepted)
}

fn read(shape: Shape, name: &str, value: &Value) -> Result<Value, GraphError> {
    let text = || as_text(value);
    let wrong = |wanted: &str| GraphError::invalid(name, format!("must be {wanted}"));
    Ok(match shape {
        Shape::Text(most) => {
            if text().chars().count() > most {
                return Err(wrong(&format!("at most {most} characters long")));
            }
            json!(text())
        }
        Shape::Money => {
            let amount: i64 = text().parse().map_err(|_| wrong("an integer in the currency's minor unit"))?;
            if amount < 0 {
                return Err(GraphError::refused(&refusal::BUDGET_TOO_LOW, "An amount is not negative.").blaming(name));
            }
            json!(amount.to_string())
        }
        Shape::Integer => json!(text().parse::<i64>().map_err(|_| wrong("an integer"))?),
        Shape::Flag => match text().as_str() {
            "true" | "1" => json!(true),
            "false" | "0" => json!(false),
            _ => return Err(wrong("true or false")),
        },
        Shape::Time if text() == "0" => Value::Null,
        Shape::Time => json!(clock::written(clock::read(&text()).ok_or_else(|| wrong("a valid time"))?)),
        Shape::One(names) => one(name, names, &text())?,
        Shape::Names(names) => match decoded(value) {
            Value::Array(items) => {
                items.iter().map(|item| one(name, names, &as_text(item))).collect::<Result<_, _>>()?
            }
            _ => return Err(wrong("an array")),
        },
        Shape::List => Some(decoded(value)).filter(Value::is_array).ok_or_else(|| wrong("an array"))?,
        Shape::Object => Some(decoded(value)).filter(Value::is_object).ok_or_else(|| wrong("an object"))?,
        Shape::Id => {
            let id = text();
            let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            if is_id { json!(id) } else { return Err(wrong("a valid ID string (e.g., \"123\")")) }
        }
    })
}

fn one(name: &str, names: &[&str], value: &str) -> Result<Value, GraphError> {
    if names.contains(&value) {
        return Ok(json!(value));
    }
    Err(GraphError::invalid(name, format!("must be one of {{{}}} - got \"{value}\".", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Field; 4] = [
        must("name", Shape::Text(4)),
        may("daily_budget", Shape::Money),
        may("days", Shape::Names(&["MON", "TUE"])),
        may("objective", Shape::One(&["A", "B"])).fixed(),
    ];

    fn take(json: &str, is_new: bool) -> Result<Value, String> {
        let mut params = Params::default();
        params.add_json(json.as_bytes()).unwrap();
        let accepted = accept(&TABLE, &params, is_new).map(Value::Object);
        accepted.map_err(|error| error.body("A")["error"]["message"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn values_are_stored_as_meta_gives_them_back() {
        let accepted = take(r#"{"name":"n","daily_budget":1000,"days":"[\"MON\"]","other":1}"#, true);
        assert_eq!(accepted, Ok(json!({"name": "n", "daily_budget": "1000", "days": ["MON"]})));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(take("{}", true), Err("(#100) The parameter name is required".to_owned()));
        assert_eq!(take("{}", false), Ok(json!({})));
        assert!(take(r#"{"objective":"A"}"#, false).is_err_and(|message| message.contains("cannot be changed")));
        assert!(
            take(r#"{"name":"n","days":["WED"]}"#, true).is_err_and(|message| message.contains("one of {MON, TUE}"))
        );
        assert!(take(r#"{"name":"too long"}"#, true).is_err());
        assert!(take(r#"{"name":"n","daily_budget":"1.5"}"#, true).is_err());
    }
}
