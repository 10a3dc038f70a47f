//! Checks of values that a request brings, with errors that name the field.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use url::Url;

use super::problem::{Problem, Result};

/// The longest URL that is stored, in characters.
const URL_CHARS: usize = 2_048;

/// 422 for the value of a field.
pub fn invalid(field: &str, why: &str) -> Problem {
    Problem::invalid("invalid_body", format!("{field}: {why}"))
}

/// A text of so many characters. PostgreSQL stores no NUL.
pub fn text(field: &str, value: &str, chars: RangeInclusive<usize>) -> Result<()> {
    if chars.contains(&value.chars().count()) && !value.contains('\0') {
        return Ok(());
    }
    Err(invalid(field, &format!("must have {} to {} characters, none of them NUL", chars.start(), chars.end())))
}

/// An id of Meta's in a query: 1 to 25 digits.
pub fn meta_id(field: &str, value: &str) -> Result<()> {
    let is_id = (1..=25).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if is_id {
        Ok(())
    } else {
        Err(Problem::bad_request("invalid_query", format!("{field}: must be an id of Meta's, 1 to 25 digits")))
    }
}

/// The URL of something on the web, in the characters of RFC 3986. Other schemes, `javascript:` above all, could do harm
/// where it is shown.
pub fn url(field: &str, value: &str) -> Result<()> {
    let parsed = || Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if value.len() <= URL_CHARS && has_url_characters(value) && parsed() {
        return Ok(());
    }
    Err(invalid(field, "must be an http or https URL of at most 2048 characters, those outside ASCII percent-encoded"))
}

fn has_url_characters(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let escapes = value.split('%').skip(1);
    let whole =
        |escape: &str| escape.as_bytes().first_chunk::<2>().is_some_and(|c| c.iter().all(u8::is_ascii_hexdigit));
    value.bytes().all(plain) && escapes.into_iter().all(whole)
}

/// A JSON object of at most so many bytes, without NUL in any text.
pub fn object(field: &str, value: &Map<String, Value>, max_bytes: usize) -> Result<()> {
    if value.iter().any(|(name, value)| name.contains('\0') || has_nul(value)) {
        return Err(invalid(field, "contains a NUL character, which no stored text has"));
    }
    let bytes = serde_json::to_vec(value).map_err(Problem::internal)?.len();
    if bytes > max_bytes {
        return Err(invalid(field, &format!("has {bytes} bytes of JSON, more than {max_bytes}")));
    }
    Ok(())
}

/// A value from outside as PostgreSQL stores it: in the place of each NUL stands U+FFFD, as editors show it.
pub fn storable(value: Value) -> Value {
    let clean = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.into_iter().map(storable).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (clean(name), storable(value))).collect())
        }
        plain => plain,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_counted_in_characters() {
        assert!(text("name", &"é".repeat(200), 1..=200).is_ok());
        for bad in ["", "a\0b", &"é".repeat(201)] {
            let problem = text("name", bad, 1..=200).unwrap_err();
            assert!(problem.detail.starts_with("name: ") && problem.status == 422, "{problem:?}");
        }
    }

    #[test]
    fn only_links_of_the_web_are_urls() {
        assert!(url("url", "https://cdn.example.com/a%20b.png?v=1#top").is_ok());
        let long = format!("https://example.com/{}", "a".repeat(URL_CHARS));
        for bad in [
            "",
            "a.png",
            "javascript:alert(1)",
            "data:,",
            "https://",
            "http://a b",
            "https://a/\0",
            "https://é.fr",
            "https://a/%zz",
            "https://a/<b>",
            "\thttps://a",
            &long,
        ] {
            assert!(url("url", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nul_is_found_at_any_depth() {
        let check = |value: Value| object("metadata", value.as_object().unwrap(), 64).map_err(|problem| problem.detail);
        assert!(check(json!({ "a": [1, { "b": "c" }] })).is_ok());
        for bad in [json!({ "\0": 1 }), json!({ "a": [{ "b": "\0" }] }), json!({ "a": { "\0": 1 } })] {
            assert!(check(bad).unwrap_err().contains("NUL"));
        }
        assert!(check(json!({ "a": "b".repeat(64) })).unwrap_err().contains("more than 64"));
    }

    #[test]
    fn what_cannot_be_stored_is_shown_as_such() {
        let stored = storable(json!({ "a\0": ["b\0c", 1, null], "d": { "e": "f" } }));
        assert_eq!(stored, json!({ "a\u{fffd}": ["b\u{fffd}c", 1, null], "d": { "e": "f" } }));
    }
}
