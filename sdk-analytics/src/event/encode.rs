use std::cell::Cell;
use std::io;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use super::message_id::{MessageId, MessageIds};
use super::timestamp::rfc3339_millis;
use crate::error::EnqueueError;
use crate::json::{self, Flaw};
use crate::wire::{MAX_DEPTH, MAX_EVENT_BYTES, MAX_MESSAGE_ID_BYTES, MAX_NAME_BYTES, MessageType};

/// An event as the queue takes it: something that writes itself as one JSON object.
pub(crate) trait Encode {
    /// What every event begins with.
    fn envelope(&self) -> Envelope<'_>;

    /// Writes everything after the envelope.
    fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError>;
}

/// What every event begins with.
pub(crate) struct Envelope<'a> {
    pub(crate) kind: MessageType,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) timestamp: Option<DateTime<Utc>>,
}

/// Writes `event` as one JSON object into `out`, which it empties first. On an error `out` holds nothing of use.
pub(crate) fn encode(
    event: &impl Encode,
    ids: &MessageIds,
    now: DateTime<Utc>,
    out: &mut Vec<u8>,
) -> Result<MessageId, EnqueueError> {
    out.clear();
    let envelope = event.envelope();
    let mut to = Encoder { out, limit: Cell::new(None) };
    to.raw(b"{\"type\":\"");
    to.raw(envelope.kind.as_str().as_bytes());
    to.raw(b"\"");
    let id = match envelope.message_id {
        Some(given) => {
            to.text_up_to("messageId", given, MAX_MESSAGE_ID_BYTES)?;
            MessageId::given(given)
        }
        None => {
            let made = ids.next(now);
            to.raw(b",\"messageId\":\"");
            made.with_text(|text| to.raw(text.as_bytes()));
            to.raw(b"\"");
            made
        }
    };
    let timestamp = rfc3339_millis(envelope.timestamp.unwrap_or(now)).ok_or(EnqueueError::InvalidTimestamp)?;
    to.raw(b",\"timestamp\":\"");
    to.raw(&timestamp);
    to.raw(b"\"");
    event.write(&mut to)?;
    to.raw(b"}");
    if out.len() > MAX_EVENT_BYTES {
        return Err(EnqueueError::TooLarge);
    }
    Ok(id)
}

/// Writes the fields of one event.
pub(crate) struct Encoder<'b> {
    out: &'b mut Vec<u8>,
    /// Which limit stopped the serializer, whose own error cannot carry it.
    limit: Cell<Option<Limit>>,
}

#[derive(Clone, Copy)]
enum Limit {
    Size,
    Flaw(Flaw),
}

/// What a flaw of free-form JSON is to the caller.
fn refused(field: &'static str, flaw: Flaw) -> EnqueueError {
    match flaw {
        Flaw::Depth => EnqueueError::NestingTooDeep { field },
        Flaw::Nul => EnqueueError::NulCharacter { field },
        other => EnqueueError::Unserialisable { field, cause: other.as_str().into() },
    }
}

