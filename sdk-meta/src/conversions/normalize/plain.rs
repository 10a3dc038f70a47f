//! The rules again, written as they are said and not as they are fast: what every value is compared with.

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::super::{UserData, UserKey};
use super::table::{CODES, COUNTRIES, STATES, rows};

/// As the documentation of `\s` lists them for JavaScript.
fn is_blank(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

fn without(text: &str, unwanted: impl Fn(char) -> bool) -> String {
    text.chars().filter(|c| !unwanted(*c)).collect()
}

fn beginning(text: &str, length: usize) -> String {
    let text: String = text.trim_matches(is_blank).to_lowercase().chars().take(length).collect();
    text.trim_end_matches(is_blank).to_owned()
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn hash_in(text: &str) -> Option<String> {
    let text = text.trim_matches(is_blank);
    let (digits, mark) = text.split_once('.').unwrap_or((text, "AQ"));
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_marked =
        ["AQ", "Ag", "Aw", "BA", "BQ", "Bg"].contains(&mark) || (mark.len() == 8 && mark.chars().all(is_base64));
    let is_hash = [32, 64].contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    (is_marked && is_hash).then(|| digits.to_lowercase())
}

fn email(text: &str) -> Option<String> {
    let text = text.trim_matches(is_blank).to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let is_atom = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_!#$%&'*+/=?^`{|}~-".contains(c))
    };
    let is_label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let is_address = local.split('.').all(is_atom) && domain.contains('.') && domain.split('.').all(is_label);
    is_address.then(|| text.clone())
}

fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(char::is_ascii_lowercase).collect()
}

fn state(text: &str) -> Option<String> {
    let name = letters(text);
    let is_named = |(state, _): &(&str, &str)| *state == name;
    let is_inside = |(state, _): &(&str, &str)| name.contains(state);
    let code = rows(STATES).find(is_named).or_else(|| rows(STATES).find(is_inside)).map(|(_, code)| code);
    some(code.filter(|_| name.len() > 2).unwrap_or(&name[..name.len().min(2)]))
}

fn country(text: &str) -> Option<String> {
    let name = letters(text);
    let is_code = |code: &str| CODES.chunks(2).any(|known| known == code.as_bytes());
    let named = rows(COUNTRIES).find(|(country, _)| *country == name).map(|(_, code)| code);
    let code = if is_code(&name) { &name } else { named.unwrap_or(&name[..name.len().min(2)]) };
    is_code(code).then(|| code.to_owned())
}

fn normalize(key: UserKey, text: &str) -> Option<String> {
    let trimmed = text.trim_matches(is_blank);
    if let Some(hash) = hash_in(text) {
        return Some(hash);
    }
    match key {
        UserKey::Email => email(text),
        UserKey::Phone => some(without(text, |c| !c.is_ascii_digit()).trim_start_matches('0')),
        UserKey::FirstName | UserKey::LastName => {
            some(&without(text, |c| is_blank(c) || c.is_ascii_punctuation()).to_lowercase())
        }
        UserKey::City => some(&without(text, |c| !c.is_ascii_alphanumeric()).to_lowercase())
            .filter(|city| !city.starts_with(|c: char| c.is_ascii_digit())),
        UserKey::State => state(text),
        UserKey::Zip => {
            some(&without(text.split('-').next()?, is_blank).to_lowercase()).filter(|zip| zip.chars().count() > 1)
        }
        UserKey::Country => country(text),
        UserKey::ExternalId => some(&without(text, is_blank).to_lowercase()),
        UserKey::FirstNameFive | UserKey::LastNameFive => some(&beginning(text, 5)),
        UserKey::FirstInitial => some(&beginning(text, 1)),
        UserKey::BirthDay | UserKey::BirthMonth => {
            let most = if key == UserKey::BirthDay { 31 } else { 12 };
            let spelled =
                (1..=most).find(|number| [format!("{number}"), format!("{number:02}")].contains(&trimmed.to_owned()));
            spelled.map(|number| format!("{number:02}"))
        }
        UserKey::BirthYear => some(trimmed).filter(|year| year.len() == 4 && year.chars().all(|c| c.is_ascii_digit())),
        UserKey::AppUserId => some(&trimmed.to_lowercase()),
        // Lists of words, and dates: the vectors hold them.
        UserKey::Gender | UserKey::DateOfBirth => key.normalize(text).ok(),
    }
}

/// Texts of what decides: the characters that a rule names, those beside them, and those whose lower case is a surprise.
fn value() -> impl Strategy<Value = String> {
    const ASCII: &str = "[ -~]{0,30}";
    prop_oneof![
        any::<String>(),
        ASCII,
        "[\\x00-\\x7f]{0,12}",
        "[ -~]{50,70}",
        "[A-Za-z0-9 .éÜßИвΣσİK\u{a0}\u{85}\u{200b}\u{feff}\u{3000}-]{0,12}",
        "[A-Za-zΣ ]{60,68}",
        " ?[a-zA-Z._+-]{1,6}@[a-zA-Z0-9.-]{1,8} ?",
        "[a-z.@-]{0,8}",
        "[+0 ()-]{0,4}[0-9 ().-]{0,16}",
        "[0-9A-Fa-f]{31,33}|[0-9A-Fa-f]{63,65}",
        " ?([0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})[.]?([A-B][Q-g]|[A-Za-z0-9_.=-]{7,9})? ?",
        "[a-zA-Z]{1,3}",
        "[ ,.a-z]{0,3}([Nn]ew [Yy]ork|Quebec|Virginia|India|United Kingdom|Korea, Republic of)[a-zé ]{0,4}",
        "[0-9]{0,5}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_value_is_normalised_by_its_rule(value in value()) {
        for key in UserKey::ALL {
            prop_assert_eq!(key.normalize(&value).ok(), normalize(*key, &value), "{}", key);
        }
    }

    #[test]
    fn the_hash_is_that_of_the_normalised_value(value in value()) {
        for key in UserKey::ALL {
            let hash = normalize(*key, &value).map(|text| match hash_in(&value) {
                Some(hash) => hash,
                None => crate::hex::encode(&Sha256::digest(text)),
            });
            prop_assert_eq!(key.hash(&value).ok().map(|hash| hash.to_string()), hash, "{}", key);
        }
    }

    #[test]
    fn a_person_has_the_values_of_each_key_once_and_in_order(
        fields in prop::collection::vec((prop::sample::select(UserKey::ALL), "[a-c]"), 0..20)
    ) {
        let user = fields.iter().fold(UserData::new(), |user, (key, value)| user.with(*key, value));
        let mut expected = Vec::new();
        for key in UserKey::ALL {
            let mut hashes = Vec::new();
            for hash in fields.iter().filter(|(other, _)| other == key).filter_map(|(_, value)| key.hash(value).ok()) {
                if !key.is_list() {
                    hashes = vec![hash];
                } else if !hashes.contains(&hash) {
                    hashes.push(hash);
                }
            }
            prop_assert_eq!(user.hashes(*key).collect::<Vec<_>>(), hashes.clone());
            expected.extend(hashes.into_iter().map(|hash| (*key, hash)));
        }
        prop_assert_eq!(user.hashed().map(|(key, hash)| (key, *hash)).collect::<Vec<_>>(), expected);
    }
}
