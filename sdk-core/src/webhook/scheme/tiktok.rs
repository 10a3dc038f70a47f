//! TikTok for developers and TikTok for Business.

use http::{HeaderMap, HeaderName};

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::timed_list;
use crate::webhook::key::RawSignature;

static HEADER: HeaderName = HeaderName::from_static("tiktok-signature");

pub(super) struct TikTok;

impl Dialect for TikTok {
    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        let (timestamp, candidates) = timed_list(headers, &HEADER, "s")?;
        if candidates.is_empty() {
            return Err(WebhookError::Malformed { header: HEADER.as_str(), problem: "has no signature" });
        }
        Ok(Claim { id: "", timestamp: Some(timestamp), candidates })
    }

    fn preamble<'a>(&'a self, _id: &'a str, timestamp: &'a str) -> [&'a [u8]; 4] {
        [timestamp.as_bytes(), b".", b"", b""]
    }

    fn headers(&self, _id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADER.clone(), format!("t={timestamp},s={mac}"))).collect()
    }
}
