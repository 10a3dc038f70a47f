//! What somebody's answers say of who they are.

use acd_meta::conversions::UserKey;
use acd_meta::leads::{Lead, LeadAnswer};
use serde_json::{Map, Value, json};

use crate::kernel::check;

/// The longest answer that becomes a trait, in characters.
const TRAIT_CHARS: usize = 255;
/// The longest id of a person, in bytes.
const LINK_BYTES: usize = 512;
/// The most answers of a lead that are kept; forms have far fewer questions.
const MOST_ANSWERS: usize = 200;

/// Meta's names of its own questions
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/leadgen-form), read 2026-11), and
/// [Segment's](https://segment.com/docs/connections/spec/identify/#traits) of the same traits.
const TRAITS: [(&str, &str); 7] = [
    ("full_name", "name"),
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("job_title", "title"),
    ("gender", "gender"),
    ("date_of_birth", "birthday"),
    ("website", "website"),
];

/// Who somebody is, as far as the answers say.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Contact {
    /// In lower case.
    pub(super) email: Option<String>,
    /// The digits, country first.
    pub(super) phone: Option<String>,
    pub(super) traits: Map<String, Value>,
}

impl Contact {
    /// Reads a lead. What has not the form of an address or of a telephone number is not taken for one.
    pub(super) fn of(lead: &Lead) -> Self {
        let answer = |name: &str| lead.answer(name).map(str::trim).filter(|answer| !answer.is_empty());
        let email = answer("email").or_else(|| answer("work_email"));
        let email =
            email.and_then(|email| UserKey::Email.normalize(email).ok()).filter(|email| email.len() <= LINK_BYTES);
        let phone = answer("phone_number").or_else(|| answer("work_phone_number"));
        // Without its country a number is several people's.
        let phone = phone.filter(|phone| phone.starts_with('+')).and_then(|phone| UserKey::Phone.normalize(phone).ok());
        let phone = phone.filter(|phone| (7..=15).contains(&phone.len()));
        let mut traits = Map::new();
        for (question, name) in TRAITS {
            if let Some(answer) = answer(question) {
                traits.insert(name.to_owned(), cut(answer).into());
            }
        }
        if let Some(company) = answer("company_name") {
            traits.insert("company".to_owned(), json!({ "name": cut(company) }));
        }
        if let Some(email) = &email {
            traits.insert("email".to_owned(), email.as_str().into());
        }
        if let Some(phone) = &phone {
            traits.insert("phone".to_owned(), format!("+{phone}").into());
        }
        let Value::Object(traits) = check::storable(Value::Object(traits)) else { return Self::default() };
        Self { email, phone, traits }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TRAIT_CHARS).collect()
}

/// The answers as they are stored.
pub(super) fn answers(lead: &Lead) -> Value {
    let answers: Vec<&LeadAnswer> = lead.field_data.iter().flatten().take(MOST_ANSWERS).collect();
    check::storable(json!(answers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(answers: &Value) -> Lead {
        let data = answers.as_object().unwrap().iter().map(|(name, value)| json!({ "name": name, "values": [value] }));
        serde_json::from_value(json!({ "id": "1", "field_data": data.collect::<Vec<_>>() })).unwrap()
    }

    #[test]
    fn answers_become_a_contact() {
        let contact = Contact::of(&lead(&json!({
            "email": " Ada@Example.COM ", "phone_number": "+1 (555) 010-0199", "full_name": "Ada L\0",
            "company_name": "Engines", "favourite_colour": "red",
        })));
        assert_eq!(contact.email.as_deref(), Some("ada@example.com"));
        assert_eq!(contact.phone.as_deref(), Some("15550100199"));
        let expected = json!({
            "email": "ada@example.com", "phone": "+15550100199", "name": "Ada L\u{fffd}", "company": { "name": "Engines" },
        });
        assert_eq!(Value::Object(contact.traits), expected);
    }

    #[test]
    fn what_is_no_address_and_no_number_identifies_nobody() {
        for answers in [
            json!({}),
            json!({ "email": "<test lead: dummy data for email>", "phone_number": "<test lead: dummy data>" }),
            json!({ "email": "a@b", "phone_number": "555 010" }),
            json!({ "email": "", "phone_number": "0171 2345678" }),
            json!({ "phone_number": "+1234567890123456" }),
            json!({ "email": format!("{}@b.example", "a".repeat(600)) }),
        ] {
            assert_eq!(Contact::of(&lead(&answers)), Contact::default(), "{answers}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics_or_is_kept_that_cannot_be_stored(email in ".*", phone in ".*", name in ".*") {
            let contact = Contact::of(&lead(&json!({ "email": email, "phone_number": phone, "full_name": name })));
            let stored = Value::Object(contact.traits).to_string();
            proptest::prop_assert!(!stored.contains("\\u0000"));
        }
    }
}
