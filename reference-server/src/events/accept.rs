//! From one message of a request to a row, or to the reason why not.

use std::borrow::Cow;
use std::net::IpAddr;

use acd_analytics::wire::{MAX_EVENT_BYTES, MAX_MESSAGE_ID_BYTES, MAX_NAME_BYTES, Message, MessageType, RejectionCode};
use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::context::{attribution, with_address};
use super::row::Row;
use super::scan;

/// What a request says for all its messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults<'a> {
    pub(super) kind: Option<MessageType>,
    pub(super) context: Option<&'a RawValue>,
    pub(super) integrations: Option<&'a RawValue>,
    pub(super) sent_at: Option<DateTime<Utc>>,
    /// Instead of a new id for a message without one.
    pub(super) message_id: Option<&'a str>,
    /// From where browsers and phones sent it.
    pub(super) caller: Option<IpAddr>,
}

/// Why a message is refused, and its id where it could be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: RejectionCode,
    pub(super) detail: Cow<'static, str>,
    pub(super) message_id: Option<String>,
}

impl Refusal {
    fn new(code: RejectionCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), message_id: None }
    }
}

/// Checks a message and makes it a row.
pub(super) fn accept(raw: &RawValue, defaults: Defaults<'_>) -> Result<Row, Refusal> {
    let json = raw.get();
    if json.len() > MAX_EVENT_BYTES {
        let detail = format!("the event has {} bytes of JSON; at most 32768 are accepted", json.len());
        return Err(Refusal::new(RejectionCode::EventTooLarge, detail));
    }
    scan::check(json).map_err(|(code, detail)| Refusal::new(code, detail))?;
    // serde would take a list as the fields of a message in their order.
    if !json.starts_with('{') {
        return Err(Refusal::new(RejectionCode::InvalidEvent, "the event must be a JSON object"));
    }
    let message: Message<'_> = serde_json::from_str(json).map_err(|_| explain(json))?;
    let message_id = message.message_id.as_deref().map(str::to_owned);
    build(message, defaults).map_err(|refusal| Refusal { message_id, ..refusal })
}

/// Checks a text that is JSON for what PostgreSQL, or a reader, cannot take.
pub(crate) fn check_json(json: &str) -> Result<(), &'static str> {
    scan::check(json).map_err(|(_, detail)| detail)
}

/// Reads again, slower, to say where it does not fit.
fn explain(json: &str) -> Refusal {
    let mut reader = serde_json::Deserializer::from_str(json);
    match serde_path_to_error::deserialize::<_, Message<'_>>(&mut reader) {
        Err(error) if error.path().to_string() == "type" => {
            Refusal::new(RejectionCode::InvalidType, "type: must be one of track, identify, page, screen, group, alias")
        }
        Err(error) => {
            let path = error.path().to_string();
            let at = if path == "." { String::new() } else { format!("{path}: ") };
            Refusal::new(RejectionCode::InvalidEvent, format!("{at}{}", error.inner()))
        }
        Ok(_) => Refusal::new(RejectionCode::InvalidEvent, "the event cannot be read"),
    }
}

