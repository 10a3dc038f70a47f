//! A body as a cassette holds it: readable where it can be, and the same bytes again in any case.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::refused;
use acd_core::Result;

/// A body in the first of these forms that gives the bytes back exactly.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredBody {
    /// Nothing.
    #[default]
    Empty,
    /// JSON, with its own spacing and order of fields.
    Json(Box<RawValue>),
    /// Any other text.
    Text(String),
    /// Bytes that are no text.
    Base64(String),
}

impl StoredBody {
    pub(super) fn new(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Base64(STANDARD.encode(bytes)) };
        // A document over several lines would be indented anew by the file's own layout, and a bare value reads as well
        // as text.
        let is_document = text.starts_with(['{', '[']) && !text.contains(['\n', '\r']);
        match RawValue::from_string(text.to_owned()) {
            Ok(json) if is_document && json.get() == text => Self::Json(json),
            _ => Self::Text(text.to_owned()),
        }
    }

    pub(super) fn bytes(&self) -> Result<Bytes> {
        match self {
            Self::Empty => Ok(Bytes::new()),
            Self::Json(json) => Ok(Bytes::copy_from_slice(json.get().as_bytes())),
            Self::Text(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
            Self::Base64(text) => STANDARD.decode(text).map(Bytes::from).map_err(|cause| {
                refused("the cassette has a body that is no base64: record it anew").with_source(cause)
            }),
        }
    }

    /// The document, when it is one.
    pub(super) fn json(&self) -> Option<Value> {
        let text = match self {
            Self::Json(json) => json.get(),
            Self::Text(text) => text,
            Self::Empty | Self::Base64(_) => return None,
        };
        serde_json::from_str(text).ok()
    }
}

/// By meaning: the order of a document's fields says nothing.
impl PartialEq for StoredBody {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) => true,
            (Self::Base64(one), Self::Base64(two)) => one == two,
            _ => match (self.json(), other.json()) {
                (Some(one), Some(two)) => one == two,
                (None, None) => matches!((self, other), (Self::Text(one), Self::Text(two)) if one == two),
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn through_a_file(bytes: &[u8]) -> Bytes {
        let text = serde_json::to_string_pretty(&StoredBody::new(bytes)).unwrap();
        serde_json::from_str::<StoredBody>(&text).unwrap().bytes().unwrap()
    }

    #[test]
    fn each_form_is_used_where_it_fits() {
        assert!(matches!(StoredBody::new(b""), StoredBody::Empty));
        assert!(matches!(StoredBody::new(br#"{"b": 1.10,"a":2}"#), StoredBody::Json(_)));
        for text in ["{\n}", " {}", "{} ", "7", "{", "a=b"] {
            assert!(matches!(StoredBody::new(text.as_bytes()), StoredBody::Text(_)), "{text}");
        }
        assert!(matches!(StoredBody::new(&[0xff, 0x00]), StoredBody::Base64(_)));
    }

    #[test]
    fn documents_are_compared_by_meaning() {
        assert_eq!(StoredBody::new(br#"{"a":1,"b":2}"#), StoredBody::new(b"{\n \"b\": 2, \"a\": 1}"));
        assert_ne!(StoredBody::new(br#"{"a":1}"#), StoredBody::new(br#"{"a":2}"#));
        assert_ne!(StoredBody::new(b"a"), StoredBody::new(b"b"));
    }

    proptest! {
        #[test]
        fn bytes_survive(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(through_a_file(&bytes), bytes);
        }

        #[test]
        fn text_survives(text in r#"[\[{}\]":,0-9a-z \n\t\r"\\]{0,40}"#) {
            prop_assert_eq!(through_a_file(text.as_bytes()), text.into_bytes());
        }
    }
}
