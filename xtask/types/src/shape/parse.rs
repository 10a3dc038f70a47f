//! From JSON Schema to shapes.

use serde_json::{Map, Value};

use super::{Field, Format, MAX_SAFE, Member, Object, Presence, Rest, Shape, Text, keywords::Keywords};
use crate::{
    contracts::{Contracts, PREFIX},
    error::Error,
};

/// The shape of a definition.
pub(crate) fn parse(contracts: &Contracts, definition: &str) -> Result<Shape, Error> {
    let missing = || Error::Unknown { at: definition.to_owned(), what: "a reference that leads nowhere".to_owned() };
    let read = contracts.read.get(definition).ok_or_else(missing)?;
    let written = contracts.written.get(definition).ok_or_else(missing)?;
    Parser { contracts }.shape(read, written, definition)
}

struct Parser<'c> {
    contracts: &'c Contracts,
}

impl Parser<'_> {
    /// `written` is the same schema as Rust writes it.
    fn shape(&self, read: &Value, written: &Value, at: &str) -> Result<Shape, Error> {
        let (read, written) = match (read, written) {
            (Value::Bool(true), Value::Bool(true)) => return Ok(Shape::Any),
            (Value::Object(read), Value::Object(written)) => (read, written),
            _ => return Err(Error::Contracts { at: at.to_owned(), what: format!("{read} and {written}") }),
        };
        same_rules(read, written, at)?;
        let keywords = Keywords::new(read, at);
        let shape = self.of_object(&keywords, written, at)?;
        keywords.finish()?;
        Ok(shape)
    }

    fn of_object(&self, keywords: &Keywords<'_>, written: &Map<String, Value>, at: &str) -> Result<Shape, Error> {
        if let Some(name) = keywords.text(crate::parameter::KEYWORD) {
            return Ok(Shape::Parameter(name));
        }
        if keywords.get("properties").is_some() {
            return self.fields(keywords, written, at);
        }
        if let Some(reference) = keywords.text("$ref") {
            return self.reference(keywords, &reference);
        }
        if let Some(value) = keywords.text("const") {
            keywords.get("type");
            return Ok(Shape::Literal(value));
        }
        if let Some(values) = keywords.list("enum") {
            keywords.get("type");
            let members: Option<Vec<_>> =
                values.iter().map(|value| value.as_str().map(|value| member(value, None))).collect();
            return members.map(Shape::Enumeration).ok_or_else(|| keywords.unknown("enum of other than text"));
        }
        for (keyword, exclusive) in [("anyOf", false), ("oneOf", true)] {
            if let Some(options) = keywords.list(keyword) {
                let written = written.get(keyword).and_then(Value::as_array);
                return self.union(options, written.map_or(&[], Vec::as_slice), exclusive, at);
            }
        }
        match keywords.get("type") {
            None => Ok(Shape::Any),
            Some(Value::String(kind)) => self.of_type(kind, keywords, written, at),
            Some(Value::Array(kinds)) => self.of_types(kinds, keywords, written, at),
            Some(other) => Err(keywords.unknown(&format!("the type {other}"))),
        }
    }

    /// Several types, of which null is one as a rule.
    fn of_types(
        &self,
        kinds: &[Value],
        keywords: &Keywords<'_>,
        written: &Map<String, Value>,
        at: &str,
    ) -> Result<Shape, Error> {
        let names = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
        let mut options: Vec<Shape> =
            names.map(|kind| self.of_type(kind, keywords, written, at)).collect::<Result<_, _>>()?;
        let shape = match options.len() {
            1 => options.remove(0),
            _ => Shape::Union { options, exclusive: false },
        };
        let nullable = kinds.iter().any(|kind| kind == "null");
        Ok(if nullable { Shape::Nullable(Box::new(shape)) } else { shape })
    }

    fn of_type(
        &self,
        kind: &str,
        keywords: &Keywords<'_>,
        written: &Map<String, Value>,
        at: &str,
    ) -> Result<Shape, Error> {
        match kind {
            "null" => Ok(Shape::Null),
            "boolean" => Ok(Shape::Boolean),
            "integer" => integer(keywords),
            "number" => Ok(Shape::Number),
            "string" => text(keywords),
            "array" => {
                let any = Value::Bool(true);
                let item = keywords.get("items").unwrap_or(&any);
                let item = self.shape(item, written.get("items").unwrap_or(&any), &format!("{at}[]"))?;
                let (least, most) = (keywords.count("minItems")?, keywords.count("maxItems")?);
                Ok(Shape::Array { item: Box::new(item), least, most })
            }
            "object" => {
                let any = Value::Bool(true);
                let value = keywords.get("additionalProperties").unwrap_or(&any);
                let written = written.get("additionalProperties").unwrap_or(&any);
                let value = self.shape(value, written, &format!("{at}{{}}"))?;
                let names =
                    match keywords.get("propertyNames").map(|schema| self.shape(schema, schema, at)).transpose()? {
                        None => None,
                        Some(Shape::Enumeration(names)) => Some(names),
                        Some(_) => return Err(keywords.unknown("names of fields by other than a list")),
                    };
                Ok(Shape::Map { names, value: Box::new(value), least: keywords.count("minProperties")? })
            }
            other => Err(keywords.unknown(&format!("the type {other}"))),
        }
    }

    /// An object with fields; with `oneOf` beside them or `$ref` below them, their fields are added.
    fn fields(&self, keywords: &Keywords<'_>, written: &Map<String, Value>, at: &str) -> Result<Shape, Error> {
        keywords.get("type");
        let rest = match keywords.get("additionalProperties") {
            None => Rest::Dropped,
            Some(Value::Bool(true)) => Rest::Kept,
            Some(Value::Bool(false)) => Rest::Refused,
            Some(_) => return Err(keywords.unknown("fields beside others of one type")),
        };
        let required = names(keywords.list("required"));
        let always_written = names(written.get("required").and_then(Value::as_array));
        let properties = keywords.get("properties").and_then(Value::as_object);
        let written_properties = written.get("properties").and_then(Value::as_object);
        let mut fields = Vec::new();
        for (name, schema) in properties.into_iter().flatten() {
            let at = format!("{at}.{name}");
            let written = written_properties.and_then(|fields| fields.get(name)).unwrap_or(&Value::Null);
            let shape = self.shape(schema, written, &at)?;
            let presence = match (required.contains(&name.as_str()), always_written.contains(&name.as_str())) {
                (true, true) => Presence::Required,
                (false, false) => Presence::Optional,
                (false, true) => Presence::Default(default(schema, &shape, &at)?),
                (true, false) => {
                    return Err(Error::Contracts { at, what: "it may be left out but must be there".to_owned() });
                }
            };
            let doc = schema.get("description").and_then(Value::as_str).map(str::to_owned);
            fields.push(Field { name: name.clone(), doc, shape, presence });
        }
        let least = keywords.count("minProperties")?;
        if let Some(reference) = keywords.text("$ref") {
            match parse(self.contracts, reference.strip_prefix(PREFIX).unwrap_or_default())? {
                Shape::Object(below) => fields.extend(below.fields),
                _ => return Err(keywords.unknown("fields beside what is no object")),
            }
        }
        let object = Object { fields, rest, least };
        let Some(options) = keywords.list("oneOf") else { return Ok(Shape::Object(object)) };
        let written = written.get("oneOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut whole = Vec::new();
        for (option, written) in options.iter().zip(written) {
            match self.shape(option, written, at)? {
                Shape::Object(more) => {
                    let fields = object.fields.iter().cloned().chain(more.fields).collect();
                    whole.push(Shape::Object(Object { fields, ..object.clone() }));
                }
                _ => return Err(keywords.unknown("a choice beside fields of what is no object")),
            }
        }
        Ok(Shape::Union { options: whole, exclusive: true })
    }

    /// A type with a name; one without, as an instance of a generic type, is written in place.
    fn reference(&self, keywords: &Keywords<'_>, reference: &str) -> Result<Shape, Error> {
        let Some(name) = reference.strip_prefix(PREFIX) else {
            return Err(keywords.unknown(&format!("the reference {reference}")));
        };
        if self.contracts.homes.contains_key(name) {
            Ok(Shape::Reference(name.to_owned()))
        } else {
            parse(self.contracts, name)
        }
    }

    fn union(&self, options: &[Value], written: &[Value], exclusive: bool, at: &str) -> Result<Shape, Error> {
        if let Some(shape) = enumeration(options) {
            return Ok(shape);
        }
        let is_null = |option: &Value| option == &serde_json::json!({ "type": "null" });
        let nullable = options.iter().any(is_null);
        let mut shapes = Vec::new();
        for (option, written) in options.iter().zip(written).filter(|(option, _)| !is_null(option)) {
            shapes.push(self.shape(option, written, at)?);
        }
        let shape = match shapes.len() {
            1 => shapes.remove(0),
            _ => Shape::Union { options: shapes, exclusive },
        };
        Ok(if nullable { Shape::Nullable(Box::new(shape)) } else { shape })
    }
}

