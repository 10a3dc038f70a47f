//! The published examples of RFC 9421, appendix B.2, and one of our own profile: reproduced byte for byte, and refused after
//! every change.

use http::request::Parts;
use serde::Deserialize;

use super::base::signature_base;
use super::components::{Message, field};
use super::keys::{SigningKey, VerifyingKey};
use super::profile::{SIGNATURE, SIGNATURE_INPUT};
use super::structured::{self, Bare, InnerList, Member};
use crate::secret::Secret;

#[derive(Deserialize)]
struct File {
    request: Recorded,
    cases: Vec<Case>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Recorded {
    method: String,
    #[serde(alias = "url")]
    target: String,
    headers: std::collections::BTreeMap<String, String>,
    pub(super) body: String,
}

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) alg: String,
    shared_secret_base64: Option<String>,
    private_key_jwk_d: Option<String>,
    private_key_pkcs8_base64: Option<String>,
    public_key_jwk_x: Option<String>,
    public_key_spki_base64: Option<String>,
    request: Option<Recorded>,
    pub(super) signature_base: String,
    pub(super) signature_input: String,
    pub(super) signature: String,
}

impl Case {
    /// Every spelling of the signing key that the file has.
    pub(super) fn signing_keys(&self) -> Vec<SigningKey> {
        let shared = self.shared_secret_base64.iter().map(|text| SigningKey::hmac_sha256(&Secret::from(text.as_str())));
        let private = self.private_key_jwk_d.iter().chain(&self.private_key_pkcs8_base64);
        shared
            .chain(private.map(|text| SigningKey::ed25519(&Secret::from(text.as_str()))))
            .map(Result::unwrap)
            .collect()
    }

    pub(super) fn verifying_keys(&self) -> Vec<VerifyingKey> {
        let shared =
            self.shared_secret_base64.iter().map(|text| VerifyingKey::hmac_sha256(&Secret::from(text.as_str())));
        let public = self.public_key_jwk_x.iter().chain(&self.public_key_spki_base64);
        shared.chain(public.map(|text| VerifyingKey::ed25519(text))).map(Result::unwrap).collect()
    }

    /// The request with its signature on it.
    pub(super) fn signed(&self) -> (Parts, String) {
        let recorded = self.request.clone().unwrap_or_else(|| file().request);
        let mut builder = http::Request::builder().method(recorded.method.as_str()).uri(&recorded.target);
        for (name, value) in &recorded.headers {
            builder = builder.header(name, value);
        }
        builder = builder.header(SIGNATURE_INPUT, &self.signature_input).header(SIGNATURE, &self.signature);
        (builder.body(()).unwrap().into_parts().0, recorded.body)
    }

    fn list(&self) -> InnerList {
        let read = structured::dictionary(&self.signature_input).unwrap();
        match read.get(&self.label) {
            Some(Member::List(list)) => list.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn signature_bytes(&self) -> Vec<u8> {
        let read = structured::dictionary(&self.signature).unwrap();
        match read.get(&self.label) {
            Some(Member::Item(structured::Item { bare: Bare::Bytes(bytes), .. })) => bytes.clone(),
            other => panic!("{other:?}"),
        }
    }
}

fn file() -> File {
    serde_json::from_str(include_str!("../../tests/vectors/http_message_signatures.json")).unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    file().cases
}

/// The case of our own profile.
pub(super) fn own() -> Case {
    cases().into_iter().find(|case| case.label == "sig1").unwrap()
}

fn base(parts: &Parts, list: &InnerList) -> Option<String> {
    let message = Message { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
    signature_base(list, &message).ok()
}

#[test]
fn base_and_signature_are_reproduced_byte_for_byte() {
    for case in cases() {
        let (parts, _) = case.signed();
        assert_eq!(base(&parts, &case.list()).as_deref(), Some(case.signature_base.as_str()), "{}", case.name);
        let keys = case.signing_keys();
        assert!(!keys.is_empty());
        for key in keys {
            let signature = Bare::Bytes(key.sign(&case.signature_base));
            assert_eq!(format!("{}={signature}", case.label), case.signature, "{}", case.name);
            assert_eq!(key.algorithm().as_str(), case.alg);
        }
    }
}

#[test]
fn the_signatures_verify_and_no_changed_byte_of_base_or_signature_does() {
    for case in cases() {
        let signature = case.signature_bytes();
        let keys = case.verifying_keys();
        assert!(keys.iter().all(|key| key.verifies(&case.signature_base, &signature)), "{}", case.name);
        let key = &keys[0];
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(!key.verifies(&case.signature_base, &changed), "{}: byte {at}", case.name);
        }
        for at in 0..case.signature_base.len() {
            let mut changed = case.signature_base.clone();
            if changed.remove(at) != 'x' {
                changed.insert(at, 'x');
            }
            assert!(!key.verifies(&changed, &signature), "{}: character {at}", case.name);
        }
    }
}

#[test]
fn a_key_of_the_other_algorithm_verifies_nothing() {
    let all = cases();
    for case in &all {
        for other in all.iter().filter(|other| other.alg != case.alg) {
            for key in other.verifying_keys() {
                assert!(!key.verifies(&case.signature_base, &case.signature_bytes()));
            }
        }
    }
}

#[test]
fn a_change_of_any_covered_part_changes_the_base() {
    for case in cases() {
        let (parts, _) = case.signed();
        for item in &case.list().items {
            let mut changed = parts.clone();
            match &item.bare {
                Bare::String(name) if name == "@method" => changed.method = http::Method::PUT,
                Bare::String(name) if name == "@authority" => {
                    changed.headers.remove(http::header::HOST);
                    changed.uri = "https://other.example/foo".parse().unwrap();
                }
                Bare::String(name) if name.starts_with('@') => changed.uri = "/other?other".parse().unwrap(),
                Bare::String(name) => {
                    let name: http::HeaderName = name.parse().unwrap();
                    assert!(field(&name, &changed.headers).is_ok());
                    changed.headers.insert(name, http::HeaderValue::from_static("other"));
                }
                other => panic!("{other:?}"),
            }
            assert_ne!(base(&changed, &case.list()), Some(case.signature_base.clone()), "{}: {item}", case.name);
        }
    }
}
