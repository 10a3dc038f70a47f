//! One spelling for everything that is hashed, so that equal people have equal hashes.
//!
//! The rules are those of Meta's own
//! [parameter builder](https://github.com/facebook/capi-param-builder) with the
//! [documented](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters)
//! one for postal codes. Older official SDKs differ from it, and from each other.

mod birth;
mod email;
mod gender;
mod place;
#[cfg(test)]
mod plain;
mod table;
mod text;

use std::fmt;

pub(super) use text::trim;

use super::hashed::Hashed;
use super::key::UserKey;
use text::{ANY, DIGIT, NO_BLANK, NO_BLANK_AND_NO_PUNCTUATION, Text};

/// Why a value was left out: under which key it was given, and what it lacks. The value itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueError {
    key: &'static str,
    reason: &'static str,
}

impl ValueError {
    pub(crate) const fn new(key: &'static str, reason: &'static str) -> Self {
        Self { key, reason }
    }

    /// The key on the wire, such as `em`.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// What the value lacks, as the end of a sentence that begins with "the value".
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was left out: the value {}", self.key, self.reason)
    }
}

impl std::error::Error for ValueError {}

impl UserKey {
    /// The one spelling of a value, as it is hashed. A hash comes back as it is, in lower case.
    ///
    /// Normalising what is normalised changes nothing.
    ///
    /// # Errors
    /// [`ValueError`] for a value that could match nobody, such as a phone number without digits.
    pub fn normalize(self, value: &str) -> Result<String, ValueError> {
        let mut text = Text::new();
        match Hashed::recognize(value) {
            Some(hash) => Ok(hash.to_string()),
            None => self.spell(value, &mut text).map(|()| text.as_str().to_owned()),
        }
    }

    /// The hash under which Meta looks for a person: of the normalised value, or the value itself if it is a hash already.
    ///
    /// A value of 32 or 64 hexadecimal digits always counts as a hash, so an [`ExternalId`](Self::ExternalId) that is a UUID
    /// without hyphens is sent as it is; Meta's own libraries do the same.
    ///
    /// # Errors
    /// As [`normalize`](Self::normalize).
    pub fn hash(self, value: &str) -> Result<Hashed, ValueError> {
        let mut text = Text::new();
        match Hashed::recognize(value) {
            Some(hash) => Ok(hash),
            None => self.spell(value, &mut text).map(|()| Hashed::of(text.as_bytes())),
        }
    }

    fn spell(self, value: &str, text: &mut Text) -> Result<(), ValueError> {
        match self {
            Self::Email => email::email(value, text),
            Self::Phone => phone(value, text),
            Self::Gender => gender::gender(value, text),
            Self::DateOfBirth => digits(birth::date(value), text),
            Self::LastName | Self::FirstName => text.lower(value, NO_BLANK_AND_NO_PUNCTUATION),
            Self::City => place::city(value, text),
            Self::State => place::state(value, text),
            Self::Zip => place::zip(value, text),
            Self::Country => place::country(value, text),
            Self::ExternalId => text.lower(value, NO_BLANK),
            Self::FirstNameFive | Self::LastNameFive => beginning(value, 5, text),
            Self::FirstInitial => beginning(value, 1, text),
            Self::BirthDay => digits(birth::padded(value, 31), text),
            Self::BirthMonth => digits(birth::padded(value, 12), text),
            Self::BirthYear => digits(birth::year(value), text),
            Self::AppUserId => text.lower(trim(value), ANY),
        }
        if text.as_bytes().is_empty() { Err(self.error()) } else { Ok(()) }
    }

    const fn error(self) -> ValueError {
        let reason = match self {
            Self::Email => "is not an e-mail address",
            Self::Phone => "holds no digit but zeros",
            Self::Gender => "is not a known word for female or male",
            Self::DateOfBirth => "is not a date of year, month and day in figures",
            Self::LastName | Self::FirstName => "holds nothing but blanks and punctuation",
            Self::City => "does not begin with a letter from a to z",
            Self::State => "holds no letter from a to z",
            Self::Zip => "is shorter than two characters before the first hyphen",
            Self::Country => "is neither a country's English name nor its ISO 3166-1 code",
            Self::BirthDay => "is not a day from 1 to 31",
            Self::BirthMonth => "is not a month from 1 to 12",
            Self::BirthYear => "is not a year in four digits",
            Self::ExternalId | Self::FirstNameFive | Self::LastNameFive | Self::FirstInitial | Self::AppUserId => {
                "is blank"
            }
        };
        ValueError::new(self.as_str(), reason)
    }
}

/// Digits without the zeros that stand for "abroad".
fn phone(value: &str, text: &mut Text) {
    text.ascii(value.trim_start_matches(|c| !matches!(c, '1'..='9')), DIGIT);
}