/// Texts that are named one by one, and perhaps any other.
fn enumeration(options: &[Value]) -> Option<Shape> {
    let (mut members, mut is_open) = (Vec::new(), false);
    for option in options {
        match option.get("const").and_then(Value::as_str) {
            Some(value) => members.push(member(value, option.get("description").and_then(Value::as_str))),
            None if is_any_text(option) => is_open = true,
            None => return None,
        }
    }
    match (members.is_empty(), is_open) {
        (true, _) => None,
        (false, true) => Some(Shape::OpenEnumeration(members)),
        (false, false) => Some(Shape::Enumeration(members)),
    }
}

fn is_any_text(schema: &Value) -> bool {
    let mut keywords = schema.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    schema.get("type").is_some_and(|kind| kind == "string")
        && keywords.all(|name| matches!(name, "type" | "description"))
}

fn member(value: &str, doc: Option<&str>) -> Member {
    Member { value: value.to_owned(), doc: doc.map(str::to_owned) }
}

/// A whole number; JavaScript's bounds are narrower than those of 64 bits.
fn integer(keywords: &Keywords<'_>) -> Result<Shape, Error> {
    let (least, most) = match keywords.text("format").as_deref() {
        Some("int8") => (i8::MIN.into(), i8::MAX.into()),
        Some("int16") => (i16::MIN.into(), i16::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32") => (0, u32::MAX.into()),
        Some("uint64" | "uint") => (0, MAX_SAFE),
        None | Some("int64" | "int") => (-MAX_SAFE, MAX_SAFE),
        Some(other) => return Err(keywords.unknown(&format!("integers of the format {other}"))),
    };
    let bound = |given: Option<i128>, own: i64| {
        given.map_or(own, |given| i64::try_from(given.clamp((-MAX_SAFE).into(), MAX_SAFE.into())).unwrap_or(own))
    };
    let least = bound(keywords.integer("minimum")?, least).max(least);
    let most = bound(keywords.integer("maximum")?, most).min(most);
    Ok(Shape::Integer { least, most })
}

fn text(keywords: &Keywords<'_>) -> Result<Shape, Error> {
    let format = match keywords.text("format").as_deref() {
        Some("date-time") => Some(Format::DateTime),
        Some("date") => Some(Format::Date),
        _ => None,
    };
    let (least, most) = (keywords.count("minLength")?, keywords.count("maxLength")?);
    let text = Text { least, most, pattern: keywords.text("pattern"), format, example: None };
    let examples = names(keywords.list("examples"));
    // One example shows the form of the text; several are what there is to choose from.
    if text == Text::default() && examples.len() > 1 {
        return Ok(Shape::OpenEnumeration(examples.into_iter().map(|value| member(value, None)).collect()));
    }
    Ok(Shape::Text(Text { example: examples.first().map(|&example| example.to_owned()), ..text }))
}

fn names(list: Option<&Vec<Value>>) -> Vec<&str> {
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a field is that was left out.
fn default(schema: &Value, shape: &Shape, at: &str) -> Result<Value, Error> {
    match (schema.get("default"), shape) {
        (Some(value), _) => Ok(value.clone()),
        (None, Shape::Nullable(_) | Shape::Any) => Ok(Value::Null),
        (None, _) => Err(Error::Contracts {
            at: at.to_owned(),
            what: "it may be left out, and nobody says what it is then".to_owned(),
        }),
    }
}

/// Both contracts must have the same rules but for which fields are required; what is below is compared on the way down.
fn same_rules(read: &Map<String, Value>, written: &Map<String, Value>, at: &str) -> Result<(), Error> {
    const BELOW: [&str; 8] =
        ["required", "default", "properties", "items", "additionalProperties", "anyOf", "oneOf", "description"];
    let rules = |schema: &Map<String, Value>| -> Map<String, Value> {
        schema.iter().filter(|(name, _)| !BELOW.contains(&name.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let counts = |schema: &Map<String, Value>| {
        ["properties", "anyOf", "oneOf"].map(|name| match schema.get(name) {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(fields)) => fields.len(),
            _ => 0,
        })
    };
    let (one, other) = (rules(read), rules(written));
    if one == other && counts(read) == counts(written) {
        Ok(())
    } else {
        let what = format!("{} and {}", Value::Object(one), Value::Object(other));
        Err(Error::Contracts { at: at.to_owned(), what })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contracts::Homes;

    fn parsed(read: Value, written: Value) -> Result<Shape, Error> {
        let definition = |schema| Map::from_iter([("X".to_owned(), schema)]);
        parse(&Contracts { read: definition(read), written: definition(written), homes: Homes::new() }, "X")
    }

    fn same(schema: Value) -> Result<Shape, Error> {
        parsed(schema.clone(), schema)
    }

    #[test]
    fn a_rule_that_is_not_known_is_an_error_that_names_it() {
        for (schema, name) in [
            (json!({ "type": "number", "multipleOf": 2 }), "multipleOf"),
            (json!({ "type": "array", "uniqueItems": true }), "uniqueItems"),
            (json!({ "type": "string", "contentEncoding": "base64" }), "contentEncoding"),
            (json!({ "type": "number", "minimum": 0.5 }), "minimum"),
            (json!({ "type": "integer", "format": "int128" }), "int128"),
            (json!({ "not": {} }), "not"),
        ] {
            let error = same(schema).unwrap_err().to_string();
            assert!(error.starts_with("X: ") && error.contains(name), "{error}");
        }
    }

    #[test]
    fn presence_follows_from_both_contracts() {
        let schema = |required: &[&str]| {
            let text = json!({ "type": ["string", "null"] });
            json!({ "type": "object", "properties": { "a": text, "b": text, "c": text }, "required": required })
        };
        let Shape::Object(object) = parsed(schema(&["a"]), schema(&["a", "b"])).unwrap() else { panic!("no object") };
        let presences: Vec<_> = object.fields.into_iter().map(|field| field.presence).collect();
        assert_eq!(presences, [Presence::Required, Presence::Default(Value::Null), Presence::Optional]);
        let error = parsed(schema(&["a"]), schema(&[])).unwrap_err().to_string();
        assert!(error.starts_with("X.a"), "{error}");
    }

    #[test]
    fn what_is_written_otherwise_than_read_is_refused() {
        let error = parsed(json!({ "type": "string" }), json!({ "type": "integer" })).unwrap_err();
        assert!(matches!(error, Error::Contracts { .. }), "{error}");
    }

    #[test]
    fn integers_have_the_narrower_of_all_bounds() {
        let bounds = |schema| match same(schema).unwrap() {
            Shape::Integer { least, most } => (least, most),
            other => panic!("{other:?}"),
        };
        assert_eq!(bounds(json!({ "type": "integer", "format": "uint8", "maximum": 100 })), (0, 100));
        assert_eq!(bounds(json!({ "type": "integer", "format": "int64", "maximum": u64::MAX })), (-MAX_SAFE, MAX_SAFE));
        assert_eq!(bounds(json!({ "type": "integer", "format": "uint32" })), (0, u32::MAX.into()));
    }

    #[test]
    fn enumerations_are_open_when_any_text_is_an_option() {
        let named = json!({ "type": "string", "const": "a" });
        let closed = same(json!({ "oneOf": [named] })).unwrap();
        assert!(matches!(closed, Shape::Enumeration(members) if members.len() == 1));
        let open = same(json!({ "anyOf": [named, { "type": "string" }] })).unwrap();
        assert!(matches!(open, Shape::OpenEnumeration(members) if members.len() == 1));
        assert!(matches!(same(json!({ "type": "string", "examples": ["a"] })).unwrap(), Shape::Text(_)));
    }
}
