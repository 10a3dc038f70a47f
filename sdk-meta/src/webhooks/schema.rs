//! JSON Schemas of what webhooks write in several ways.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::messaging::WireEvent;
use super::payload::WireChange;
use super::{Change, MessagingEvent};
use crate::Timestamp;

pub(super) use crate::text::schema::{id, maybe_id};
/// A time in seconds since 1970, or as text, that may be missing.
pub(super) fn maybe_time(generator: &mut SchemaGenerator) -> Schema {
    let text = generator.subschema_for::<Timestamp>();
    json_schema!({ "anyOf": [text, { "type": "integer" }, { "type": "null" }] })
}

/// A time in milliseconds since 1970, as a number or as text, that may be missing.
pub(super) fn maybe_milliseconds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "string", "null"], "format": "int64", "pattern": "^[0-9]{1,15}$" })
}

impl JsonSchema for Change {
    fn schema_name() -> Cow<'static, str> {
        "Change".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WireChange::json_schema(generator)
    }
}

impl JsonSchema for MessagingEvent {
    fn schema_name() -> Cow<'static, str> {
        "MessagingEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WireEvent::json_schema(generator)
    }
}
