//! The older form of the platform's render webhooks.

use http::{HeaderMap, HeaderName};
use serde::Deserialize;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::hex_mac;
use crate::webhook::key::RawSignature;

/// The header of Remotion's own webhooks, which are hashed otherwise: the prefix tells them apart.
static HEADER: HeaderName = HeaderName::from_static("x-remotion-signature");

pub(super) struct AcdV0;

#[derive(Deserialize)]
struct Event {
    id: String,
}

impl Dialect for AcdV0 {
    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        hex_mac::<32>(headers, &HEADER, "sha256=").map(Claim::bare)
    }

    fn id_in(&self, body: &[u8]) -> Option<String> {
        serde_json::from_slice(body).ok().map(|Event { id }| id)
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADER.clone(), format!("sha256={mac}"))).collect()
    }
}
