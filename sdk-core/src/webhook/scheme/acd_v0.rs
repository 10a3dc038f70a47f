//! The older form of the platform's render webhooks.

use http::HeaderName;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::Fields;
use crate::webhook::header::hex_mac;
use crate::webhook::key::RawSignature;

/// The header of Remotion's own webhooks, which are hashed otherwise: the prefix tells them apart.
static HEADERS: [HeaderName; 1] = [HeaderName::from_static("x-remotion-signature")];

pub(super) struct AcdV0;

impl Dialect for AcdV0 {
    fn reads(&self) -> &'static [HeaderName] {
        &HEADERS
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        hex_mac::<32>(fields, "sha256=").map(Claim::bare)
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["id"]
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADERS[0].clone(), format!("sha256={mac}"))).collect()
    }
}