fn build(message: Message<'_>, defaults: Defaults<'_>) -> Result<Row, Refusal> {
    let kind = defaults.kind.or(message.kind).ok_or_else(|| {
        Refusal::new(RejectionCode::InvalidType, "type: is missing; in a batch each message names its own")
    })?;
    let message_id = match text("messageId", message.message_id, MAX_MESSAGE_ID_BYTES)? {
        Some(id) => id,
        None => defaults.message_id.map_or_else(|| format!("srv_{}", Uuid::now_v7().simple()), str::to_owned),
    };
    let user_id = text("userId", message.user_id, MAX_NAME_BYTES)?;
    let anonymous_id = text("anonymousId", message.anonymous_id, MAX_NAME_BYTES)?;
    if user_id.is_none() && anonymous_id.is_none() {
        return Err(Refusal::new(RejectionCode::NoUserAnonId, "one of userId and anonymousId is needed"));
    }
    let event = text("event", message.event, MAX_NAME_BYTES)?;
    let name = text("name", message.name, MAX_NAME_BYTES)?;
    let group_id = text("groupId", message.group_id, MAX_NAME_BYTES)?;
    let previous_id = text("previousId", message.previous_id, MAX_NAME_BYTES)?;
    let needed = match kind {
        MessageType::Track => ("event", event.is_some()),
        MessageType::Group => ("groupId", group_id.is_some()),
        MessageType::Alias if user_id.is_none() => ("userId", false),
        MessageType::Alias => ("previousId", previous_id.is_some()),
        MessageType::Identify | MessageType::Page | MessageType::Screen => ("", true),
    };
    if let (field, false) = needed {
        return Err(Refusal::new(RejectionCode::MissingField, format!("{field}: {} needs it", kind.as_str())));
    }
    let traits = object("traits", message.traits)?;
    let context = with_address(merge_context(message.context, defaults.context)?, defaults.caller);
    let properties = object("properties", message.properties)?;
    let track = event.as_deref().filter(|_| kind == MessageType::Track);
    let (attribution, signal) = attribution(track, context.as_deref(), properties);
    Ok(Row {
        kind,
        event: if matches!(kind, MessageType::Page | MessageType::Screen) { name } else { event },
        category: text("category", message.category, MAX_NAME_BYTES)?,
        message_id,
        user_id,
        anonymous_id,
        group_id,
        previous_id,
        original_timestamp: time("timestamp", message.timestamp.as_deref())?,
        sent_at: time("sentAt", message.sent_at.as_deref())?.or(defaults.sent_at),
        email: traits.filter(|_| kind == MessageType::Identify).and_then(|traits| email_in(traits.get())),
        properties: properties.map(ToOwned::to_owned),
        traits: traits.map(ToOwned::to_owned),
        attribution,
        signal,
        context: context.map(Cow::into_owned),
        integrations: object("integrations", message.integrations)?.or(defaults.integrations).map(ToOwned::to_owned),
    })
}

fn text(field: &'static str, value: Option<Cow<'_, str>>, max: usize) -> Result<Option<String>, Refusal> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    if value.len() > max {
        let detail = format!("{field}: has {} bytes; at most {max} are accepted", value.len());
        return Err(Refusal::new(RejectionCode::FieldTooLong, detail));
    }
    Ok(Some(value.into_owned()))
}

/// Reads a date, RFC 3339, in the years that every reader of it can show.
pub(super) fn time(field: &'static str, value: Option<&str>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    DateTime::parse_from_rfc3339(value)
        .ok()
        .map(|at| at.with_timezone(&Utc))
        .filter(|at| (1970..=9999).contains(&at.year()))
        .map(Some)
        .ok_or_else(|| {
            Refusal::new(
                RejectionCode::InvalidTimestamp,
                format!("{field}: must be an RFC 3339 date and time in the years 1970 to 9999"),
            )
        })
}

fn object<'a>(field: &'static str, value: Option<&'a RawValue>) -> Result<Option<&'a RawValue>, Refusal> {
    match value {
        Some(raw) if raw.get().starts_with('{') => Ok(Some(raw)),
        Some(_) => Err(Refusal::new(RejectionCode::InvalidEvent, format!("{field}: must be an object"))),
        None => Ok(None),
    }
}

/// The message's own context over the batch's, key by key.
fn merge_context<'a>(
    own: Option<&'a RawValue>,
    shared: Option<&'a RawValue>,
) -> Result<Option<Cow<'a, RawValue>>, Refusal> {
    let (own, shared) = match (object("context", own)?, shared) {
        (own, None) => return Ok(own.map(Cow::Borrowed)),
        (None, shared) => return Ok(shared.map(Cow::Borrowed)),
        (Some(own), Some(shared)) => (own, shared),
    };
    type Fields<'a> = std::collections::BTreeMap<Cow<'a, str>, &'a RawValue>;
    let unreadable = |_| Refusal::new(RejectionCode::InvalidEvent, "context: cannot be read");
    let mut fields: Fields<'_> = serde_json::from_str(shared.get()).map_err(unreadable)?;
    let over: Fields<'_> = serde_json::from_str(own.get()).map_err(unreadable)?;
    fields.extend(over);
    serde_json::value::to_raw_value(&fields).map(|merged| Some(Cow::Owned(merged))).map_err(unreadable)
}

