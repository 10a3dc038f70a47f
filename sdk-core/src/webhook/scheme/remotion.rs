//! Remotion Lambda's own webhooks.

use http::HeaderName;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::Fields;
use crate::webhook::header::{hex_mac, single};
use crate::webhook::key::{MacKey, RawSignature, SigningKey, VerifyingKey};

static HEADERS: [HeaderName; 1] = [HeaderName::from_static("x-remotion-signature")];

/// What the header says when the render was started without a secret.
const NO_SECRET: &str = "NO_SECRET_PROVIDED";

pub(super) struct RemotionLambda;

impl Dialect for RemotionLambda {
    fn verifying_key(&self, secret: &str) -> Result<VerifyingKey, &'static str> {
        MacKey::sha512(secret.as_bytes()).map(VerifyingKey::Mac)
    }

    fn signing_key(&self, secret: &str) -> Result<SigningKey, &'static str> {
        MacKey::sha512(secret.as_bytes()).map(SigningKey::Mac)
    }

    fn reads(&self) -> &'static [HeaderName] {
        &HEADERS
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        if single(fields, 0)? == NO_SECRET {
            return Err(WebhookError::Unsigned);
        }
        hex_mac::<64>(fields, "sha512=").map(Claim::bare)
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["renderId", "type"]
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADERS[0].clone(), format!("sha512={mac}"))).collect()
    }
}
