//! TikTok for developers and TikTok for Business.

use http::HeaderMap;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::timed_list;
use crate::webhook::key::RawSignature;

const HEADER: &str = "tiktok-signature";

pub(super) struct TikTok;

impl Dialect for TikTok {
    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        let (timestamp, candidates) = timed_list(headers, HEADER, "s")?;
        if candidates.is_empty() {
            return Err(WebhookError::Malformed { header: HEADER, problem: "has no signature" });
        }
        Ok(Claim { id: "", timestamp: Some(timestamp), candidates })
    }

    fn preamble<'a>(&'a self, _id: &'a str, timestamp: &'a str) -> [&'a [u8]; 4] {
        [timestamp.as_bytes(), b".", b"", b""]
    }

    fn headers(&self, _id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(&'static str, String)> {
        hex_macs(signatures).map(|mac| (HEADER, format!("t={timestamp},s={mac}"))).collect()
    }
}
