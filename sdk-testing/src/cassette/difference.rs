//! In what two requests differ, in words.

use serde_json::Value;

use super::exchange::StoredRequest;

/// How alike two requests are: the path says most.
pub(super) fn likeness(one: &StoredRequest, two: &StoredRequest) -> u32 {
    let same_path = path(&one.url) == path(&two.url);
    let points = [(same_path, 8), (one.method == two.method, 4), (one.url == two.url, 2), (one.body == two.body, 1)];
    points.iter().filter(|(same, _)| *same).map(|(_, points)| points).sum()
}

fn path(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

/// The first difference of `sent` from `recorded`.
pub(super) fn difference(recorded: &StoredRequest, sent: &StoredRequest) -> String {
    if recorded.method != sent.method {
        return format!("its method is {}", recorded.method);
    }
    if recorded.url != sent.url {
        return format!("its URL is {}", recorded.url);
    }
    match (recorded.body.json(), sent.body.json()) {
        (Some(recorded), Some(sent)) => {
            first(&recorded, &sent, String::new()).unwrap_or_else(|| "it is the same, but used already".to_owned())
        }
        _ if recorded.body == sent.body => "it is the same, but used already".to_owned(),
        _ => "its body is another".to_owned(),
    }
}

/// The first place at which two documents differ. Values are not quoted whole: bodies are long.
fn first(recorded: &Value, sent: &Value, at: String) -> Option<String> {
    match (recorded, sent) {
        (Value::Object(one), Value::Object(two)) => {
            let missing = one.keys().find(|name| !two.contains_key(*name));
            let added = two.keys().find(|name| !one.contains_key(*name));
            match (missing, added) {
                (Some(name), _) => Some(format!("its body has `{at}/{name}`, which was not sent")),
                (None, Some(name)) => Some(format!("its body has no `{at}/{name}`, which was sent")),
                (None, None) => {
                    one.iter().find_map(|(name, value)| first(value, two.get(name)?, format!("{at}/{name}")))
                }
            }
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            one.iter().zip(two).enumerate().find_map(|(index, (one, two))| first(one, two, format!("{at}/{index}")))
        }
        _ if recorded == sent => None,
        _ => Some(format!("its body has {} at `{at}`, and {} was sent", short(recorded), short(sent))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_with_its_place() {
        let say = |one: Value, two: Value| first(&one, &two, String::new());
        assert_eq!(say(json!({"a": 1}), json!({"a": 1})), None);
        assert_eq!(
            say(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]})).as_deref(),
            Some("its body has 2 at `/a/1/b`, and 3 was sent")
        );
        assert_eq!(say(json!({"a": 1}), json!({})).as_deref(), Some("its body has `/a`, which was not sent"));
        assert_eq!(say(json!({}), json!({"b": 1})).as_deref(), Some("its body has no `/b`, which was sent"));
        assert_eq!(say(json!([1]), json!([])).as_deref(), Some("its body has [1] at ``, and [] was sent"));
    }
}
