//! Meta.

use http::HeaderName;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::Fields;
use crate::webhook::header::hex_mac;
use crate::webhook::key::RawSignature;

/// The older `X-Hub-Signature`, which is SHA-1, may come along and is not looked at.
static HEADERS: [HeaderName; 1] = [HeaderName::from_static("x-hub-signature-256")];

pub(super) struct Meta;

impl Dialect for Meta {
    fn reads(&self) -> &'static [HeaderName] {
        &HEADERS
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        hex_mac::<32>(fields, "sha256=").map(Claim::bare)
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADERS[0].clone(), format!("sha256={mac}"))).collect()
    }
}
