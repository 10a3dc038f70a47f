//! What the fuzz targets share. Inputs are text wherever the format is, so that seeds can be read and written by hand.

use acd_core::testing::{Script, answer};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The secret that no output may hold. It looks like nothing, so that only knowing it helps.
pub const PLANTED: &str = "planted";

/// Lines of `name: value` up to the first empty line, and what follows it. Lines that are no header are left out.
pub fn message(input: &[u8]) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    let mut rest = input;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, tail) = rest.split_at(end);
        rest = &tail[1..];
        if line.is_empty() {
            break;
        }
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && let Ok(name) = HeaderName::from_bytes(&line[..colon])
            && let Ok(value) = HeaderValue::from_bytes(line[colon + 1..].trim_ascii())
        {
            headers.append(name, value);
        }
    }
    (headers, Bytes::copy_from_slice(rest))
}

/// An answer: its first byte chooses the status, the rest is a [`message`]. Names of headers are shown as they are, so one
/// that is made of the secret is left out.
pub fn reply(input: &[u8]) -> Option<Script> {
    const STATUSES: [u16; 10] = [200, 201, 304, 302, 400, 401, 408, 429, 500, 503];
    let (first, rest) = input.split_first()?;
    let status = STATUSES[usize::from(first.wrapping_sub(b'0')) % STATUSES.len()];
    let (headers, body) = message(rest.strip_prefix(b"\n").unwrap_or(rest));
    let script = answer(status).body(body);
    let plain = headers.iter().filter(|(name, _)| !name.as_str().contains(PLANTED));
    Some(plain.fold(script, |script, (name, value)| match value.to_str() {
        Ok(text) => script.header(name.as_str(), text),
        Err(_) => script,
    }))
}
