//! The id that joins an answer, its log lines and its SQL.

use std::sync::Arc;

use http::HeaderMap;

/// The header that carries it both ways.
pub const HEADER: &str = "x-request-id";

/// Id of a request: the caller's own when it is clean, else a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Reads the caller's id or makes one.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        headers
            .get(HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_clean(text))
            .map_or_else(Self::new, |text| Self(text.into()))
    }

    /// A new id.
    #[allow(clippy::new_without_default, reason = "each call gives another value")]
    pub fn new() -> Self {
        Self(format!("req_{}", uuid::Uuid::now_v7().simple()).into())
    }

    /// The id as text: ASCII letters, digits, `_`, `-` and `.` alone, so that it needs no quoting anywhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// At most what PostgreSQL keeps of an application name, less our own words in it.
fn is_clean(text: &str) -> bool {
    (1..=48).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_clean_id_and_replaces_any_other() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, http::HeaderValue::from_static(text));
            RequestId::from_headers(&headers)
        };
        assert_eq!(of("abc-1.2_Z").as_str(), "abc-1.2_Z");
        for dirty in ["", "a b", "a'; drop table", "0123456789012345678901234567890123456789012345678"] {
            assert!(of(dirty).as_str().starts_with("req_"), "{dirty}");
        }
    }
}
