//! What the body of a message says about the message.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The strings under these names, joined by a colon: an id that is unique where any of them is. `None` unless the body is a
/// JSON object that has each of them once.
pub(super) fn id(body: &[u8], names: &'static [&'static str]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let values = pick(body, names)?;
    let texts = values.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
    Some(texts.join(":"))
}

/// The whole number under this name, seconds since 1970.
pub(super) fn seconds(body: &[u8], name: &'static str) -> Option<u64> {
    pick(body, &[name])?.first()?.as_u64()
}

/// The values under these names.
fn pick(body: &[u8], names: &[&str]) -> Option<Vec<Value>> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let values = Pick(names).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    values.into_iter().collect()
}

struct Pick<'n>(&'n [&'n str]);

impl<'d> DeserializeSeed<'d> for Pick<'_> {
    type Value = Vec<Option<Value>>;

    fn deserialize<D: Deserializer<'d>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'d> Visitor<'d> for Pick<'_> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values: Self::Value = self.0.iter().map(|_| None).collect();
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match place.and_then(|place| values.get_mut(place)) {
                None => drop(map.next_value::<IgnoredAny>()?),
                // Of two, readers differ on which counts.
                Some(Some(_)) => return Err(A::Error::custom("a name appears twice")),
                Some(value) => *value = Some(map.next_value()?),
            }
        }
        Ok(values)
    }
}

/// Which of the names a key is.
struct Place<'n>(&'n [&'n str]);

impl<'d> DeserializeSeed<'d> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'d>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_every_string_that_it_is_made_of() {
        let of = |body: &str| id(body.as_bytes(), &["renderId", "type"]);
        assert_eq!(of(r#"{"type":"done","x":[{"type":1}],"renderId":"r\u0031"}"#).as_deref(), Some("r1:done"));
        for body in [
            r#"{"renderId":"r"}"#,
            r#"{"renderId":"r","type":1}"#,
            r#"{"renderId":"r","type":null}"#,
            r#"{"renderId":"r","type":"a","type":"b"}"#,
            r#"{"renderId":"r","type":"a"} x"#,
            r#"{"renderId":"r","type":"a""#,
            r#"["r","a"]"#,
            "null",
            "",
        ] {
            assert_eq!(of(body), None, "{body}");
        }
        assert_eq!(id(b"{}", &[]), None, "a scheme without an id");
    }

    #[test]
    fn a_time_is_a_whole_number() {
        let of = |body: &str| seconds(body.as_bytes(), "timestamp");
        assert_eq!(of(r#"{"timestamp":1767225600}"#), Some(1_767_225_600));
        for body in [r#"{"timestamp":"1767225600"}"#, r#"{"timestamp":1.5}"#, r#"{"timestamp":-1}"#, "{}"] {
            assert_eq!(of(body), None, "{body}");
        }
    }
}
