//! The `Idempotency-Key` header.

use http::HeaderMap;

use super::problem::{Problem, Result};

/// Reads the header; an unusable value is refused rather than ignored, since the caller counts on it.
pub fn key(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    value
        .to_str()
        .ok()
        .filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
        .map(Some)
        .ok_or_else(|| {
            Problem::bad_request("invalid_idempotency_key", "Idempotency-Key: 1 to 255 visible ASCII characters")
        })
}