impl Encoder<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn key(&mut self, field: &'static str) {
        self.raw(b",\"");
        self.raw(field.as_bytes());
        self.raw(b"\":");
    }

    /// Writes a name or an id.
    pub(crate) fn text(&mut self, field: &'static str, value: &str) -> Result<(), EnqueueError> {
        self.text_up_to(field, value, MAX_NAME_BYTES)
    }

    /// Writes a name or an id where there is one.
    pub(crate) fn text_if(&mut self, field: &'static str, value: Option<&str>) -> Result<(), EnqueueError> {
        value.map_or(Ok(()), |value| self.text(field, value))
    }

    fn text_up_to(&mut self, field: &'static str, value: &str, limit: usize) -> Result<(), EnqueueError> {
        if value.is_empty() {
            return Err(EnqueueError::EmptyField { field });
        }
        if value.len() > limit {
            return Err(EnqueueError::FieldTooLong { field, limit });
        }
        if value.contains('\0') {
            return Err(EnqueueError::NulCharacter { field });
        }
        self.key(field);
        self.string(value);
        Ok(())
    }

    /// Writes a JSON string, escaped as serde_json escapes it.
    fn string(&mut self, value: &str) {
        self.raw(b"\"");
        let mut plain = value.as_bytes();
        while let Some(at) = plain.iter().position(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\')) {
            self.raw(&plain[..at]);
            match plain[at] {
                b'\n' => self.raw(b"\\n"),
                b'\r' => self.raw(b"\\r"),
                b'\t' => self.raw(b"\\t"),
                0x08 => self.raw(b"\\b"),
                0x0c => self.raw(b"\\f"),
                control @ 0..b' ' => {
                    let digit = |value: u8| b"0123456789abcdef"[usize::from(value & 15)];
                    self.raw(&[b'\\', b'u', b'0', b'0', digit(control >> 4), digit(control)]);
                }
                quote => self.raw(&[b'\\', quote]),
            }
            plain = &plain[at + 1..];
        }
        self.raw(plain);
        self.raw(b"\"");
    }

    /// Writes a free-form object that is JSON text already, without the space in it. `null` is left out.
    pub(crate) fn json_object(&mut self, field: &'static str, json: &str) -> Result<(), EnqueueError> {
        self.free_form(field, |to| {
            // Before the text is checked, which may be of any length.
            for piece in json::compact(json) {
                if to.out.len() + piece.len() > MAX_EVENT_BYTES {
                    return Err(EnqueueError::TooLarge);
                }
                to.raw(piece);
            }
            json::check(json, MAX_DEPTH as u32).map_err(|flaw| refused(field, flaw))
        })
    }

    /// Writes a free-form object. One that serialises to `null`, such as `()` or `None`, is left out.
    pub(crate) fn object<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), EnqueueError> {
        self.free_form(field, |to| to.json(field, value))
    }

    fn free_form(
        &mut self,
        field: &'static str,
        write: impl FnOnce(&mut Self) -> Result<(), EnqueueError>,
    ) -> Result<(), EnqueueError> {
        let before = self.out.len();
        self.key(field);
        let start = self.out.len();
        write(self)?;
        match self.out.get(start) {
            Some(b'{') => Ok(()),
            Some(b'n') => {
                self.out.truncate(before);
                Ok(())
            }
            _ => Err(EnqueueError::NotAnObject { field }),
        }
    }

    fn json<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), EnqueueError> {
        let writer = Bounded { out: self.out, limit: &self.limit };
        let mut serializer = Serializer::with_formatter(writer, Guard { depth: 0, limit: &self.limit });
        value.serialize(&mut serializer).map_err(|error| match self.limit.get() {
            Some(Limit::Size) => EnqueueError::TooLarge,
            Some(Limit::Flaw(flaw)) => refused(field, flaw),
            None => EnqueueError::Unserialisable { field, cause: error.to_string().into() },
        })
    }
}

/// Stops a serializer as soon as the event is too long, so that an endless one cannot take the memory.
struct Bounded<'b> {
    out: &'b mut Vec<u8>,
    limit: &'b Cell<Option<Limit>>,
}

impl io::Write for Bounded<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.out.len() + bytes.len() > MAX_EVENT_BYTES {
            return Err(stop(self.limit, Limit::Size));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stops a serializer at what the server would refuse: nesting that could also exhaust the stack here, NUL, and what a text that
/// is taken over as it is has wrong.
struct Guard<'b> {
    depth: usize,
    limit: &'b Cell<Option<Limit>>,
}

impl Guard<'_> {
    #[inline]
    fn enter(&mut self) -> io::Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(stop(self.limit, Limit::Flaw(Flaw::Depth))) } else { Ok(()) }
    }
}

#[cold]
fn stop(limit: &Cell<Option<Limit>>, reason: Limit) -> io::Error {
    limit.set(Some(reason));
    io::ErrorKind::InvalidData.into()
}

