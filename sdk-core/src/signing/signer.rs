//! Signing of calls between services.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue};

use super::base::signature_base;
use super::components::{Component, Message, field};
use super::digest::{self, CONTENT_DIGEST, ContentDigest};
use super::keys::SigningKey;
use super::profile::{self, LABEL, MAX_LIFETIME, SIGNATURE, SIGNATURE_INPUT, TAG};
use super::structured::{Bare, InnerList, Parameters};
use super::{Signer, unix_seconds};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::runtime::Runtime;

/// Random bytes of a nonce: 128 bits.
const NONCE_BYTES: usize = 16;

const MOST_KEY_ID_CHARS: usize = 256;

/// Signs requests between services after [RFC 9421](https://www.rfc-editor.org/rfc/rfc9421), in one fixed profile.
///
/// The signature covers method, authority, path and query, and `Content-Type`, `Content-Digest` and `Idempotency-Key` where
/// the request has them. It carries `created`, `expires` (300 s later), a random nonce, `keyid`, `alg` and
/// `tag="sdk-internal"`. Time and nonce are new for each attempt, so that a retry is no replay.
///
/// A body in memory gets its `Content-Digest` here. A stream is signed only if its `Content-Digest` is on the request
/// already, as made by [`ContentDigest`]; without one the call is refused, since its body would travel unprotected.
///
/// ```
/// use acd_core::signing::{MessageSigner, SigningKey};
/// use acd_core::{Client, Secret};
///
/// # let secret = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
/// let key = SigningKey::hmac_sha256(&Secret::from(secret))?;
/// let client = Client::builder("https://api.example.internal").signer(MessageSigner::new("svc-remotion-1", key)?);
/// # Ok::<(), acd_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageSigner {
    key_id: String,
    key: SigningKey,
    lifetime: Duration,
    more: Vec<HeaderName>,
}

