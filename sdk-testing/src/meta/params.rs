//! Parameters, however they came: in the query, as a form, as JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::GraphError;

/// The parameters of one call. In forms and in the query, objects, lists and booleans are JSON text; JSON bodies hold them
/// as they are. Who asks sees no difference.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(BTreeMap<String, Value>);

impl Params {
    /// Adds what a query or a form holds.
    pub(super) fn add_form(&mut self, text: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.0.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    /// Adds what a JSON body holds.
    pub(super) fn add_json(&mut self, text: &[u8]) -> Result<(), GraphError> {
        if text.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice(text) {
            Ok(Value::Object(members)) => {
                self.0.extend(members);
                Ok(())
            }
            _ => Err(GraphError::new(100, "(#100) The body is not a JSON object")),
        }
    }

    pub(super) fn add(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The value unless it is missing, null or empty text.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !matches!(value, Value::Null) && value.as_str() != Some(""))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value as text; a number or a boolean is written out.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(as_text)
    }

    /// The value as JSON, read from the text where it came as text; text that is no JSON stays text.
    pub(super) fn json(&self, name: &str) -> Option<Value> {
        self.get(name).map(decoded)
    }

    /// A list of texts: a JSON list, or one text with commas.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        match self.json(name) {
            Some(Value::Array(items)) => items.iter().map(as_text).collect(),
            Some(value) => as_text(&value).split(',').map(|item| item.trim().to_owned()).collect(),
            None => Vec::new(),
        }
    }

    /// Whether the value says yes.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(as_text(value).as_str(), "true" | "1"))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A value as text, a string without its quotes.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value, read once more when it is JSON text.
pub(super) fn decoded(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(['{', '[', '"']) || matches!(text.as_str(), "true" | "false") => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_say_the_same() {
        let (mut form, mut json) = (Params::default(), Params::default());
        form.add_form(b"name=A+b&list=%5B%22x%22%5D&yes=true&n=7&none=");
        json.add_json(br#"{"name":"A b","list":["x"],"yes":true,"n":7,"none":null}"#).unwrap();
        for params in [form, json] {
            assert_eq!(params.text("name").as_deref(), Some("A b"));
            assert_eq!(params.texts("list"), ["x"]);
            assert_eq!((params.flag("yes"), params.text("n").as_deref(), params.has("none")), (true, Some("7"), false));
        }
        assert!(Params::default().add_json(b"[1]").is_err());
    }
}
