//! Verification of webhooks.

use std::time::{Duration, SystemTime};

use acd_core::webhook::{HmacEngine, HmacHash, Scheme, Verified, Verifier, WebhookError};
use acd_core::{Error, ErrorKind, Secret};
use http::{HeaderMap, HeaderName, HeaderValue};
use js_sys::{Function, Uint8Array};
use send_wrapper::SendWrapper;
use serde::Deserialize;
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

/// What JavaScript says of a verifier besides its secrets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    scheme: String,
    app_key: Option<String>,
    max_age_ms: Option<u64>,
    max_skew_ms: Option<u64>,
    memory_ms: Option<u64>,
}

/// Tells authentic webhooks of one endpoint from others.
#[wasm_bindgen]
pub struct WebhookVerifier {
    verifier: Verifier,
}

#[wasm_bindgen]
impl WebhookVerifier {
    /// A verifier with the secrets of the endpoint. `settings` is JSON. `hmac(hash, secret, before)` computes the HMAC of
    /// what comes before the body and of the body that is being verified, where the host does that faster.
    ///
    /// # Errors
    /// A message: an unknown scheme, no secret, or one that is not of the form that the scheme has.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &str, secrets: Vec<String>, hmac: Option<Function>) -> Result<WebhookVerifier, JsValue> {
        let verifier = build(settings, secrets).map_err(|error| JsValue::from_str(&error.to_string()))?;
        Ok(Self {
            verifier: match hmac {
                Some(function) => verifier.with_hmac(HostHmac(SendWrapper::new(function))),
                None => verifier,
            },
        })
    }

    /// Verifies a message. `headers` are lines of name, colon and value, `body` is what arrived. The result is lines: which
    /// secret matched, until when to remember the message, when it was signed or nothing, whether it has an id, and what
    /// stands for it. Times are in milliseconds since 1970.
    ///
    /// # Errors
    /// JSON of code, message and status to answer with.
    pub fn verify(&self, headers: &str, body: Vec<u8>) -> Result<String, JsValue> {
        self.verifier
            .verify(&header_map(headers), body)
            .map(|verified| describe(&verified))
            .map_err(|error| refuse(&error))
    }
}

/// Below this the way there and back takes longer than the hashing.
const WORTH_THE_WAY: usize = 512;

/// HMAC as the host computes it.
struct HostHmac(SendWrapper<Function>);

impl HmacEngine for HostHmac {
    fn hmac(&self, hash: HmacHash, secret: &[u8], content: &[&[u8]]) -> Option<Vec<u8>> {
        if content.iter().map(|piece| piece.len()).sum::<usize>() <= WORTH_THE_WAY {
            return None;
        }
        // The host has the body already.
        let (_, before) = content.split_last()?;
        let (secret, before) = (Uint8Array::from(secret), Uint8Array::from(&before.concat()[..]));
        // A host that cannot is no reason to refuse a message: the module can.
        let mac = self.0.call3(&JsValue::UNDEFINED, &hash.as_str().into(), &secret, &before).ok()?;
        mac.dyn_into::<Uint8Array>().ok().map(|mac| mac.to_vec())
    }
}

fn build(settings: &str, secrets: Vec<String>) -> Result<Verifier, Error> {
    let unusable = |what: String| Error::new(ErrorKind::Configuration, what);
    let settings: Settings = serde_json::from_slice(settings.as_bytes())
        .map_err(|cause| unusable(format!("an option cannot be used: {cause}")))?;
    let scheme = match settings.scheme.as_str() {
        "stripe" => Scheme::Stripe,
        "meta" => Scheme::Meta,
        "tiktok" => Scheme::TikTok,
        "tiktok_shop" => Scheme::TikTokShop { app_key: settings.app_key.unwrap_or_default() },
        "remotion_lambda" => Scheme::RemotionLambda,
        "acd_v0" => Scheme::AcdV0,
        "standard_webhooks" => Scheme::StandardWebhooks,
        "svix" => Scheme::Svix,
        "resend" => Scheme::Resend,
        other => return Err(unusable(format!("`{other}` is no scheme of webhooks"))),
    };
    let mut verifier = Verifier::new(scheme, secrets.into_iter().map(Secret::from))?;
    if let Some(age) = settings.max_age_ms {
        verifier = verifier.with_max_age(Duration::from_millis(age));
    }
    if let Some(ahead) = settings.max_skew_ms {
        verifier = verifier.with_max_skew(Duration::from_millis(ahead));
    }
    if let Some(memory) = settings.memory_ms {
        verifier = verifier.with_memory(Duration::from_millis(memory));
    }
    Ok(verifier)
}

/// Those that HTTP cannot carry are left out: they are none of the scheme's.
fn header_map(lines: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            // Twice the same header is for the scheme to judge.
            headers.append(name, value);
        }
    }
    headers
}

fn describe(verified: &Verified) -> String {
    let (remember, signed) = (milliseconds(verified.remember_until()), verified.signed_at().map(milliseconds));
    let signed = signed.map_or(String::new(), |time| time.to_string());
    let (id, key) = verified.ids();
    format!("{}\n{remember}\n{signed}\n{}\n{key}", verified.secret_index(), u8::from(id.is_some()))
}

fn refuse(error: &WebhookError) -> JsValue {
    let refusal = json!({ "code": error.code(), "message": error.to_string(), "status": error.status().as_u16() });
    JsValue::from_str(&refusal.to_string())
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_can_be_named() {
        let schemes = [
            Scheme::Stripe,
            Scheme::Meta,
            Scheme::TikTok,
            Scheme::TikTokShop { app_key: "app".to_owned() },
            Scheme::RemotionLambda,
            Scheme::AcdV0,
            Scheme::StandardWebhooks,
            Scheme::Svix,
            Scheme::Resend,
        ];
        for scheme in schemes {
            let name = scheme.as_str();
            let settings = json!({ "scheme": name, "appKey": "app", "maxAgeMs": 1000 }).to_string();
            let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
            assert!(build(&settings, vec![secret]).is_ok(), "{name}");
        }
        let error = build(r#"{"scheme":"other"}"#, vec!["s".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("`other`"), "{error}");
    }
}
