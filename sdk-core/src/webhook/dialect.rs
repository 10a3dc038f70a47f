//! What tells one scheme from another.

use http::HeaderName;

use super::WebhookError;
use super::candidates::Candidates;
use super::fields::Fields;
use super::key::{MacKey, RawSignature, SigningKey, VerifyingKey};
use super::timestamp::{Timestamp, Window};

/// What the headers of a message claim.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    /// The message's id, empty where no header carries one.
    pub(super) id: &'a str,
    pub(super) timestamp: Option<Timestamp<'a>>,
    pub(super) candidates: Candidates<'a>,
}

impl<'a> Claim<'a> {
    /// What a header claims that holds a signature and nothing else.
    pub(super) fn bare(candidates: Candidates<'a>) -> Self {
        Self { id: "", timestamp: None, candidates }
    }
}

/// One scheme. Verifying and signing share its [`preamble`](Self::preamble), so that they cannot differ.
pub(super) trait Dialect: Send + Sync + 'static {
    /// The key that a secret of this scheme is; the error completes "the secret …".
    fn verifying_key(&self, secret: &str) -> Result<VerifyingKey, &'static str> {
        MacKey::sha256(secret.as_bytes()).map(VerifyingKey::Mac)
    }

    /// The same for signing.
    fn signing_key(&self, secret: &str) -> Result<SigningKey, &'static str> {
        MacKey::sha256(secret.as_bytes()).map(SigningKey::Mac)
    }

    /// How far from now a signed timestamp may be.
    fn window(&self) -> Window {
        Window::DEFAULT
    }

    /// The headers that [`claim`](Self::claim) looks at.
    fn reads(&self) -> &'static [HeaderName];

    /// Reads the headers.
    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError>;

    /// What is signed before the body.
    fn preamble<'a>(&'a self, _id: &'a str, _timestamp: &'a str) -> [&'a [u8]; 4] {
        [b""; 4]
    }

    /// Under which names the body, once it is verified, has the strings that together are the message's id.
    fn id_fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// Under which name the body, once it is verified, has the message's time, in seconds since 1970.
    fn time_field(&self) -> Option<&'static str> {
        None
    }

    /// Whether a message can have this id; the error completes "the id …".
    fn check_id(&self, _id: &str) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether a message can carry several signatures.
    fn has_room_for_several(&self) -> bool {
        false
    }

    /// The headers that carry these signatures.
    fn headers(&self, id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)>;
}
