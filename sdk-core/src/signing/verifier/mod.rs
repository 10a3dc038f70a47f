//! Checking of calls between services.

mod error;
mod input;
mod keys;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::request::Parts;
use http::{HeaderName, HeaderValue};

pub use error::VerifyError;
use input::SignatureInput;
pub use keys::{KeyResolver, StaticKeys};

use super::base::{covered, signature_base};
use super::components::{Component, Message, authority, field};
use super::digest::{self, CONTENT_DIGEST};
use super::keys::Algorithm;
use super::profile::{self, LABEL, MAX_LIFETIME, TAG};
use super::structured::{Bare, InnerList, Parameters};
use super::unix_seconds;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::replay::{ReplayGuard, Sighting};
use crate::runtime::Runtime;

/// The difference of two machines' clocks that is tolerated.
const SKEW: Duration = Duration::from_secs(30);

/// Checks what [`MessageSigner`](super::MessageSigner) signed: that the signature covers all that the profile demands, is
/// by a key that `K` knows, is valid now, belongs to this body, and was not accepted before, which `R` remembers.
///
/// Works on plain [`http::request::Parts`]; the crate `acd-tower` wraps it as a middleware. A request is refused when
/// anything about it could be read in two ways: a label, component or parameter named twice, more than one `Host`, a covered
/// field on several lines, characters that are not ASCII.
pub struct MessageVerifier<K, R> {
    keys: K,
    replays: R,
    runtime: Runtime,
    max_age: Duration,
    more: Vec<HeaderName>,
    authorities: Vec<String>,
}

impl<K: KeyResolver, R: ReplayGuard> MessageVerifier<K, R> {
    /// A verifier that believes these keys and remembers nonces there. Every instance that accepts the same keys must ask the
    /// same memory, or a request captured from one can be replayed at another.
    pub fn new(keys: K, replays: R) -> Self {
        let (more, authorities) = (Vec::new(), Vec::new());
        Self { keys, replays, runtime: Runtime::system(), max_age: MAX_LIFETIME, more, authorities }
    }

    /// Replaces the clock. Default: the system's.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Sets how old a signature may be, whatever its own expiry. Default 300 s; more has no effect, as no signature may be
    /// valid for longer.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age.min(MAX_LIFETIME);
        self
    }

    /// Demands that a signature cover this field too, when the request has it.
    #[must_use]
    pub fn cover(mut self, field: HeaderName) -> Self {
        self.more.push(field);
        self
    }

    /// Accepts only requests for this host, or another one given in the same way. `authority` is in lower case, with its
    /// port unless that is 80 or 443. Default: any host. Needed where two services share keys but not nonces, as a request
    /// to one could otherwise be replayed at the other.
    #[must_use]
    pub fn expect_authority(mut self, authority: impl Into<String>) -> Self {
        self.authorities.push(authority.into());
        self
    }

    /// The value of `Accept-Signature` for a 401: what a signature must cover and carry (RFC 9421, section 5.1). Fields that
    /// a request does not have are left out of its signature.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] if it were no header value, which field names always give.
    pub fn accept_signature(&self) -> Result<HeaderValue> {
        let fields = profile::WHEN_PRESENT.into_iter().chain(self.more.iter().cloned()).map(Component::Field);
        let items = profile::ALWAYS.into_iter().chain(fields).map(|component| component.to_item()).collect();
        let parameters =
            [("created", Bare::Boolean(true)), ("expires", Bare::Boolean(true)), ("tag", Bare::String(TAG.to_owned()))];
        let parameters = Parameters(parameters.map(|(name, value)| (name.to_owned(), value)).into());
        HeaderValue::try_from(format!("{LABEL}={}", InnerList { items, parameters }))
            .map_err(|cause| Error::new(ErrorKind::Configuration, "no header value").with_source(cause))
    }

    /// Checks a request whose body is at hand.
    ///
    /// # Errors
    /// [`VerifyError`]: 503 when [`is_unavailable`](VerifyError::is_unavailable), else 401 without the reason.
    pub async fn verify(&self, parts: &Parts, body: &[u8]) -> Result<VerifiedService, VerifyError> {
        self.verify_head(parts).await?.confirm(body).await
    }

    /// Checks everything but the body and the nonce, so that a server reads the bodies of known services alone.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn verify_head(&self, parts: &Parts) -> Result<SignedHead<'_, K, R>, VerifyError> {
        let input = SignatureInput::read(&parts.headers)?;
        self.check_times(&input)?;
        let message = Message { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
        let components = self.check_coverage(&input.list, &message)?;
        let base = signature_base(&input.list, &message).map_err(VerifyError::Malformed)?;
        let algorithm = self.check_signature(&input, &base).await?;
        let digest = if components.contains(&Component::Field(CONTENT_DIGEST)) {
            Some(field(&CONTENT_DIGEST, &parts.headers).map_err(VerifyError::Malformed)?)
        } else {
            None
        };
        let last = at(input.expires).min(at(input.created) + self.max_age);
        let service = VerifiedService { key_id: input.key_id, algorithm, created: at(input.created) };
        Ok(SignedHead { verifier: self, service, nonce: input.nonce, digest, last })
    }

    fn check_times(&self, input: &SignatureInput) -> Result<(), VerifyError> {
        // The parser bounds both to 15 digits, so that neither the sums nor the differences can overflow.
        if input.expires <= input.created || input.expires - input.created > seconds(MAX_LIFETIME) {
            return Err(VerifyError::Untimely("the signature expires before it begins, or more than 300 s after"));
        }
        let now = unix_seconds(self.runtime.wall());
        if input.created > now + seconds(SKEW) {
            return Err(VerifyError::Untimely("the signature was created in the future: compare the clocks"));
        }
        if now > input.expires || now - input.created > seconds(self.max_age) {
            return Err(VerifyError::Untimely("the signature has expired"));
        }
        Ok(())
    }

    fn check_coverage(&self, list: &InnerList, message: &Message<'_>) -> Result<Vec<Component>, VerifyError> {
        let components = covered(list).map_err(VerifyError::Malformed)?;
        for demanded in profile::demanded(message.headers, &self.more) {
            if !components.contains(&demanded) {
                let name = demanded.name();
                return Err(VerifyError::Incomplete(format!("the signature does not cover `{name}`").into()));
            }
        }
        if let Some(name) = profile::repeated(&components, message.headers) {
            return Err(VerifyError::Malformed(format!("the request has `{name}` on more than one line").into()));
        }
        let authority = authority(message).map_err(VerifyError::Malformed)?;
        if !self.authorities.is_empty() && !self.authorities.contains(&authority) {
            return Err(VerifyError::WrongAuthority);
        }
        Ok(components)
    }

    async fn check_signature(&self, input: &SignatureInput, base: &str) -> Result<Algorithm, VerifyError> {
        let unavailable = |source| VerifyError::Unavailable { what: "the keys", source };
        let keys = self.keys.resolve(&input.key_id).await.map_err(unavailable)?;
        if keys.is_empty() {
            return Err(VerifyError::UnknownKey);
        }
        // What the sender claims decides nothing: a public key given out as an HMAC secret must stay a public key.
        let mut fitting = keys.iter().filter(|key| key.algorithm().as_str() == input.algorithm).peekable();
        if fitting.peek().is_none() {
            return Err(VerifyError::WrongAlgorithm);
        }
        let by = fitting.find(|key| key.verifies(base, &input.signature));
        by.map(|key| key.algorithm()).ok_or(VerifyError::WrongSignature)
    }
}

