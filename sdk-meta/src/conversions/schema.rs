//! JSON Schemas of what is not written as it is declared.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{DeviceInfo, Hashed, PlainKey, UserData, UserKey};

/// What [`Hashed`] reads: with or without the mark that Meta's parameter builder appends.
const PATTERN: &str = r"^(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32})(?:\.(?:A[Qgw]|B[AQg]|[0-9A-Za-z_-]{8}))?$";

impl JsonSchema for Hashed {
    fn schema_name() -> Cow<'static, str> {
        "Hashed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A SHA-256, or the MD5 of older lists, in hexadecimal.",
            "pattern": PATTERN,
        })
    }
}

impl JsonSchema for UserData {
    fn schema_name() -> Cow<'static, str> {
        "UserData".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hash = generator.subschema_for::<Hashed>();
        let hashed = |key: &UserKey| {
            let schema = if key.is_list() {
                json!({ "anyOf": [&hash, { "type": "array", "items": &hash }] })
            } else {
                json!(&hash)
            };
            (key.as_str().to_owned(), schema)
        };
        let plain = |key: &PlainKey| (key.as_str().to_owned(), json!({ "type": "string" }));
        let properties: Map<String, Value> =
            UserKey::ALL.iter().map(hashed).chain(PlainKey::ALL.iter().map(plain)).collect();
        json_schema!({
            "type": "object",
            "description": "What is known of a person: hashes, and what Meta takes only as it is.",
            "properties": properties,
            "minProperties": 1,
        })
    }
}

impl JsonSchema for DeviceInfo {
    fn schema_name() -> Cow<'static, str> {
        "DeviceInfo".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "description": "A device: sixteen texts in Meta's order, empty where nothing is known.",
            "items": { "type": "string" },
            "minItems": 16,
            "maxItems": 16,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::conversions::Event;

    fn names(schema: &Value) -> BTreeSet<String> {
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_schema_has_every_field_of_the_specification_and_no_other() {
        let lists: BTreeMap<String, BTreeSet<String>> =
            serde_json::from_str(include_str!("../../tests/vectors/capi_fields.json")).unwrap();
        let schema = serde_json::to_value(schemars::schema_for!(Event)).unwrap();
        assert_eq!(names(&schema), lists["event"]);
        let required: BTreeSet<&str> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(required, BTreeSet::from(["action_source", "event_name", "event_time", "user_data"]));
        for (definition, list) in [
            ("UserData", "user_data"),
            ("CustomData", "custom_data"),
            ("Content", "contents"),
            ("AppData", "app_data"),
            ("AttributionData", "attribution_data"),
            ("AttributionSetting", "attribution_setting"),
            ("OriginalEvent", "original_event_data"),
        ] {
            assert_eq!(names(&schema["$defs"][definition]), lists[list], "{definition}");
        }
    }

    #[test]
    fn values_are_described_as_they_are_written() {
        let schema = serde_json::to_value(schemars::schema_for!(Event)).unwrap();
        assert_eq!(schema["properties"]["event_time"]["type"], "integer");
        let source = &schema["$defs"]["ActionSource"];
        assert_eq!((&source["type"], &source["examples"][0]), (&json!("string"), &json!("email")));
        assert_eq!(schema["$defs"]["AppData"]["properties"]["advertiser_tracking_enabled"]["maximum"], 1);
        assert_eq!(schema["$defs"]["DeviceInfo"]["minItems"], 16);
        assert!(schema["$defs"]["UserData"]["properties"]["em"]["anyOf"].is_array());
        assert_eq!(schema["$defs"]["Hashed"]["pattern"], PATTERN);
    }
}