impl MessageSigner {
    /// A signer with this key, which the verifier finds by `key_id`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the id is empty, longer than 256 characters or not printable ASCII.
    pub fn new(key_id: impl Into<String>, key: SigningKey) -> Result<Self> {
        let key_id = key_id.into();
        if key_id.is_empty() || key_id.len() > MOST_KEY_ID_CHARS || !key_id.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            return Err(Error::new(ErrorKind::Configuration, "a key id is 1 to 256 printable ASCII characters"));
        }
        Ok(Self { key_id, key, lifetime: MAX_LIFETIME, more: Vec::new() })
    }

    /// Sets how long a signature is valid, in whole seconds. Default 300 s, which is also the most.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for less than a second or more than 300 s.
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self> {
        if lifetime < Duration::from_secs(1) || lifetime > MAX_LIFETIME {
            return Err(Error::new(ErrorKind::Configuration, "a signature is valid for 1 s to 300 s"));
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// Covers this field too, when a request has it.
    #[must_use]
    pub fn cover(mut self, field: HeaderName) -> Self {
        self.more.push(field);
        self
    }

    fn parameters(&self, runtime: &Runtime) -> Result<Parameters> {
        let mut nonce = [0; NONCE_BYTES];
        runtime.fill_random(&mut nonce)?;
        let created = unix_seconds(runtime.wall());
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let text = |text: &str| Bare::String(text.to_owned());
        let parameters = [
            ("created", Bare::Integer(created)),
            ("expires", Bare::Integer(created.saturating_add(lifetime))),
            ("nonce", Bare::String(URL_SAFE_NO_PAD.encode(nonce))),
            ("keyid", text(&self.key_id)),
            ("alg", text(self.key.algorithm().as_str())),
            ("tag", text(TAG)),
        ];
        Ok(Parameters(parameters.map(|(name, value)| (name.to_owned(), value)).into()))
    }

    fn sign_with(&self, request: &mut Request, parameters: Parameters) -> Result<()> {
        if [SIGNATURE, SIGNATURE_INPUT].iter().any(|name| request.headers().contains_key(name)) {
            return Err(refused("carries a signature already: send it with `without_signer`"));
        }
        put_digest(request)?;
        let components = profile::demanded(request.headers(), &self.more);
        if let Some(name) = profile::repeated(&components, request.headers()) {
            return Err(refused(&format!("has `{name}` on more than one line: join them into one")));
        }
        let items = components.iter().map(Component::to_item).collect();
        let list = InnerList { items, parameters };
        let message = Message { method: request.method(), uri: request.uri(), headers: request.headers() };
        let base = signature_base(&list, &message).map_err(|why| Error::new(ErrorKind::Request, why))?;
        let signature = Bare::Bytes(self.key.sign(&base));
        let input = header(format!("{LABEL}={list}"))?;
        let mut signature = header(format!("{LABEL}={signature}"))?;
        signature.set_sensitive(true);
        request.headers_mut().insert(SIGNATURE_INPUT, input);
        request.headers_mut().insert(SIGNATURE, signature);
        Ok(())
    }
}

impl Signer for MessageSigner {
    fn sign(&self, request: &mut Request, runtime: &Runtime) -> Result<()> {
        self.sign_with(request, self.parameters(runtime)?)
    }
}

/// A digest that the caller gave is kept, and checked where that is possible.
fn put_digest(request: &mut Request) -> Result<()> {
    let given = request.headers().contains_key(CONTENT_DIGEST);
    let body = request.body();
    if let Some(bytes) = body.as_bytes() {
        if !given {
            let digest = ContentDigest::of(bytes)?;
            request.headers_mut().insert(CONTENT_DIGEST, digest);
        } else if !is_of(request, bytes) {
            return Err(refused("has a Content-Digest that is not of its body: leave it out, and it is computed"));
        }
        return Ok(());
    }
    if body.length() == Some(0) || given {
        return Ok(());
    }
    Err(refused(
        "streams its body, whose digest is not known: put a Content-Digest on it (signing::ContentDigest), send the body \
         from memory, or send it with `without_signer`",
    ))
}

fn is_of(request: &Request, bytes: &[u8]) -> bool {
    field(&CONTENT_DIGEST, request.headers()).is_ok_and(|value| digest::matches(&value, bytes) == Ok(true))
}

fn header(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text)
        .map_err(|cause| Error::new(ErrorKind::Request, "the signature is no header value").with_source(cause))
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Request, format!("the request cannot be signed: it {why}"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, Method, Uri};

    use super::super::vectors;
    use super::*;
    use crate::request::{Body, ByteStream};
    use crate::secret::Secret;
    use crate::testing::ManualClock;

    const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

    fn signer() -> MessageSigner {
        MessageSigner::new("svc-1", SigningKey::hmac_sha256(&Secret::from(SECRET)).unwrap()).unwrap()
    }

    fn post(body: Body) -> Request {
        let mut request = Request::new(Method::POST, Uri::from_static("https://api.test/v1/usage"));
        *request.body_mut() = body;
        request
    }

    fn sign(mut request: Request) -> Result<HeaderMap> {
        signer().sign(&mut request, &ManualClock::new().runtime())?;
        Ok(request.headers().clone())
    }

    #[test]
    fn the_recorded_request_of_the_profile_is_signed_to_the_same_bytes() {
        let case = vectors::own();
        let (parts, body) = case.signed();
        let mut request = Request::new(parts.method, parts.uri);
        for name in [CONTENT_TYPE, profile::IDEMPOTENCY_KEY] {
            request.headers_mut().insert(&name, parts.headers[&name].clone());
        }
        *request.body_mut() = Body::from(body);
        let text = |text: &str| Bare::String(text.to_owned());
        let parameters = [
            ("created", Bare::Integer(1_767_225_600)),
            ("expires", Bare::Integer(1_767_225_900)),
            ("nonce", text("n-0S6_WzA2Mj")),
            ("keyid", text("svc-remotion-1")),
            ("alg", text("hmac-sha256")),
            ("tag", text("sdk-internal")),
        ];
        let parameters = Parameters(parameters.map(|(name, value)| (name.to_owned(), value)).into());
        signer().sign_with(&mut request, parameters).unwrap();
        assert_eq!(request.headers(), &parts.headers);
    }

    #[test]
    fn the_parameters_are_those_of_the_profile() {
        let headers = sign(post(Body::from("{}"))).unwrap();
        let input = headers[SIGNATURE_INPUT].to_str().unwrap();
        let (before, after) = input.split_once(";nonce=\"").unwrap();
        let lead = "sig1=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\")";
        assert_eq!(before, format!("{lead};created=1767225600;expires=1767225900"));
        let (nonce, rest) = after.split_once('"').unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(nonce).unwrap().len(), NONCE_BYTES);
        assert_eq!(rest, ";keyid=\"svc-1\";alg=\"hmac-sha256\";tag=\"sdk-internal\"");
        assert!(headers[SIGNATURE].is_sensitive());
    }

    #[test]
    fn a_stream_is_signed_only_with_its_digest() {
        let stream = || Body::stream(Some(2), ByteStream::from_chunks([Bytes::from_static(b"{}")]));
        let error = sign(post(stream())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains("Content-Digest"), "{error}");
        let mut request = post(stream());
        let digest = ContentDigest::of(b"{}").unwrap();
        request.headers_mut().insert(CONTENT_DIGEST, digest.clone());
        assert_eq!(sign(request).unwrap()[CONTENT_DIGEST], digest);
    }

    #[test]
    fn a_digest_that_is_not_of_the_body_is_refused() {
        for (digest, good) in [(ContentDigest::of(b"{}"), true), (ContentDigest::of(b"[]"), false)] {
            let mut request = post(Body::from("{}"));
            request.headers_mut().insert(CONTENT_DIGEST, digest.unwrap());
            assert_eq!(sign(request).is_ok(), good);
        }
    }

    #[test]
    fn what_would_be_refused_is_not_sent() {
        let mut twice = post(Body::empty());
        for _ in 0..2 {
            twice.headers_mut().append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        let mut signed = post(Body::empty());
        signed.headers_mut().insert(SIGNATURE, HeaderValue::from_static("sig1=:AAAA:"));
        let mut foreign = post(Body::empty());
        foreign.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_bytes(b"t\xe9xt").unwrap());
        for request in [twice, signed, foreign] {
            assert_eq!(sign(request).unwrap_err().kind(), ErrorKind::Request);
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let key = || SigningKey::hmac_sha256(&Secret::from(SECRET)).unwrap();
        for id in [String::new(), "a".repeat(257), "é".to_owned(), "a\nb".to_owned()] {
            assert_eq!(MessageSigner::new(id, key()).unwrap_err().kind(), ErrorKind::Configuration);
        }
        for lifetime in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(301)] {
            assert!(signer().lifetime(lifetime).is_err(), "{lifetime:?}");
        }
        assert!(!format!("{:?}", signer()).contains("uzvJ"));
    }
}