impl Formatter for Guard<'_> {
    #[inline]
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_array(writer)
    }

    #[inline]
    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    #[inline]
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_object(writer)
    }

    #[inline]
    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    #[inline]
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        if matches!(escape, CharEscape::AsciiControl(0)) {
            return Err(stop(self.limit, Limit::Flaw(Flaw::Nul)));
        }
        CompactFormatter.write_char_escape(writer, escape)
    }

    /// What a `RawValue` holds is JSON, and not what this serializer wrote.
    fn write_raw_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        json::compact(fragment).try_for_each(|piece| writer.write_all(piece))?;
        let depth = MAX_DEPTH.saturating_sub(self.depth) as u32;
        json::check(fragment, depth).map_err(|flaw| stop(self.limit, Limit::Flaw(flaw)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::{Alias, Group, Identify, Page, Screen, Track};
    use crate::wire::Message;

    fn try_encode(event: &impl Encode) -> Result<Value, EnqueueError> {
        let mut out = b"left over".to_vec();
        let now = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        let id = encode(event, &MessageIds::new([1, 2]), now, &mut out)?;
        let message: Message<'_> = serde_json::from_slice(&out).unwrap();
        assert_eq!(message.message_id.unwrap(), id.to_string());
        Ok(serde_json::from_slice(&out).unwrap())
    }

    /// The event without what every event has.
    fn encoded(event: &impl Encode) -> Value {
        let mut value = try_encode(event).unwrap();
        let fields = value.as_object_mut().unwrap();
        assert_eq!(fields.remove("timestamp").unwrap(), "2023-11-14T22:13:20.000Z");
        fields.remove("messageId").unwrap();
        value
    }

    #[test]
    fn each_of_the_six_is_written_as_the_wire_has_it() {
        let facts = json!({ "a": [1, { "b": null }] });
        let integrations = json!({ "All": true }).as_object().unwrap().clone();
        assert_eq!(
            encoded(
                &Track::new("Öl \"1\"").user_id("u").anonymous_id("a").properties(&facts).integrations(&integrations)
            ),
            json!({ "type": "track", "userId": "u", "anonymousId": "a", "event": "Öl \"1\"", "properties": facts,
                    "integrations": { "All": true } })
        );
        assert_eq!(
            encoded(&Identify::new().user_id("u").traits(&facts)),
            json!({ "type": "identify", "userId": "u", "traits": facts })
        );
        assert_eq!(
            encoded(&Page::new().anonymous_id("a").name("Home").category("Docs")),
            json!({ "type": "page", "anonymousId": "a", "name": "Home", "category": "Docs" })
        );
        assert_eq!(
            encoded(&Screen::new().user_id("u").properties(&facts)),
            json!({ "type": "screen", "userId": "u", "properties": facts })
        );
        assert_eq!(
            encoded(&Group::new("g").user_id("u").traits(&facts)),
            json!({ "type": "group", "userId": "u", "groupId": "g", "traits": facts })
        );
        assert_eq!(
            encoded(&Alias::new("old", "new")),
            json!({ "type": "alias", "previousId": "old", "userId": "new" })
        );
    }

    #[test]
    fn given_id_and_time_are_kept() {
        let at = DateTime::from_timestamp_millis(5).unwrap();
        let value = try_encode(&Track::new("E").user_id("u").message_id("order-1").timestamp(at)).unwrap();
        assert_eq!((&value["messageId"], &value["timestamp"]), (&json!("order-1"), &json!("1970-01-01T00:00:00.005Z")));
    }

    #[test]
    fn what_json_cannot_write_becomes_null_and_absent_objects_are_left_out() {
        let value = encoded(&Track::new("E").user_id("u").properties(json!({ "x": f64::NAN })));
        assert_eq!(value["properties"], json!({ "x": null }));
        assert_eq!(encoded(&Track::new("E").user_id("u").properties(None::<Value>)).get("properties"), None);
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_here() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        let refused = |event: &dyn Fn() -> Result<Value, EnqueueError>| event().unwrap_err();
        assert!(matches!(refused(&|| try_encode(&Track::new("E"))), EnqueueError::MissingUser));
        assert!(matches!(
            refused(&|| try_encode(&Track::new("").user_id("u"))),
            EnqueueError::EmptyField { field: "event" }
        ));
        assert!(matches!(
            refused(&|| try_encode(&Track::new("E").user_id(&long))),
            EnqueueError::FieldTooLong { field: "userId", limit: MAX_NAME_BYTES }
        ));
        assert!(matches!(
            refused(&|| try_encode(&Track::new("E").user_id("u").message_id(&long[..101]))),
            EnqueueError::FieldTooLong { field: "messageId", limit: 100 }
        ));
        assert!(matches!(
            refused(&|| try_encode(&Track::new("E").user_id("u").properties([1]))),
            EnqueueError::NotAnObject { field: "properties" }
        ));
        assert!(matches!(
            refused(&|| try_encode(&Track::new("E").user_id("u").properties(json!({ "x": "a\0b" })))),
            EnqueueError::NulCharacter { field: "properties" }
        ));
        assert!(matches!(
            refused(&|| try_encode(&Track::new("E").user_id("u").timestamp(DateTime::<Utc>::MIN_UTC))),
            EnqueueError::InvalidTimestamp
        ));
        let keys = std::collections::HashMap::from([(vec![1], 1)]);
        assert!(matches!(
            refused(&|| try_encode(&Track::new("E").user_id("u").properties(&keys))),
            EnqueueError::Unserialisable { field: "properties", .. }
        ));
    }

    #[test]
    fn json_within_facts_is_checked_as_the_rest_of_them_is() {
        let facts =
            |json: &str| std::collections::HashMap::from([("raw", RawValue::from_string(json.to_owned()).unwrap())]);
        let written = |json: &str| try_encode(&Track::new("E").user_id("u").properties(facts(json)));
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(
            written("{ \"a\" : [ 1e3, \" \\u00e9\" ] }").unwrap()["properties"],
            json!({ "raw": { "a": [1e3, " é"] } })
        );
        assert!(written(&nested(MAX_DEPTH - 1)).is_ok());
        for (json, code) in [
            (nested(MAX_DEPTH), "nesting_too_deep"),
            ("\"\\u0000\"".to_owned(), "nul_character"),
            ("\"\\ud800\"".to_owned(), "unserialisable"),
            ("1e-400".to_owned(), "unserialisable"),
            (format!("\"{}\"", "x".repeat(MAX_EVENT_BYTES)), "too_large"),
        ] {
            assert_eq!(written(&json).unwrap_err().code(), code, "{}", &json[..json.len().min(40)]);
        }
        let whole = RawValue::from_string(" {\"a\": 1}".to_owned()).unwrap();
        assert_eq!(encoded(&Track::new("E").user_id("u").properties(whole))["properties"], json!({ "a": 1 }));
    }

    #[test]
    fn depth_and_size_stop_the_serializer_at_their_limits() {
        let nested = |depth: usize| (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
        assert!(try_encode(&Track::new("E").user_id("u").properties(nested(MAX_DEPTH))).is_ok());
        assert!(matches!(
            try_encode(&Track::new("E").user_id("u").properties(nested(MAX_DEPTH + 1))),
            Err(EnqueueError::NestingTooDeep { field: "properties" })
        ));
        let endless = |n| json!({ "x": "x".repeat(n) });
        assert!(try_encode(&Track::new("E").user_id("u").properties(endless(MAX_EVENT_BYTES - 200))).is_ok());
        assert!(matches!(
            try_encode(&Track::new("E").user_id("u").properties(endless(50 << 20))),
            Err(EnqueueError::TooLarge)
        ));
    }
}
