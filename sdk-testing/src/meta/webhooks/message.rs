//! What a webhook says.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// One change that is to be told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) id: u64,
    pub(super) field: String,
    pub(super) value: Value,
    pub(super) at: DateTime<Utc>,
}

/// The body of a message. What happened to one node in one second shares an entry.
pub(super) fn body(object: &str, told: &[Told]) -> String {
    let of_one = |one: &Told, next: &Told| one.id == next.id && one.at.timestamp() == next.at.timestamp();
    let entries = told.chunk_by(of_one).filter_map(|told| {
        let first = told.first()?;
        let mut entry = json!({ "id": first.id.to_string(), "time": first.at.timestamp() });
        for told in told {
            let (member, item) = if is_message(&told.field) {
                ("messaging", told.value.clone())
            } else {
                ("changes", json!({ "field": shown(&told.field), "value": told.value }))
            };
            match entry.get_mut(member).and_then(Value::as_array_mut) {
                Some(items) => items.push(item),
                None => entry[member] = json!([item]),
            }
        }
        Some(entry)
    });
    escaped(&json!({ "object": object, "entry": entries.collect::<Vec<_>>() }))
}

/// Whether a field is one of Messenger's, which have a list of their own.
fn is_message(field: &str) -> bool {
    field.starts_with("messag") && field != "message_template_status_update"
}

/// The name that a field has in a message: this one is subscribed to by another.
fn shown(field: &str) -> &str {
    match field {
        "effective_status" => "field_changed",
        field => field,
    }
}

/// JSON as Meta signs it: what is not ASCII is escaped.
fn escaped(value: &Value) -> String {
    let mut units = [0; 2];
    let mut text = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // Writing to text does not fail.
                let _written = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: u64, field: &str, at: i64) -> Told {
        Told { id, field: field.to_owned(), value: json!(field), at: DateTime::from_timestamp(at, 0).unwrap() }
    }

    #[test]
    fn what_happened_to_one_node_at_one_time_shares_an_entry() {
        let told = [told(1, "feed", 5), told(1, "messages", 5), told(2, "feed", 5), told(2, "effective_status", 6)];
        let change = |field: &str, value: &str| json!([{ "field": field, "value": value }]);
        let expected = json!({ "object": "page", "entry": [
            { "id": "1", "time": 5, "changes": change("feed", "feed"), "messaging": ["messages"] },
            { "id": "2", "time": 5, "changes": change("feed", "feed") },
            { "id": "2", "time": 6, "changes": change("field_changed", "effective_status") },
        ]});
        assert_eq!(serde_json::from_str::<Value>(&body("page", &told)).unwrap(), expected);
    }

    #[test]
    fn what_is_not_ascii_is_escaped_in_lower_case() {
        assert_eq!(escaped(&json!({ "v": "äö" })), r#"{"v":"\u00e4\u00f6"}"#);
        assert_eq!(escaped(&json!("🎉")), r#""\ud83c\udf89""#);
    }
}
