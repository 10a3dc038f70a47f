//! Verification of signed requests.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use acd_core::replay::{ReplayGuard, Sighting};
use acd_core::signing::{MessageVerifier, StaticKeys, VerifiedService, VerifyError, VerifyingKey};
use acd_core::{Error, ErrorKind, Result, Secret};
use http::HeaderName;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::request::{head, told};

/// Tells signed requests of known services from others. JavaScript remembers the nonces.
#[wasm_bindgen]
pub struct RequestVerifier {
    keys: StaticKeys,
    noted: Noted,
    max_age: Option<Duration>,
    cover: Vec<HeaderName>,
    authorities: Vec<String>,
    ready: Option<MessageVerifier<StaticKeys, Noted>>,
}

#[wasm_bindgen]
impl RequestVerifier {
    /// A verifier that knows no key yet.
    ///
    /// # Errors
    /// Kind and message: a field that is none.
    #[wasm_bindgen(constructor)]
    pub fn new(
        max_age_ms: Option<f64>,
        cover: Vec<String>,
        authorities: Vec<String>,
    ) -> std::result::Result<RequestVerifier, JsValue> {
        let name = |field: &String| {
            HeaderName::try_from(field)
                .map_err(|_| Error::new(ErrorKind::Configuration, format!("`{field}` is no name of a header")))
        };
        let cover = cover.iter().map(name).collect::<Result<Vec<_>>>().map_err(|error| told(&error))?;
        let max_age = max_age_ms.map(|age| Duration::from_millis(age as u64));
        Ok(Self { keys: StaticKeys::new(), noted: Noted::default(), max_age, cover, authorities, ready: None })
    }

    /// Believes a shared secret or a public key under an id, besides those that are believed under it already.
    ///
    /// # Errors
    /// Kind and message: a key that is none.
    pub fn believe(
        &mut self,
        key_id: String,
        secret: Option<String>,
        public_key: Option<String>,
    ) -> std::result::Result<(), JsValue> {
        let key = match (secret, public_key) {
            (Some(secret), None) => VerifyingKey::hmac_sha256(&Secret::from(secret)),
            (None, Some(public)) => VerifyingKey::ed25519(&public),
            _ => Err(Error::new(ErrorKind::Configuration, "a key is either a `secret` or a `publicKey`")),
        };
        let key = key.map_err(|error| told(&error))?;
        self.keys = std::mem::take(&mut self.keys).with(key_id, key);
        self.ready = None;
        Ok(())
    }

    /// Verifies a request but for its nonce. The result is lines: the algorithm, when it was signed, until when to remember
    /// it, the id of the key, and what is to be remembered. Times are in milliseconds since 1970.
    ///
    /// # Errors
    /// Status to answer with, code and message of the refusal; kind and message for what is no request.
    pub fn verify(
        &mut self,
        method: &str,
        url: &str,
        headers: &str,
        body: &[u8],
    ) -> std::result::Result<String, JsValue> {
        let (method, uri, headers) = head(method, url, headers).map_err(|error| told(&error))?;
        let mut parts = http::Request::new(()).into_parts().0;
        (parts.method, parts.uri, parts.headers) = (method, uri, headers);
        let verifier = self.ready.get_or_insert_with(|| {
            let mut verifier = MessageVerifier::new(self.keys.clone(), self.noted.clone());
            if let Some(age) = self.max_age {
                verifier = verifier.max_age(age);
            }
            verifier = self.cover.iter().cloned().fold(verifier, MessageVerifier::cover);
            self.authorities.iter().fold(verifier, MessageVerifier::expect_authority)
        });
        // Neither the keys nor the memory make it wait.
        let Poll::Ready(outcome) = pin!(verifier.verify(&parts, body)).poll(&mut Context::from_waker(Waker::noop()))
        else {
            return Err(told(&Error::new(ErrorKind::Environment, "the verification waits for something")));
        };
        match outcome {
            Ok(service) => Ok(describe(&service, self.noted.take())),
            Err(error) => Err(refused(&error)),
        }
    }

    /// The value of `Accept-Signature` for a 401.
    ///
    /// # Errors
    /// Kind and message, if it were no header value.
    #[wasm_bindgen(js_name = acceptSignature)]
    pub fn accept_signature(&self) -> std::result::Result<String, JsValue> {
        let verifier = MessageVerifier::new(StaticKeys::new(), self.noted.clone());
        let verifier = self.cover.iter().cloned().fold(verifier, MessageVerifier::cover);
        let value = verifier.accept_signature().map_err(|error| told(&error))?;
        Ok(value.to_str().unwrap_or_default().to_owned())
    }
}

/// A memory that forgets: it notes what JavaScript is to remember.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Option<(String, SystemTime)>>>);

impl Noted {
    fn take(&self) -> Option<(String, SystemTime)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ReplayGuard for Noted {
    async fn check_and_remember(&self, key: &str, until: SystemTime) -> Result<Sighting> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((key.to_owned(), until));
        Ok(Sighting::First)
    }

    async fn forget(&self, _: &str) -> Result<()> {
        self.take();
        Ok(())
    }
}

fn describe(service: &VerifiedService, noted: Option<(String, SystemTime)>) -> String {
    let (key, until) = noted.unwrap_or((String::new(), SystemTime::UNIX_EPOCH));
    let (created, until) = (milliseconds(service.created), milliseconds(until));
    format!("{}\n{created}\n{until}\n{}\n{key}", service.algorithm.as_str(), service.key_id)
}

fn refused(error: &VerifyError) -> JsValue {
    let status = if error.is_unavailable() { 503 } else { 401 };
    JsValue::from_str(&format!("{status}\n{}\n{error}", error.code()))
}

fn milliseconds(time: SystemTime) -> u128 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::RequestSigner;

    const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

    #[test]
    fn what_was_signed_is_verified_and_its_nonce_told() {
        let signer = RequestSigner::new("svc-1".to_owned(), Some(SECRET.to_owned()), None, None, Vec::new()).unwrap();
        let added = signer.sign("POST", "http://api.test/v1", "", Some(b"{}".to_vec())).unwrap();
        let mut verifier = RequestVerifier::new(None, Vec::new(), vec!["api.test".to_owned()]).unwrap();
        verifier.believe("svc-1".to_owned(), Some(SECRET.to_owned()), None).unwrap();
        let headers = format!("host:api.test\n{added}");
        let told = verifier.verify("POST", "/v1", &headers, b"{}").unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!((lines[0], lines[3]), ("hmac-sha256", "svc-1"));
        assert!(lines[4].starts_with("5:svc-1:") && lines[4].len() == 30, "{told}");
        assert!(verifier.accept_signature().unwrap().starts_with("sig1=("));
    }
}
