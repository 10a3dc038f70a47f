//! Verification in steps, for a host that hashes faster than this crate, as Node does beside a WebAssembly module.
//!
//! ```
//! use acd_core::Secret;
//! use acd_core::webhook::{HeaderField, Scheme, Verifier, WebhookError};
//!
//! fn receive(verifier: &Verifier, signature: &[u8], mac: impl Fn(&[u8]) -> String) -> Result<usize, WebhookError> {
//!     let claimed = verifier.claim([HeaderField::Once(signature)])?;
//!     // Of what comes before the body, and of the body, which the host has.
//!     let mac = mac(&claimed.preamble().concat());
//!     let secret = claimed.matches_macs([mac.as_str()])?;
//!     verifier.timing(claimed.seconds())?;
//!     Ok(secret)
//! }
//!
//! let verifier = Verifier::new(Scheme::Meta, [Secret::from("hunter2")])?;
//! assert_eq!(verifier.header_names(), ["x-hub-signature-256"]);
//! let signature = format!("sha256={}", "0".repeat(64));
//! assert!(receive(&verifier, signature.as_bytes(), |_| "1".repeat(64)).is_err());
//! # Ok::<(), acd_core::Error>(())
//! ```

use std::time::{Duration, SystemTime};

use http::HeaderName;
use sha2::{Digest as _, Sha256};

use super::dialect::Claim;
use super::fields::Fields;
use super::key::{self, HmacHash};
use super::{HeaderField, Verifier, WebhookError};
use crate::hex;

/// What the headers of a message claim. Nothing of it is verified.
#[derive(Debug)]
pub struct Claimed<'m> {
    verifier: &'m Verifier,
    claim: Claim<'m>,
}

/// SHA-256 of a body in hexadecimal: what a [`replay_key`](super::Verified::replay_key) has in the place of an id.
pub fn body_hash(body: &[u8]) -> String {
    hex::encode(&Sha256::digest(body))
}

/// When a message was signed, and how long it is to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// As [`Verified::signed_at`](super::Verified::signed_at).
    pub signed_at: Option<SystemTime>,
    /// As [`Verified::remember_until`](super::Verified::remember_until).
    pub remember_until: SystemTime,
}

impl Verifier {
    /// The headers that the scheme looks at; [`claim`](Self::claim) takes them in this order.
    pub fn header_names(&self) -> &'static [HeaderName] {
        self.dialect.reads()
    }

    /// Under which names the body, a JSON object, has the strings that, joined by a colon, are the message's id. None where
    /// a header has it or nothing does.
    pub fn id_fields(&self) -> &'static [&'static str] {
        self.dialect.id_fields()
    }

    /// Under which name the body, a JSON object, has the whole number of seconds that [`timing`](Self::timing) judges where
    /// no header tells a time.
    pub fn time_field(&self) -> Option<&'static str> {
        self.dialect.time_field()
    }

    /// The hash of the HMACs and the key of each secret, in the clear, for [`Claimed::matches_macs`]; `None` where a secret is
    /// a key of Ed25519, which takes the body itself.
    pub fn expose_hmac_keys(&self) -> Option<(HmacHash, Vec<&[u8]>)> {
        key::hmac_keys(&self.keys)
    }

    /// Reads the headers of a message.
    ///
    /// # Errors
    /// [`WebhookError::MissingHeader`], [`WebhookError::Malformed`] and [`WebhookError::Unsigned`].
    pub fn claim<'m>(
        &'m self,
        headers: impl IntoIterator<Item = HeaderField<'m>>,
    ) -> Result<Claimed<'m>, WebhookError> {
        self.claimed(&Fields::new(self.dialect.reads(), headers))
    }

    pub(super) fn claimed<'m>(&'m self, fields: &Fields<'m>) -> Result<Claimed<'m>, WebhookError> {
        self.dialect.claim(fields).map(|claim| Claimed { verifier: self, claim })
    }

    /// Judges the time of a message that is authentic.
    ///
    /// # Errors
    /// [`WebhookError::Expired`] and [`WebhookError::TooNew`].
    pub fn timing(&self, seconds: Option<u64>) -> Result<Timing, WebhookError> {
        let now = self.runtime.wall();
        let signed_at = seconds.map(|seconds| self.window.check(seconds, now)).transpose()?;
        // A second more, since timestamps are compared in whole ones.
        let accepted_until = signed_at.map(|time| time + self.window.past + Duration::from_secs(1));
        let remember_until = accepted_until.into_iter().fold(now + self.memory, Ord::max);
        Ok(Timing { signed_at, remember_until })
    }
}

impl<'m> Claimed<'m> {
    /// What is signed before the body, one piece after the other.
    pub fn preamble(&self) -> [&'m [u8]; 4] {
        let timestamp = self.claim.timestamp.map_or("", |timestamp| timestamp.text);
        self.verifier.dialect.preamble(self.claim.id, timestamp)
    }

    /// The id that a header gives the message.
    pub fn id(&self) -> Option<&'m str> {
        Some(self.claim.id).filter(|id| !id.is_empty())
    }

    /// The time that a header gives the message, in seconds since 1970.
    pub fn seconds(&self) -> Option<u64> {
        self.claim.timestamp.map(|timestamp| timestamp.seconds)
    }

    /// Which of the secrets the message is signed by, from 0.
    ///
    /// # Errors
    /// [`WebhookError::NoMatch`].
    pub fn matches(&self, body: &[u8]) -> Result<usize, WebhookError> {
        let [a, b, c, d] = self.preamble();
        key::matching(&self.verifier.keys, &[a, b, c, d, body], &self.claim.candidates).ok_or(WebhookError::NoMatch)
    }

    /// The same by HMACs that were computed elsewhere: one for each of [`Verifier::expose_hmac_keys`], of the
    /// [`preamble`](Self::preamble) and the body, in lower-case hexadecimal.
    ///
    /// # Errors
    /// [`WebhookError::NoMatch`], also for what is no such HMAC.
    pub fn matches_macs<'t>(&self, macs: impl IntoIterator<Item = &'t str>) -> Result<usize, WebhookError> {
        key::matching_macs(&self.verifier.keys, macs, &self.claim.candidates).ok_or(WebhookError::NoMatch)
    }
}
