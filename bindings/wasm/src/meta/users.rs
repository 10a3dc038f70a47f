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
    let mut people = String::with_capacity(6 * packed.len());
    let mut left_out = String::new();
    let (mut user, mut index) = (UserData::new(), 0);
    let mut rest = packed;
    while let Some(first) = rest.as_bytes().first() {
        let end = if *first == PERSON_END as u8 {
            write(&user, &mut people);
            for problem in user.dropped() {
                // A `String` takes whatever is written.
                let _ = write!(left_out, "{index}{TEXT_END}{}{TEXT_END}{}{TEXT_END}", problem.key(), problem.reason());
            }
            (user, index) = (UserData::new(), index + 1);
            0
        } else {
            read(rest, &mut user)
        };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    people.push(PEOPLE_END);
    people + &left_out
}

/// Reads the first field, and tells where it ends. One whose mark is no key's is passed over.
fn read(fields: &str, user: &mut UserData) -> usize {
    let (mut end, mut is_escaped) = (0, false);
    for byte in fields.as_bytes() {
        if *byte == TEXT_END as u8 {
            break;
        }
        is_escaped |= *byte == ESCAPE as u8;
        end += 1;
    }
    let (Some(mark), Some(text)) = (fields.as_bytes().first(), fields.get(1..end)) else { return end };
    let text = if is_escaped { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) };
    let place = usize::from(mark.wrapping_sub(FIRST_MARK));
    if let Some(key) = UserKey::ALL.get(place) {
        user.add(*key, &text);
    } else if let Some(key) = PlainKey::ALL.get(place - UserKey::ALL.len()) {
        user.add_plain(*key, &text);
    }
    end
}

fn write(user: &UserData, people: &mut String) {
    let mut buffer = [0; 64];
    for (key, hash) in user.hashed() {
        people.push(mark(key as usize));
        people.push_str(hash.encode(&mut buffer));
        people.push(TEXT_END);
    }
    for (key, value) in user.plain_values() {
        people.push(mark(UserKey::ALL.len() + key as usize));
        escape(value, people);
        people.push(TEXT_END);
    }
    people.push(PERSON_END);
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

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            ESCAPE => characters.next().map_or(ESCAPE, |digit| char::from((digit as u8).wrapping_sub(FIRST_MARK))),
            other => other,
        });
    }
    plain
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
