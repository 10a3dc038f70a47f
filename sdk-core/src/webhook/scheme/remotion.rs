//! Remotion Lambda's own webhooks.

use http::{HeaderMap, HeaderName};
use serde::Deserialize;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::{hex_mac, single};
use crate::webhook::key::{MacKey, RawSignature, SigningKey, VerifyingKey};

static HEADER: HeaderName = HeaderName::from_static("x-remotion-signature");

/// What the header says when the render was started without a secret.
const NO_SECRET: &str = "NO_SECRET_PROVIDED";

pub(super) struct RemotionLambda;

#[derive(Deserialize)]
struct Outcome {
    #[serde(rename = "renderId")]
    render_id: String,
    r#type: String,
}

impl Dialect for RemotionLambda {
    fn verifying_key(&self, secret: &str) -> Result<VerifyingKey, &'static str> {
        MacKey::sha512(secret.as_bytes()).map(VerifyingKey::Mac)
    }

    fn signing_key(&self, secret: &str) -> Result<SigningKey, &'static str> {
        MacKey::sha512(secret.as_bytes()).map(SigningKey::Mac)
    }

    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        if single(headers, &HEADER)? == NO_SECRET {
            return Err(WebhookError::Unsigned);
        }
        hex_mac::<64>(headers, &HEADER, "sha512=").map(Claim::bare)
    }

    fn id_in(&self, body: &[u8]) -> Option<String> {
        serde_json::from_slice(body).ok().map(|Outcome { render_id, r#type }| format!("{render_id}:{type}"))
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADER.clone(), format!("sha512={mac}"))).collect()
    }
}
