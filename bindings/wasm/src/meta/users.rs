//! What is known of people, as Meta takes it.
//!
//! People come and go packed into one text, as JSON of them is gone over more than once on either side of the boundary. A field is
//! the mark of its key, its text and [`TEXT_END`]; a person is their fields and [`PERSON_END`].

use std::borrow::Cow;
use std::fmt::Write as _;

use acd_core::{Error, ErrorKind};
use acd_meta::conversions::{self, PlainKey, UserData, UserKey, ValueError};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::calls;

const TEXT_END: char = '\u{1}';
const PERSON_END: char = '\u{2}';
/// Ends the people: what was left out comes after them.
const PEOPLE_END: char = '\u{3}';
/// In a text, stands before the digit of one of the characters up to [`PEOPLE_END`].
const ESCAPE: char = '\0';
/// The mark of the first key; the others follow in their order.
const FIRST_MARK: u8 = b'0';

/// A value that was left out, since it could match nobody.
#[derive(Serialize)]
pub(super) struct Dropped {
    /// The place of whom it belongs to among those given.
    index: usize,
    key: &'static str,
    reason: &'static str,
}

impl Dropped {
    pub(super) fn of(index: usize, problem: &ValueError) -> Self {
        Self { index, key: problem.key(), reason: problem.reason() }
    }
}

/// The names of all keys in the order of their marks, a line each. Those with an asterisk hold lists, those with an equals sign are
/// sent as they are.
#[wasm_bindgen(js_name = userKeys)]
pub fn user_keys() -> String {
    let hashed = UserKey::ALL.iter().map(|key| (key.as_str(), if key.is_list() { "*" } else { "" }));
    let plain = PlainKey::ALL.iter().map(|key| (key.as_str(), "="));
    hashed.chain(plain).map(|(name, form)| format!("{name}{form}\n")).collect()
}

/// Normalises and hashes what is known of people, for the Conversions API. Given are people, packed; the result is people again,
/// and behind them in three texts each what was left out: the place of whom it belongs to, its key and the reason.
#[wasm_bindgen(js_name = hashUsers)]
pub fn hash_users(packed: &str) -> String {
    // A hash is longer than most of what it is made of.
    let mut people = String::with_capacity(3 * packed.len());
    let mut left_out = String::new();
    for (index, person) in packed.split_terminator(PERSON_END).enumerate() {
        let (user, given) = read(person);
        for (place, key) in UserKey::ALL.iter().enumerate().filter(|(place, _)| given & 1 << place != 0) {
            for hash in user.hashes(*key) {
                people.push(mark(place));
                // A `String` takes whatever is written.
                let _ = write!(people, "{hash}{TEXT_END}");
            }
        }
        for (place, key) in (UserKey::ALL.len()..).zip(PlainKey::ALL).filter(|(place, _)| given & 1 << place != 0) {
            if let Some(value) = user.plain_value(*key) {
                people.push(mark(place));
                escape(value, &mut people);
                people.push(TEXT_END);
            }
        }
        people.push(PERSON_END);
        for problem in user.dropped() {
            let _ = write!(left_out, "{index}{TEXT_END}{}{TEXT_END}{}{TEXT_END}", problem.key(), problem.reason());
        }
    }
    people.push(PEOPLE_END);
    people + &left_out
}

/// A person, and a bit for each key that was given.
fn read(person: &str) -> (UserData, u64) {
    let (mut user, mut given) = (UserData::new(), 0);
    for field in person.split_terminator(TEXT_END) {
        let Some((mark, text)) = field.split_at_checked(1) else { continue };
        let place = usize::from(mark.bytes().next().unwrap_or_default().wrapping_sub(FIRST_MARK));
        let text = unescape(text);
        if let Some(key) = UserKey::ALL.get(place) {
            user = user.with(*key, text);
        } else if let Some(key) = PlainKey::ALL.get(place - UserKey::ALL.len()) {
            user = user.plain(*key, text);
        } else {
            continue;
        }
        given |= 1 << place;
    }
    (user, given)
}

fn mark(place: usize) -> char {
    char::from(FIRST_MARK.wrapping_add(place as u8))
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        if character <= PEOPLE_END {
            into.extend([ESCAPE, mark(character as usize)]);
        } else {
            into.push(character);
        }
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            ESCAPE => characters.next().map_or(ESCAPE, |digit| char::from((digit as u8).wrapping_sub(FIRST_MARK))),
            other => other,
        });
    }
    Cow::Owned(plain)
}

/// The one spelling of a value, as it is hashed.
///
/// # Errors
/// A key that is none; a value that could match nobody.
#[wasm_bindgen(js_name = normalizeUserValue)]
pub fn normalize_user_value(key: &str, value: &str) -> Result<String, JsValue> {
    let refuse = |problem: String| calls::thrown(Error::new(ErrorKind::Request, problem));
    let key = UserKey::from_name(key).ok_or_else(|| refuse(format!("Meta hashes nothing under the key `{key}`")))?;
    key.normalize(value).map_err(|problem| refuse(problem.to_string()))
}

/// A currency in the three capital letters of ISO 4217; `undefined` for a text that has not three letters.
#[wasm_bindgen(js_name = normalizeCurrency)]
pub fn normalize_currency(value: &str) -> Option<String> {
    conversions::normalize_currency(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_mark_of_its_own_and_its_values_come_back_under_it() {
        assert_eq!(user_keys().lines().count(), UserKey::ALL.len() + PlainKey::ALL.len());
        assert!(
            user_keys().starts_with("em*\n") && user_keys().contains("\ndobd\n") && user_keys().contains("\nfbc=\n")
        );
        let hash = "0".repeat(64);
        for (place, name) in user_keys().lines().enumerate().take(UserKey::ALL.len()) {
            let packed = format!("{}{hash}\u{1}\u{2}", mark(place));
            assert_eq!(hash_users(&packed), format!("{packed}\u{3}"), "{name}");
        }
    }

    #[test]
    fn people_are_told_apart_and_what_is_left_out_is_named() {
        let (agent, subscription) = (mark(UserKey::ALL.len() + 1), mark(UserKey::ALL.len() + 4));
        let packed = format!("0nobody\u{1}\u{2}\u{2}{agent}a\01\00b\u{1}{subscription}7\u{1}\u{2}");
        let hashed = format!(
            "\u{2}\u{2}{agent}a\01\00b\u{1}{subscription}7\u{1}\u{2}\u{3}0\u{1}em\u{1}is not an e-mail address\u{1}"
        );
        assert_eq!(hash_users(&packed), hashed);
        assert_eq!(
            (hash_users(""), hash_users("\u{1}~x\u{1}é\u{1}\u{2}")),
            ("\u{3}".to_owned(), "\u{2}\u{3}".to_owned())
        );
    }
}
