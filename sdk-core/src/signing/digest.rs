//! The body's part in a signature: `Content-Digest`, RFC 9530.

use http::{HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256, Sha512};

use super::structured::{self, Bare, Malformed, Member};
use crate::Result;
use crate::error::{Error, ErrorKind};

pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Computes the value of `Content-Digest` for a body that is not in memory as a whole. A stream can be signed when the
/// caller has put this on the request; a body in memory gets it from [`MessageSigner`](super::MessageSigner).
///
/// [RFC 9530, section 2](https://www.rfc-editor.org/rfc/rfc9530#section-2). The digest is of the bytes as they are sent,
/// after any content coding.
///
/// ```
/// use acd_core::signing::ContentDigest;
///
/// let mut digest = ContentDigest::default();
/// digest.update(b"{\"hello\": ");
/// digest.update(b"\"world\"}");
/// assert_eq!(digest.finish()?, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
/// # Ok::<(), acd_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ContentDigest(Sha256);

impl ContentDigest {
    /// The header's value for a body in memory.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn of(body: &[u8]) -> Result<HeaderValue> {
        let mut digest = Self::default();
        digest.update(body);
        digest.finish()
    }

    /// Takes the next bytes of the body.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The header's value, with SHA-256.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] if it were no header value, which base64 always is.
    pub fn finish(self) -> Result<HeaderValue> {
        let hash = Bare::Bytes(self.0.finalize().to_vec());
        HeaderValue::try_from(format!("sha-256={hash}"))
            .map_err(|cause| Error::new(ErrorKind::Request, "the digest is no header value").with_source(cause))
    }
}

/// Whether the field's digests are of this body. Algorithms other than SHA-256 and SHA-512 are ignored, but one of the two
/// must be there, and each that is there must match.
pub(super) fn matches(field: &str, body: &[u8]) -> Result<bool, Malformed> {
    let digests = structured::dictionary(field)?;
    let mut known = 0;
    for (name, member) in &digests.0 {
        let computed = match name.as_str() {
            "sha-256" => Sha256::digest(body).to_vec(),
            "sha-512" => Sha512::digest(body).to_vec(),
            _ => continue,
        };
        let Member::Item(structured::Item { bare: Bare::Bytes(claimed), .. }) = member else {
            return Err("a digest is not a byte sequence");
        };
        if *claimed != computed {
            return Ok(false);
        }
        known += 1;
    }
    if known > 0 { Ok(true) } else { Err("there is neither a SHA-256 nor a SHA-512 digest") }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        body: String,
        header: String,
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../../tests/vectors/content_digest.json")).unwrap()
    }

    #[test]
    fn the_published_digests_match_and_are_reproduced() {
        for case in cases() {
            assert_eq!(matches(&case.header, case.body.as_bytes()), Ok(true));
            if case.header.starts_with("sha-256") {
                assert_eq!(ContentDigest::of(case.body.as_bytes()).unwrap(), case.header);
            }
        }
    }

    #[test]
    fn another_body_or_another_digest_does_not_match() {
        for case in cases() {
            assert_eq!(matches(&case.header, format!("{} ", case.body).as_bytes()), Ok(false));
            for at in 0..case.header.len() {
                let mut bytes = case.header.clone().into_bytes();
                bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                let mutated = String::from_utf8(bytes).unwrap();
                assert_ne!(matches(&mutated, case.body.as_bytes()), Ok(true), "{mutated}");
            }
        }
    }

    #[test]
    fn every_known_digest_must_match_and_unknown_ones_do_not_count() {
        let good = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
        assert_eq!(matches(&format!("md5=:AAAA:, {good};q=1"), b""), Ok(true));
        assert_eq!(matches(&format!("{good}, sha-512=:AAAA:"), b""), Ok(false));
        for bad in ["", "md5=:AAAA:", "sha-256", "sha-256=(1)", "sha-256=abc"] {
            assert!(matches(bad, b"").is_err(), "{bad}");
        }
        assert!(matches(&format!("{good}, {good}"), b"").is_err(), "named twice");
    }
}
