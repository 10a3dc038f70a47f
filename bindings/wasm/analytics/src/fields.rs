//! Fields of an object that JavaScript gave, each taken out once. A derived reader would be several times as large as all of
//! this crate.

use serde_json::{Map, Value};

/// An object whose fields are taken out one by one.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads the text of an object.
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        match serde_json::from_slice(json.as_bytes()) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err("it is no object".to_owned()),
            Err(cause) => Err(cause.to_string()),
        }
    }

    /// A value; `null` counts as none.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name} is no text")),
        }
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(format!("{name} is no object")),
        }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(format!("{name} is neither true nor false")),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| format!("{name} is no whole number from 0 on")),
        }
    }

    /// Any whole number.
    pub(crate) fn signed(&mut self, name: &str) -> Result<Option<i64>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| format!("{name} is no whole number")),
        }
    }

    /// Fails when something is left that nobody asked for.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("{name} is not known")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_what_it_is_asked_as() {
        let json = r#"{"t":"x","o":{"a":1},"f":false,"n":7,"s":-7,"z":null,"rest":1}"#;
        let mut fields = Fields::read(json).unwrap();
        assert_eq!(fields.text("t"), Ok(Some("x".to_owned())));
        assert_eq!(fields.object("o").unwrap().unwrap().len(), 1);
        assert_eq!(
            (fields.flag("f"), fields.number("n"), fields.signed("s")),
            (Ok(Some(false)), Ok(Some(7)), Ok(Some(-7)))
        );
        assert_eq!((fields.text("z"), fields.text("absent")), (Ok(None), Ok(None)));
        assert_eq!(fields.end(), Err("rest is not known".to_owned()));
    }

    #[test]
    fn what_is_something_else_is_named() {
        let mut fields = Fields::read(r#"{"t":1,"o":[],"f":"no","n":-1,"s":0.5}"#).unwrap();
        let problems = [
            fields.text("t").unwrap_err(),
            fields.object("o").unwrap_err(),
            fields.flag("f").unwrap_err(),
            fields.number("n").unwrap_err(),
            fields.signed("s").unwrap_err(),
        ];
        for (problem, name) in problems.iter().zip(["t", "o", "f", "n", "s"]) {
            assert!(problem.starts_with(&format!("{name} is n")), "{problem}");
        }
        assert!(Fields::read("[]").is_err() && Fields::read("{").is_err());
    }
}
