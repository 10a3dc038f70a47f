//! Standard Webhooks, and Svix, from which they come.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::webhook::WebhookError;
use crate::webhook::candidates::{Candidate, Candidates};
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::{Fields, HeaderField};
use crate::webhook::header::{malformed, single};
use crate::webhook::key::{MacKey, RawSignature, SigningKey, VerifyingKey};
use crate::webhook::timestamp::Timestamp;

/// The fewest bytes that the standard lets a symmetric secret have.
const SHORTEST: usize = 24;

/// Id, time and signatures.
type Names = [HeaderName; 3];

pub(super) struct Standard {
    /// The first are written; the next are read when the first are not there.
    names: &'static [Names],
}

static NAMES: [Names; 2] = [
    [
        HeaderName::from_static("svix-id"),
        HeaderName::from_static("svix-timestamp"),
        HeaderName::from_static("svix-signature"),
    ],
    [
        HeaderName::from_static("webhook-id"),
        HeaderName::from_static("webhook-timestamp"),
        HeaderName::from_static("webhook-signature"),
    ],
];

pub(super) const STANDARD_WEBHOOKS: Standard = Standard { names: NAMES.split_at(1).1 };
pub(super) const SVIX: Standard = Standard { names: &NAMES };

impl Dialect for Standard {
    fn verifying_key(&self, secret: &str) -> Result<VerifyingKey, &'static str> {
        if secret.starts_with("whsk_") {
            return Err("is the sender's secret key: a receiver needs the public one, `whpk_…`");
        }
        match secret.strip_prefix("whpk_") {
            Some(public) => VerifyingKey::ed25519(decode(public)?.expose_secret()),
            None => symmetric(secret).map(VerifyingKey::Mac),
        }
    }

    fn signing_key(&self, secret: &str) -> Result<SigningKey, &'static str> {
        if secret.starts_with("whpk_") {
            return Err("is a public key: a sender needs the secret one, `whsk_…`");
        }
        match secret.strip_prefix("whsk_") {
            Some(private) => SigningKey::ed25519(decode(private)?.expose_secret()),
            None => symmetric(secret).map(SigningKey::Mac),
        }
    }

    fn reads(&self) -> &'static [HeaderName] {
        self.names.as_flattened()
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        let others = self.names.len() > 1 && fields.get(0).1 == HeaderField::Absent;
        let [at_id, at_time, at_signatures] = if others { [3, 4, 5] } else { [0, 1, 2] };
        let id = single(fields, at_id)?;
        let timestamp = single(fields, at_time)?;
        let signatures = single(fields, at_signatures)?;
        self.check_id(id).map_err(|problem| malformed(fields, at_id, problem))?;
        let timestamp = Timestamp::parse(timestamp)
            .ok_or_else(|| malformed(fields, at_time, "is not a whole number of seconds"))?;
        let mut candidates = Candidates::default();
        for signature in signatures.split_ascii_whitespace() {
            let candidate = match signature.split_once(',') {
                Some(("v1", mac)) => Candidate::Base64Mac(mac),
                Some(("v1a", signature)) => Candidate::Base64Ed25519(signature),
                Some(_) => continue,
                None => {
                    return Err(malformed(fields, at_signatures, "has an element that is not `version,signature`"));
                }
            };
            candidates.push(candidate).map_err(|problem| malformed(fields, at_signatures, problem))?;
        }
        Ok(Claim { id, timestamp: Some(timestamp), candidates })
    }

    fn preamble<'a>(&'a self, id: &'a str, timestamp: &'a str) -> [&'a [u8]; 4] {
        [id.as_bytes(), b".", timestamp.as_bytes(), b"."]
    }

    fn check_id(&self, id: &str) -> Result<(), &'static str> {
        // With a dot in it, the same bytes could be read as another id, time and body.
        let well_formed = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
        well_formed.then_some(()).ok_or("is empty, or holds a dot, a space or anything but ASCII")
    }

    fn has_room_for_several(&self) -> bool {
        true
    }

    fn headers(&self, id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        let written = signatures.iter().map(|signature| match signature {
            RawSignature::Mac(mac) => format!("v1,{}", STANDARD.encode(mac)),
            RawSignature::Ed25519(signature) => format!("v1a,{}", STANDARD.encode(signature)),
        });
        let signatures = written.collect::<Vec<_>>().join(" ");
        let values = [id.to_owned(), timestamp.to_owned(), signatures];
        self.names.iter().take(1).flatten().cloned().zip(values).collect()
    }
}

fn symmetric(secret: &str) -> Result<MacKey, &'static str> {
    let key = decode(secret.strip_prefix("whsec_").unwrap_or(secret))?;
    let bytes = key.expose_secret();
    if bytes.len() < SHORTEST {
        return Err("is shorter than the 24 bytes that the standard demands");
    }
    MacKey::sha256(bytes)
}

/// The bytes of a key, overwritten when they are dropped.
fn decode(text: &str) -> Result<SecretSlice<u8>, &'static str> {
    STANDARD.decode(text).map(SecretSlice::from).map_err(|_| "is not base64 after its prefix")
}
