//! Cities, states, postal codes and countries.

use super::table;
use super::text::{Text, is_blank, trim};

/// Letters and digits of ASCII; other letters are removed, not folded: `São Paulo` is `sopaulo`.
pub(super) fn city(value: &str) -> Option<Text> {
    let kept = value.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
    let text = Text::of_ascii(kept);
    text.as_bytes().first()?.is_ascii_lowercase().then_some(text)
}

/// Two letters: of a state or province that the text is or contains, otherwise its first two.
pub(super) fn state(value: &str) -> Option<Text> {
    let letters = Text::letters(value);
    if letters.as_bytes().len() <= 2 {
        return letters.non_empty();
    }
    let name = letters.as_str();
    let mut rows = table::rows(table::STATES);
    let code = rows.clone().find(|(state, _)| *state == name).or_else(|| rows.find(|(state, _)| name.contains(state)));
    Some(code.map_or_else(|| letters.clone().cut(2), |(_, code)| Text::from(code)))
}

/// Lower case without blanks, up to the first hyphen.
pub(super) fn zip(value: &str) -> Option<Text> {
    let beginning = value.split('-').next().unwrap_or_default();
    let text = Text::lower_kept(trim(beginning), |c| !is_blank(c));
    (text.as_str().chars().nth(1).is_some()).then_some(text)
}

/// Two letters that are a country's: by its name, otherwise the first two letters. The builder sends whatever these are;
/// what is no country's is dropped here.
pub(super) fn country(value: &str) -> Option<Text> {
    let letters = Text::letters(value);
    if table::is_country(letters.as_bytes()) {
        return Some(letters);
    }
    if let Some(code) = table::find(table::COUNTRIES, &letters.as_str()) {
        return Some(Text::from(code));
    }
    let code = letters.cut(2);
    table::is_country(code.as_bytes()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_found_inside_a_longer_text() {
        for (value, code) in [
            ("State of New York", "ny"),
            ("Québec (Quebec)", "qc"),
            ("Québec", "qu"),
            ("Arkansas USA", "ar"),
            ("x", "x"),
        ] {
            assert_eq!(state(value), Some(Text::from(code)), "{value}");
        }
    }

    #[test]
    fn only_countries_come_out_of_a_country() {
        for (value, code) in
            [("Korea, Republic of", Some("kr")), ("UK", Some("gb")), ("Deutschland", Some("de")), ("xx", None)]
        {
            assert_eq!(country(value), code.map(Text::from), "{value}");
        }
    }
}
