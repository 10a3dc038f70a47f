//! TikTok for developers and TikTok for Business.

use http::HeaderName;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::Fields;
use crate::webhook::header::{malformed, timed_list};
use crate::webhook::key::RawSignature;

static HEADERS: [HeaderName; 1] = [HeaderName::from_static("tiktok-signature")];

pub(super) struct TikTok;

impl Dialect for TikTok {
    fn reads(&self) -> &'static [HeaderName] {
        &HEADERS
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        let (timestamp, candidates) = timed_list(fields, "s")?;
        if candidates.is_empty() {
            return Err(malformed(fields, 0, "has no signature"));
        }
        Ok(Claim { id: "", timestamp: Some(timestamp), candidates })
    }

    fn preamble<'a>(&'a self, _id: &'a str, timestamp: &'a str) -> [&'a [u8]; 4] {
        [timestamp.as_bytes(), b".", b"", b""]
    }

    fn headers(&self, _id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADERS[0].clone(), format!("t={timestamp},s={mac}"))).collect()
    }
}
