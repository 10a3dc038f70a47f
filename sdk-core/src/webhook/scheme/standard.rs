//! Standard Webhooks, and Svix, from which they come.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::webhook::WebhookError;
use crate::webhook::candidates::{Candidate, Candidates};
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::single;
use crate::webhook::key::{MacKey, RawSignature, SigningKey, VerifyingKey};
use crate::webhook::timestamp::Timestamp;

/// The fewest bytes that the standard lets a symmetric secret have.
const SHORTEST: usize = 24;

pub(super) struct Standard {
    names: &'static Names,
    /// Read when the first are not there.
    other_names: &'static Names,
}

struct Names {
    id: HeaderName,
    timestamp: HeaderName,
    signature: HeaderName,
}

static WEBHOOK: Names = Names {
    id: HeaderName::from_static("webhook-id"),
    timestamp: HeaderName::from_static("webhook-timestamp"),
    signature: HeaderName::from_static("webhook-signature"),
};
static SVIX_NAMES: Names = Names {
    id: HeaderName::from_static("svix-id"),
    timestamp: HeaderName::from_static("svix-timestamp"),
    signature: HeaderName::from_static("svix-signature"),
};

pub(super) const STANDARD_WEBHOOKS: Standard = Standard { names: &WEBHOOK, other_names: &WEBHOOK };
pub(super) const SVIX: Standard = Standard { names: &SVIX_NAMES, other_names: &WEBHOOK };

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

    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        let names = if headers.contains_key(&self.names.id) { self.names } else { self.other_names };
        let id = single(headers, &names.id)?;
        let timestamp = single(headers, &names.timestamp)?;
        let signatures = single(headers, &names.signature)?;
        let malformed =
            |header: &'static HeaderName, problem| WebhookError::Malformed { header: header.as_str(), problem };
        self.check_id(id).map_err(|problem| malformed(&names.id, problem))?;
        let timestamp =
            Timestamp::parse(timestamp).ok_or(malformed(&names.timestamp, "is not a whole number of seconds"))?;
        let mut candidates = Candidates::default();
        for signature in signatures.split_ascii_whitespace() {
            let candidate = match signature.split_once(',') {
                Some(("v1", mac)) => Candidate::Base64Mac(mac),
                Some(("v1a", signature)) => Candidate::Base64Ed25519(signature),
                Some(_) => continue,
                None => return Err(malformed(&names.signature, "has an element that is not `version,signature`")),
            };
            candidates.push(candidate).map_err(|problem| malformed(&names.signature, problem))?;
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
        let names = self.names;
        vec![
            (names.id.clone(), id.to_owned()),
            (names.timestamp.clone(), timestamp.to_owned()),
            (names.signature.clone(), signatures),
        ]
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