/// An address in traits, as every product would write it. Anything else in its place is ignored: it stays a trait.
fn email_in(traits: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Traits {
        email: Option<String>,
    }
    let email = serde_json::from_str::<Traits>(traits).ok()?.email?.trim().to_lowercase();
    let (local, domain) = email.split_once('@')?;
    let plausible = !local.is_empty()
        && domain.contains('.')
        && !domain.contains('@')
        && email.len() <= 320
        && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    plausible.then_some(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<Row, Refusal> {
        accept(&RawValue::from_string(json.to_owned()).unwrap(), Defaults::default())
    }

    #[test]
    fn each_type_needs_its_own_fields() {
        use RejectionCode::{InvalidEvent, InvalidTimestamp, InvalidType, MissingField, NoUserAnonId};
        for (json, code, names) in [
            (r#"{"userId":"u"}"#, InvalidType, "type"),
            (r#"{"type":"nope","userId":"u"}"#, InvalidType, "type"),
            (r#"{"type":"track","userId":"u"}"#, MissingField, "event"),
            (r#"{"type":"track","event":"","userId":"u"}"#, MissingField, "event"),
            (r#"{"type":"group","userId":"u"}"#, MissingField, "groupId"),
            (r#"{"type":"alias","userId":"u"}"#, MissingField, "previousId"),
            (r#"{"type":"alias","anonymousId":"a","previousId":"p"}"#, MissingField, "userId"),
            (r#"{"type":"identify"}"#, NoUserAnonId, "userId"),
            (r#"{"type":"page","userId":7}"#, InvalidEvent, "userId"),
            (r#"{"type":"page","userId":"u","properties":[]}"#, InvalidEvent, "properties"),
            (r#"[]"#, InvalidEvent, "object"),
            (r#"["page",null,"u"]"#, InvalidEvent, "object"),
            (r#"{"type":"page","userId":"u","timestamp":"0000-01-01T00:00:00Z"}"#, InvalidTimestamp, "timestamp"),
            (r#"{"type":"page","userId":"u","timestamp":"+10000-01-01T00:00:00Z"}"#, InvalidTimestamp, "timestamp"),
            (r#"{"type":"page","userId":"u","sentAt":"yesterday"}"#, InvalidTimestamp, "sentAt"),
        ] {
            let refusal = of(json).unwrap_err();
            assert_eq!(refusal.code, code, "{json}: {refusal:?}");
            assert!(refusal.detail.contains(names), "{json}: {refusal:?}");
        }
    }

    #[test]
    fn reads_email_campaign_and_page() {
        let row = of(r#"{"type":"identify","userId":"u","traits":{"email":" Ann@Example.COM "},"context":
            {"campaign":{"source":"meta","name":"spring","medium":7},"page":{"url":"https://x.y/z","referrer":null}}}"#)
        .unwrap();
        assert_eq!(row.email.as_deref(), Some("ann@example.com"));
        assert_eq!(row.attribution.source.as_deref(), Some("meta"));
        assert_eq!(row.attribution.campaign.as_deref(), Some("spring"));
        assert_eq!(row.attribution.medium, None);
        assert_eq!(row.attribution.url.as_deref(), Some("https://x.y/z"));
    }

    #[test]
    fn own_context_goes_over_the_batch_context() {
        let shared = RawValue::from_string(r#"{"app":{"name":"shop"},"locale":"en"}"#.to_owned()).unwrap();
        let raw =
            RawValue::from_string(r#"{"type":"page","userId":"u","context":{"locale":"de"}}"#.to_owned()).unwrap();
        let row = accept(&raw, Defaults { context: Some(&shared), ..Defaults::default() }).unwrap();
        assert_eq!(row.context.unwrap().get(), r#"{"app":{"name":"shop"},"locale":"de"}"#);
    }
}
