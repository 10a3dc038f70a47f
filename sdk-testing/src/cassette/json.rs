//! Places in JSON documents, and hiding what is there.

use acd_core::testing::Redaction;
use serde_json::Value;

/// A JSON pointer (RFC 6901) in which `*` stands for every element of an array and every member of an object.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    /// # Panics
    /// When the text does not begin with `/`.
    #[track_caller]
    pub(super) fn new(pointer: &str) -> Self {
        let Some(rest) = pointer.strip_prefix('/') else {
            panic!("`{pointer}` is no JSON pointer: write `/data/*/email`");
        };
        Self(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
    }

    pub(super) fn matches(&self, path: &[String]) -> bool {
        self.0.len() == path.len() && self.0.iter().zip(path).all(|(step, name)| step == "*" || step == name)
    }
}

/// Replaces every value within by one of its own type that says nothing, so that the document can still be decoded.
/// Booleans stay: there is nothing in one.
pub(super) fn hide(value: &mut Value) {
    match value {
        Value::String(text) => Redaction::PLACEHOLDER.clone_into(text),
        Value::Number(number) => *number = 0.into(),
        Value::Array(elements) => elements.iter_mut().for_each(hide),
        Value::Object(members) => members.values_mut().for_each(hide),
        Value::Null | Value::Bool(_) => {}
    }
}
