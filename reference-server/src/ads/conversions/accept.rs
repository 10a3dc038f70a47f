//! From an event as it arrives to a row, or to the reason why not.

use acd_analytics::wire::MAX_EVENT_BYTES;
use acd_meta::conversions::Event;
use acd_platform::consents::Purpose;
use acd_platform::meta_events::{ConversionSwitch, MetaEvent};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::row::{Row, Whose};
use crate::events;
use crate::kernel::check;

/// The longest id of an event, in characters.
pub(super) const MAX_EVENT_ID: usize = 255;

/// An event that can be stored, and which of its person's values could match nobody.
pub(super) struct Accepted {
    pub(super) row: Row,
    pub(super) dropped: Vec<String>,
}

/// Checks an event for this pixel. The reason repeats no value.
pub(super) fn accept(
    raw: &RawValue,
    pixel_id: &str,
    switch: &ConversionSwitch,
    now: DateTime<Utc>,
) -> Result<Accepted, String> {
    let json = raw.get();
    if json.len() > MAX_EVENT_BYTES {
        return Err(format!("the event has {} bytes of JSON; at most {MAX_EVENT_BYTES} are accepted", json.len()));
    }
    events::check_json(json)?;
    // serde would take a list as the fields in their order.
    if !json.starts_with('{') {
        return Err("the event must be a JSON object".to_owned());
    }
    let MetaEvent { mut event, user_id, anonymous_id, consent } =
        serde_json::from_str::<MetaEvent<Event>>(json).map_err(|error| unreadable(json, &error))?;
    for (field, id) in [("user_id", &user_id), ("anonymous_id", &anonymous_id)] {
        if let Some(id) = id {
            check::text(field, id, 1..=512).map_err(|problem| problem.detail.into_owned())?;
        }
    }
    let dropped = event.user_data.dropped().iter().map(|value| value.key().to_owned()).collect();
    let agreed = consent.and_then(|purposes| purposes.get(&Purpose::Advertising).copied());
    let event_id = judge(&mut event, switch, now)?;
    let whose = Whose { user_id, anonymous_id, agreed };
    let row = Row::new(pixel_id, event_id, &event, whose, None, now).map_err(|error| error.to_string())?;
    Ok(Accepted { row, dropped })
}

/// What Meta, the switch and the table ask of any event; gives its id.
pub(super) fn judge(event: &mut Event, switch: &ConversionSwitch, now: DateTime<Utc>) -> Result<String, String> {
    if !allows(switch, event.event_name.as_str()) {
        return Err(format!("event.event_name: the product's switch does not allow `{}`", event.event_name.as_str()));
    }
    if event.event_name.as_str().chars().count() > 100 {
        return Err("event.event_name: has more than 100 characters".to_owned());
    }
    let id = event.event_id.clone().filter(|id| !id.trim().is_empty());
    let id =
        id.ok_or("event.event_id: is missing; give the one that the browser's pixel gives as eventID, or a new one")?;
    if id.chars().count() > MAX_EVENT_ID {
        return Err(format!("event.event_id: has more than {MAX_EVENT_ID} characters"));
    }
    if event.data_processing.is_none() {
        event.data_processing = switch.limited_data_use.map(limits);
    }
    let problems = event.problems(now);
    if problems.is_empty() {
        return Ok(id);
    }
    Err(problems
        .iter()
        .map(|problem| format!("event.{}: {}", problem.field(), problem.reason()))
        .collect::<Vec<_>>()
        .join("; "))
}

/// Whether an event of this name may go out.
pub(super) fn allows(switch: &ConversionSwitch, name: &str) -> bool {
    switch.allowed_events.as_ref().is_none_or(|allowed| allowed.iter().any(|one| one == name))
}

fn limits(limited: acd_platform::meta_events::LimitedDataUse) -> acd_meta::conversions::DataProcessing {
    acd_meta::conversions::DataProcessing::limited(u32::from(limited.country), u32::from(limited.state))
}

/// Reads again, slower, to say where it does not fit. serde repeats values in some messages, so that only their first words are
/// told.
fn unreadable(json: &str, error: &serde_json::Error) -> String {
    let mut reader = serde_json::Deserializer::from_str(json);
    let (path, text) = match serde_path_to_error::deserialize::<_, MetaEvent<Event>>(&mut reader) {
        Err(error) => (error.path().to_string(), error.inner().to_string()),
        Ok(_) => (".".to_owned(), error.to_string()),
    };
    let safe = ["missing field", "unknown field", "expected"];
    let reason =
        if safe.iter().any(|start| text.starts_with(start)) { text.as_str() } else { "has another type or form" };
    if path == "." { reason.to_owned() } else { format!("{path}: {reason}") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default()
    }

    fn switch(allowed: Option<&[&str]>) -> ConversionSwitch {
        ConversionSwitch {
            product: "pct".parse().unwrap(),
            enabled: true,
            pixel_id: Some("7".to_owned()),
            test_event_code: None,
            limited_data_use: None,
            allowed_events: allowed.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            changed_at: None,
        }
    }

    fn lead(change: &Value) -> Value {
        let mut event = json!({
            "event_name": "Lead", "event_time": now().timestamp(), "action_source": "email", "event_id": "e1",
            "user_data": { "em": " Ann@Example.com ", "ph": "no number" },
        });
        event.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
        json!({ "event": event, "user_id": "ann" })
    }

    fn verdict(value: &Value) -> Result<Accepted, String> {
        let raw = RawValue::from_string(value.to_string()).unwrap();
        accept(&raw, "7", &switch(Some(&["Lead"])), now())
    }

    #[test]
    fn what_is_personal_is_hashed_and_what_matches_nobody_is_named() {
        let accepted = verdict(&lead(&json!({}))).ok().unwrap();
        assert_eq!(accepted.dropped, ["ph"]);
        let stored = accepted.row.payload.get().to_lowercase();
        assert!(!stored.contains("ann") && !stored.contains("number"), "{stored}");
        assert_eq!(accepted.row.email_hashes.unwrap().len(), 64);
    }

    #[test]
    fn what_meta_or_the_switch_would_not_have_is_told_without_values() {
        for (change, says) in [
            (json!({ "event_name": "Purchase" }), "does not allow"),
            (json!({ "event_id": null }), "event.event_id"),
            (json!({ "event_id": "x".repeat(256) }), "more than 255"),
            (json!({ "event_time": "yesterday" }), "event.event_time"),
            (json!({ "event_time": now().timestamp() - 8 * 86_400 }), "7 days"),
            (json!({ "action_source": "website" }), "event_source_url"),
            (json!({ "user_data": { "ct": "Berlin" } }), "user_data"),
            (json!({ "user_data": { "em": { "ann": 1 } } }), "event.user_data"),
            (json!({ "custom_data": { "value": "secret" } }), "custom_data"),
        ] {
            let said = verdict(&lead(&change)).err().unwrap();
            assert!(said.contains(says), "{change}: {said}");
            assert!(!said.contains("yesterday") && !said.contains("secret") && !said.contains("ann"), "{said}");
        }
        for hostile in [
            json!([1]),
            json!("x"),
            json!({}),
            json!({ "event": {}, "usr_id": "a" }),
            json!(lead(&json!({ "event_id": "a\0" }))),
        ] {
            assert!(verdict(&hostile).is_err(), "{hostile}");
        }
    }
}