impl<K, R> fmt::Debug for MessageVerifier<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageVerifier")
            .field("max_age", &self.max_age)
            .field("authorities", &self.authorities)
            .finish_non_exhaustive()
    }
}

/// A request whose head is signed by a known key. Neither its body nor its nonce has been looked at: it is not accepted
/// before [`confirm`](Self::confirm).
#[must_use = "the request is not accepted before `confirm`"]
pub struct SignedHead<'v, K, R> {
    verifier: &'v MessageVerifier<K, R>,
    service: VerifiedService,
    nonce: String,
    digest: Option<String>,
    last: SystemTime,
}

impl<K: KeyResolver, R: ReplayGuard> SignedHead<'_, K, R> {
    /// The id of the key that signed: to refuse what it may not do before its body is read.
    pub fn key_id(&self) -> &str {
        &self.service.key_id
    }

    /// Checks the body and remembers the nonce. The nonce comes last, so that only a request that is right in everything
    /// else uses it up.
    ///
    /// # Errors
    /// As [`MessageVerifier::verify`].
    pub async fn confirm(self, body: &[u8]) -> Result<VerifiedService, VerifyError> {
        match &self.digest {
            Some(digest) => {
                if !digest::matches(digest, body).map_err(|why| VerifyError::Malformed(why.into()))? {
                    return Err(VerifyError::WrongDigest);
                }
            }
            None if body.is_empty() => {}
            None => {
                return Err(VerifyError::Incomplete("the body has no Content-Digest that the signature covers".into()));
            }
        }
        // A body that is held back until the nonce is forgotten would otherwise carry a replay past the store.
        let now = self.verifier.runtime.wall();
        if now > self.last {
            return Err(VerifyError::Untimely("the signature expired before the body was whole"));
        }
        // The length keeps the key `a` with the nonce `b:c` apart from the key `a:b` with the nonce `c`.
        let key_id = &self.service.key_id;
        let key = format!("{}:{key_id}:{}", key_id.len(), self.nonce);
        let unavailable = |source| VerifyError::Unavailable { what: "the nonces", source };
        match self.verifier.replays.check_and_remember(&key, self.last + SKEW).await.map_err(unavailable)? {
            Sighting::First => Ok(self.service),
            Sighting::Repeated => Err(VerifyError::Replayed),
        }
    }
}

impl<K, R> fmt::Debug for SignedHead<'_, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedHead").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The service that a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedService {
    /// The id of the key that signed.
    pub key_id: String,
    /// The key's algorithm.
    pub algorithm: Algorithm,
    /// When the request was signed, by the sender's clock, in whole seconds.
    pub created: SystemTime,
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn at(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
