//! Texts, names and patterns as JavaScript writes them.

use serde_json::Value;

use crate::shape::Member;

/// A text in single quotes.
pub(super) fn text(value: &str) -> String {
    // JSON escapes what JavaScript does; only the quotes differ.
    let json = Value::from(value).to_string();
    format!("'{}'", json[1..json.len() - 1].replace("\\\"", "\"").replace('\'', "\\'"))
}

/// The values of an enumeration, with something between them.
pub(super) fn list(members: &[Member], between: &str) -> String {
    members.iter().map(|member| text(&member.value)).collect::<Vec<_>>().join(between)
}

/// The values of an enumeration as a type.
pub(super) fn union(members: &[Member]) -> String {
    list(members, " | ")
}

/// The name of a field, quoted where it has to be.
pub(super) fn key(name: &str) -> String {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') { name.to_owned() } else { text(name) }
}

/// A regular expression by code points, as JSON Schema has them.
pub(super) fn pattern(pattern: &str) -> String {
    format!("/{}/u", pattern.replace('/', "\\/"))
}

/// The beginning that a pattern prescribes, as `usr_`, and the pattern of what follows.
pub(super) fn prefixed(pattern: &str) -> Option<(&str, String)> {
    let body = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let end = body.find(|c: char| !c.is_ascii_lowercase())?;
    let (prefix, rest) = body.split_at_checked(end + 1)?;
    let plain = end > 0 && prefix.ends_with('_') && !rest.contains('|');
    plain.then(|| (prefix, format!("^{rest}$")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_keys_are_quoted_where_needed() {
        assert_eq!(text(r#"it's "so"\n"#), r#"'it\'s "so"\\n'"#);
        assert_eq!(
            (key("user_id"), key("cost per"), key("7d")),
            ("user_id".into(), "'cost per'".into(), "'7d'".into())
        );
    }

    #[test]
    fn a_prefix_is_found_where_every_text_has_it() {
        assert_eq!(prefixed("^usr_[0-9a-f]{32}$"), Some(("usr_", "^[0-9a-f]{32}$".to_owned())));
        for other in ["^[a-z]+$", "usr_[0-9]+", "^usr_a|b$", "^ab*_c$", "^_a$", "^https?://"] {
            assert_eq!(prefixed(other), None, "{other}");
        }
    }
}
