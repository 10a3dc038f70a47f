//! Doc comments of Rust as TSDoc.

/// A comment above a declaration, or nothing.
pub(super) fn comment(doc: Option<&str>, indent: &str) -> String {
    let Some(doc) = doc.map(str::trim).filter(|doc| !doc.is_empty()) else { return String::new() };
    let text = plain(doc);
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(only), None) => format!("{indent}/** {only} */\n"),
        _ => {
            let lines = text.lines().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n");
            format!("{indent}/**\n{}{indent} */\n", lines.collect::<String>())
        }
    }
}

/// Links to other items become code, since their targets are paths of Rust; what TSDoc reads as a tag is escaped.
fn plain(doc: &str) -> String {
    let mut plain = String::with_capacity(doc.len());
    let mut rest = doc.replace("*/", "*\\/");
    while let Some(start) = rest.find("[`") {
        let (before, link) = rest.split_at(start);
        let Some(end) = link.find("`]") else { break };
        plain.push_str(before);
        plain.push_str(&link[1..=end]);
        let after = &link[end + 2..];
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = match target {
            Some((_, after)) => after.to_owned(),
            None => after.to_owned(),
        };
    }
    plain.push_str(&rest);
    escape(&plain)
}

/// Escapes what is special in TSDoc outside of code.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            escaped.push('`');
        }
        if at % 2 == 0 {
            let special = |c| matches!(c, '{' | '}' | '@');
            part.chars().for_each(|c| escaped.extend(special(c).then_some('\\').into_iter().chain([c])));
        } else {
            escaped.push_str(part);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_items_become_code_and_links_to_pages_stay() {
        let doc =
            "The body of [`CREATE`](super::CREATE), see [`Self`] and [page](https://x.test/a).\nA mail to a@b, `{x}`.";
        assert_eq!(
            comment(Some(doc), "  "),
            "  /**\n   * The body of `CREATE`, see `Self` and [page](https://x.test/a).\n   * A mail to a\\@b, `{x}`.\n   */\n"
        );
        assert_eq!(comment(Some("Ends */ here."), ""), "/** Ends *\\/ here. */\n");
        assert_eq!(comment(None, ""), "");
    }
}
