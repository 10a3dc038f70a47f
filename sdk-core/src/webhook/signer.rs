//! Signing what is sent.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use super::Scheme;
use super::dialect::Dialect;
use super::key::{RawSignature, SigningKey};
use super::secrets::read_all;
use super::timestamp::unix_seconds;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// Signs webhooks, for the platform's own sender and for pretended vendors. Cheap to clone.
#[derive(Clone)]
pub struct WebhookSigner {
    scheme: &'static str,
    dialect: Arc<dyn Dialect>,
    keys: Arc<[SigningKey]>,
}

impl WebhookSigner {
    /// A signer of one endpoint's messages. With several secrets each message carries a signature by each, so that a
    /// receiver can change from one to the other at any moment.
    ///
    /// # Errors
    /// As [`Verifier::new`](super::Verifier::new), and for a second secret where the scheme has room for one signature:
    /// that is all but Stripe, Standard Webhooks, Svix and Resend.
    pub fn new(scheme: Scheme, secrets: impl IntoIterator<Item = Secret>) -> Result<Self> {
        let (dialect, keys) = read_all(&scheme, secrets, |dialect, secret| dialect.signing_key(secret))?;
        let scheme = scheme.as_str();
        if keys.len() > 1 && !dialect.has_room_for_several() {
            let problem = format!("webhooks of `{scheme}` carry one signature: give one secret");
            return Err(Error::new(ErrorKind::Configuration, problem));
        }
        Ok(Self { scheme, dialect, keys: keys.into() })
    }

    /// The headers that make `body` authentic. `id` and `at` are left out where the scheme has no place for them. An `id`
    /// stays the same when a message is sent again; `at`, the time of this delivery, does not.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for an id that is empty, holds a dot or anything but visible ASCII, where ids are signed.
    pub fn sign(&self, id: &str, at: SystemTime, body: &[u8]) -> Result<HeaderMap> {
        let refused = |what: String| Error::new(ErrorKind::Request, what);
        self.dialect.check_id(id).map_err(|problem| refused(format!("the webhook id {problem}")))?;
        let timestamp = unix_seconds(at).to_string();
        let [a, b, c, d] = self.dialect.preamble(id, &timestamp);
        let signatures: Vec<RawSignature> = self.keys.iter().map(|key| key.sign(&[a, b, c, d, body])).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in self.dialect.headers(id, &timestamp, &signatures) {
            let value = HeaderValue::try_from(value)
                .map_err(|cause| refused(format!("the header `{name}` cannot be sent")).with_source(cause))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

impl fmt::Debug for WebhookSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSigner")
            .field("scheme", &self.scheme)
            .field("secrets", &self.keys.len())
            .finish_non_exhaustive()
    }
}
