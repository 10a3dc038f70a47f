//! The `fields` parameter: names, with nested ones in braces and arguments in parentheses.
//! See <https://developers.facebook.com/docs/graph-api/guides/field-expansion/>.

use super::error::GraphError;

/// Nested deeper than this is refused.
const DEEPEST: usize = 10;

/// One selected field, with what is selected inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) name: String,
    /// `limit(10)`, `effective_status(["ACTIVE"])`: name and text of the argument.
    pub(super) arguments: Vec<(String, String)>,
    pub(super) inside: Vec<Selected>,
}

/// Reads `id,name,adsets.limit(10){id,name}`.
pub(super) fn parse(text: &str) -> Result<Vec<Selected>, GraphError> {
    let mut rest = text.trim();
    let fields = list(&mut rest, 0)?;
    if rest.is_empty() { Ok(fields) } else { Err(broken(text)) }
}

fn list(rest: &mut &str, depth: usize) -> Result<Vec<Selected>, GraphError> {
    let mut fields = Vec::new();
    loop {
        let name = word(rest);
        if !name.is_empty() {
            let mut field = Selected { name, ..Selected::default() };
            while eat(rest, '.') {
                let argument = word(rest);
                field.arguments.push((argument, parenthesised(rest)?));
            }
            if eat(rest, '{') {
                if depth == DEEPEST {
                    return Err(GraphError::new(2500, "(#2500) The fields are nested too deeply"));
                }
                field.inside = list(rest, depth + 1)?;
                if !eat(rest, '}') {
                    return Err(broken(rest));
                }
            }
            fields.push(field);
        }
        if !eat(rest, ',') {
            return Ok(fields);
        }
    }
}

fn word(rest: &mut &str) -> String {
    *rest = rest.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after.trim_start();
    word.to_owned()
}

fn parenthesised(rest: &mut &str) -> Result<String, GraphError> {
    let end = rest.find(')').filter(|_| rest.starts_with('(')).ok_or_else(|| broken(rest))?;
    let text = rest[1..end].to_owned();
    *rest = rest[end + 1..].trim_start();
    Ok(text)
}

fn eat(rest: &mut &str, character: char) -> bool {
    match rest.strip_prefix(character) {
        Some(after) => {
            *rest = after.trim_start();
            true
        }
        None => false,
    }
}

fn broken(near: &str) -> GraphError {
    let near: String = near.chars().take(20).collect();
    GraphError::new(2500, format!("(#2500) Syntax error in the fields near '{near}'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(name: &str) -> Selected {
        Selected { name: name.to_owned(), ..Selected::default() }
    }

    #[test]
    fn reads_names_arguments_and_what_is_inside() {
        let nested = Selected {
            arguments: vec![("limit".to_owned(), "10".to_owned())],
            inside: vec![plain("id"), Selected { inside: vec![plain("id")], ..plain("ads") }],
            ..plain("adsets")
        };
        assert_eq!(parse("id, name,adsets.limit(10){id,ads{id}}"), Ok(vec![plain("id"), plain("name"), nested]));
        for text in ["a{b", "a}", "a.limit", "a.limit(1", "a b"] {
            assert_eq!(parse(text).map_err(|error| error.code), Err(2500), "{text}");
        }
        assert!(parse(&"a{".repeat(100)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z,.{}() ]{0,60}") {
            let _ = parse(&text);
        }
    }
}
