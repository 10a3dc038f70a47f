//! Signing of requests.

use std::time::Duration;

use acd_core::signing::{MessageSigner, SigningKey};
use acd_core::{Body, Error, ErrorKind, Request, Runtime, Secret, Signer as _};
use http::HeaderName;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::request::{head, told};

/// What a signature adds to a request.
const ADDED: [&str; 3] = ["content-digest", "signature-input", "signature"];

/// Signs requests with one key.
#[wasm_bindgen]
pub struct RequestSigner {
    signer: MessageSigner,
    public_key: Option<String>,
}

#[wasm_bindgen]
impl RequestSigner {
    /// A signer with a shared secret or a private key, which the other side finds by `key_id`. `cover` names fields that are
    /// covered besides the profile's.
    ///
    /// # Errors
    /// Kind and message: a key that is none, an id that cannot be sent, a lifetime beyond 300 s, a name that is none.
    #[wasm_bindgen(constructor)]
    pub fn new(
        key_id: String,
        secret: Option<String>,
        private_key: Option<String>,
        lifetime_ms: Option<f64>,
        cover: Vec<String>,
    ) -> Result<RequestSigner, JsValue> {
        build(key_id, secret, private_key, lifetime_ms, cover).map_err(|error| told(&error))
    }

    /// The headers to add to a request, as lines of name, colon and value.
    ///
    /// # Errors
    /// Kind and message.
    pub fn sign(&self, method: &str, url: &str, headers: &str, body: Option<Vec<u8>>) -> Result<String, JsValue> {
        self.added(method, url, headers, body).map_err(|error| told(&error))
    }

    /// The public half of the key in base64; none of a shared secret.
    #[wasm_bindgen(js_name = publicKey)]
    pub fn public_key(&self) -> Option<String> {
        self.public_key.clone()
    }
}

impl RequestSigner {
    fn added(&self, method: &str, url: &str, headers: &str, body: Option<Vec<u8>>) -> Result<String, Error> {
        let (method, url, headers) = head(method, url, headers)?;
        let mut request = Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body.map_or_else(Body::empty, Body::from);
        self.signer.sign(&mut request, &Runtime::system())?;
        let line = |name| {
            let value = request.headers().get(name)?.to_str().ok()?;
            Some(format!("{name}:{value}\n"))
        };
        Ok(ADDED.into_iter().filter_map(line).collect())
    }
}

fn build(
    key_id: String,
    secret: Option<String>,
    private_key: Option<String>,
    lifetime_ms: Option<f64>,
    cover: Vec<String>,
) -> Result<RequestSigner, Error> {
    let unusable = |what: String| Error::new(ErrorKind::Configuration, what);
    let key = match (secret, private_key) {
        (Some(secret), None) => SigningKey::hmac_sha256(&Secret::from(secret))?,
        (None, Some(private)) => SigningKey::ed25519(&Secret::from(private))?,
        _ => return Err(unusable("a signer has either a `secret` or a `privateKey`".to_owned())),
    };
    let public_key = key.public_key();
    let mut signer = MessageSigner::new(key_id, key)?;
    if let Some(lifetime) = lifetime_ms {
        // What is no number becomes nothing, which the signer refuses.
        signer = signer.lifetime(Duration::from_millis(lifetime as u64))?;
    }
    for field in cover {
        let name = HeaderName::try_from(&field).map_err(|_| unusable(format!("`{field}` is no name of a header")))?;
        signer = signer.cover(name);
    }
    Ok(RequestSigner { signer, public_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

    fn signer(lifetime: Option<f64>, cover: &str) -> Result<RequestSigner, Error> {
        build("svc-1".to_owned(), Some(SECRET.to_owned()), None, lifetime, vec![cover.to_owned()])
    }

    #[test]
    fn what_is_added_is_told() {
        let signer = signer(None, "x-tenant").unwrap();
        let head = "x-tenant:blue\ncontent-type:text/plain\n";
        let added = signer.added("POST", "https://api.test/v1?a=b", head, Some(b"hello".to_vec())).unwrap();
        let names: Vec<_> = added.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names, ADDED);
        assert!(added.contains("\"x-tenant\");created="), "{added}");
        let bare = signer.added("GET", "https://api.test/", "", None).unwrap();
        assert!(!bare.contains("content-digest"), "{bare}");
    }

    #[test]
    fn what_cannot_work_is_refused_without_the_key() {
        assert!(signer(Some(f64::NAN), "a").is_err());
        assert!(signer(Some(300_001.0), "a").is_err());
        assert!(signer(None, "a b").is_err());
        for (secret, private) in
            [(None, None), (Some(SECRET), Some(SECRET)), (Some("hunter2"), None), (None, Some("hunter2"))]
        {
            let [secret, private] = [secret, private].map(|key| key.map(str::to_owned));
            let error = build("svc-1".to_owned(), secret, private, None, Vec::new()).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