fn beginning(value: &str, length: usize, text: &mut Text) {
    text.lower(trim(value), ANY);
    text.cut(length);
}

fn digits<const N: usize>(found: Option<[u8; N]>, text: &mut Text) {
    if let Some(digits) = found {
        text.set(&digits);
    }
}

/// A currency in the three capital letters of ISO 4217, which are never hashed: ` usd ` gives `USD`. `None` for anything
/// that has not three letters.
pub fn normalize_currency(value: &str) -> Option<String> {
    let letters: String = value.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect();
    (letters.len() == 3).then_some(letters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::super::{PlainKey, UserData};
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        field: String,
        input: String,
        normalized: Option<String>,
        sha256: Option<String>,
        outcome: String,
    }

    fn check_hashed(key: UserKey, vector: &Vector) {
        let (field, input) = (&vector.field, &vector.input);
        match vector.outcome.as_str() {
            "hash" | "passthrough" => {
                assert_eq!(key.normalize(input).ok(), vector.normalized, "{field} {input:?}");
                assert_eq!(key.hash(input).ok().map(|hash| hash.to_string()), vector.sha256, "{field} {input:?}");
            }
            "drop" => assert_eq!(key.hash(input).unwrap_err().key(), field, "{input:?}"),
            other => panic!("{field} {input:?} has the outcome {other}"),
        }
    }

    #[test]
    fn every_vector_comes_out_as_meta_has_it() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../tests/vectors/capi_normalize.json")).unwrap();
        assert_eq!(vectors.len(), 130);
        for vector in &vectors {
            if let Some(key) = UserKey::from_name(&vector.field) {
                check_hashed(key, vector);
            } else if let Some(key) = PlainKey::from_name(&vector.field) {
                assert_eq!(vector.outcome, "plain", "{}", vector.field);
                let user = UserData::new().plain(key, &vector.input);
                assert_eq!(serde_json::to_value(&user).unwrap()[&vector.field].as_str(), vector.normalized.as_deref());
            } else {
                assert_eq!(vector.field, "currency");
                assert_eq!(normalize_currency(&vector.input), vector.normalized, "{:?}", vector.input);
            }
        }
    }

    #[test]
    fn an_error_names_the_key_and_keeps_the_value_to_itself() {
        let error = UserKey::Email.hash("mary at example").unwrap_err().to_string();
        assert_eq!(error, "`em` was left out: the value is not an e-mail address");
    }

    #[test]
    fn lower_case_is_that_of_javascript() {
        // The sigma that ends a word differs; the Turkish İ is two characters; the Kelvin sign is a k.
        for (value, expected) in [("ΓΙΩΡΓΟΣ", "γιωργος"), ("İpek", "i\u{307}pek"), ("\u{212a}ate", "kate")]
        {
            assert_eq!(UserKey::FirstName.normalize(value).unwrap(), expected);
        }
        assert_eq!(UserKey::ExternalId.normalize("\u{feff}a\u{3000}b").unwrap(), "ab");
        assert_eq!(UserKey::FirstNameFive.normalize("Mary Ann").unwrap(), "mary", "no blank at the end");
    }

    /// Texts near what people type, and texts of anything.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ \t\u{feff}]{0,2}[A-Za-z0-9@.+'\\-/ ]{0,24}",
            "[a-z]{1,5}@[a-z0-9.-]{1,12}",
            "[0-9]{1,4}[-/. ][0-9]{1,4}[-/. ][0-9]{1,4}",
            "[0-9A-Fa-f]{30,34}(\\.[A-Za-z0-9_-]{2,8})?",
            "[a-zA-Z ]{0,8}(new york|Quebec|virginia|India|united kingdom)[a-z ]{0,4}",
        ]
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing_and_no_text_panics(value in value()) {
            for key in UserKey::ALL {
                if let Ok(once) = key.normalize(&value) {
                    prop_assert!(!once.is_empty());
                    prop_assert_eq!(key.normalize(&once), Ok(once.clone()), "{}", key);
                    prop_assert_eq!(trim(&once), &once, "{}", key);
                }
                prop_assert_eq!(key.normalize(&value).is_ok(), key.hash(&value).is_ok());
            }
            if let Some(currency) = normalize_currency(&value) {
                prop_assert_eq!(normalize_currency(&currency), Some(currency));
            }
        }

        #[test]
        fn a_hash_is_never_hashed_again(value in value()) {
            for key in UserKey::ALL {
                if let Ok(hash) = key.hash(&value) {
                    prop_assert_eq!(key.hash(&hash.to_string()), Ok(hash));
                }
            }
        }
    }
}
