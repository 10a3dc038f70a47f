//! Meta.

use http::{HeaderMap, HeaderName};

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::hex_mac;
use crate::webhook::key::RawSignature;

/// The older `X-Hub-Signature`, which is SHA-1, may come along and is not looked at.
static HEADER: HeaderName = HeaderName::from_static("x-hub-signature-256");

pub(super) struct Meta;

impl Dialect for Meta {
    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        hex_mac::<32>(headers, &HEADER, "sha256=").map(Claim::bare)
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADER.clone(), format!("sha256={mac}"))).collect()
    }
}
