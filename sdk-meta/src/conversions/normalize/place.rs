//! Cities, states, postal codes and countries.

use super::table;
use super::text::{DIGIT, LETTER, NO_BLANK, Text};

/// Letters and digits of ASCII; other letters are removed, not folded: `São Paulo` is `sopaulo`.
pub(super) fn city(value: &str, text: &mut Text) {
    text.ascii(value, LETTER | DIGIT);
    if text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        text.clear();
    }
}

/// Two letters: of a state or province that the text is or contains, otherwise its first two.
pub(super) fn state(value: &str, text: &mut Text) {
    text.letters(value);
    if text.as_bytes().len() <= 2 {
        return;
    }
    let name = text.as_str();
    let mut rows = table::rows(table::STATES);
    let found = rows.clone().find(|(state, _)| *state == name);
    match found.or_else(|| rows.find(|(state, _)| name.contains(state))) {
        Some((_, code)) => text.set(code.as_bytes()),
        None => text.cut(2),
    }
}

/// Lower case without blanks, up to the first hyphen.
pub(super) fn zip(value: &str, text: &mut Text) {
    let beginning = value.bytes().position(|byte| byte == b'-').and_then(|end| value.get(..end)).unwrap_or(value);
    text.lower(beginning, NO_BLANK);
    if text.as_str().chars().nth(1).is_none() {
        text.clear();
    }
}

/// Two letters that are a country's: by its name, otherwise the first two letters. The builder sends whatever these are;
/// what is no country's is dropped here.
pub(super) fn country(value: &str, text: &mut Text) {
    text.letters(value);
    if table::is_country(text.as_bytes()) {
        return;
    }
    if let Some(code) = table::find(table::COUNTRIES, text.as_str()) {
        return text.set(code.as_bytes());
    }
    text.cut(2);
    if !table::is_country(text.as_bytes()) {
        text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(spell: impl Fn(&str, &mut Text), value: &str) -> String {
        let mut text = Text::new();
        spell(value, &mut text);
        text.as_str().to_owned()
    }

    #[test]
    fn a_state_is_found_inside_a_longer_text() {
        for (value, code) in [
            ("State of New York", "ny"),
            ("Québec (Quebec)", "qc"),
            ("Québec", "qu"),
            ("Arkansas USA", "ar"),
            ("x", "x"),
        ] {
            assert_eq!(of(state, value), code, "{value}");
        }
    }

    #[test]
    fn only_countries_come_out_of_a_country() {
        for (value, code) in [("Korea, Republic of", "kr"), ("UK", "gb"), ("Deutschland", "de"), ("xx", "")] {
            assert_eq!(of(country, value), code, "{value}");
        }
    }
}
