//! Stripe.

use http::{HeaderMap, HeaderName};
use serde::Deserialize;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::timed_list;
use crate::webhook::key::RawSignature;

static HEADER: HeaderName = HeaderName::from_static("stripe-signature");

pub(super) struct Stripe;

#[derive(Deserialize)]
struct Event {
    id: String,
}

impl Dialect for Stripe {
    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        // `v0` is a dummy that comes with test events; accepting it would accept anything.
        let (timestamp, candidates) = timed_list(headers, &HEADER, "v1")?;
        if candidates.is_empty() {
            return Err(WebhookError::Unsigned);
        }
        Ok(Claim { id: "", timestamp: Some(timestamp), candidates })
    }

    fn preamble<'a>(&'a self, _id: &'a str, timestamp: &'a str) -> [&'a [u8]; 4] {
        [timestamp.as_bytes(), b".", b"", b""]
    }

    fn id_in(&self, body: &[u8]) -> Option<String> {
        serde_json::from_slice(body).ok().map(|Event { id }| id)
    }

    fn has_room_for_several(&self) -> bool {
        true
    }

    fn headers(&self, _id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        let signatures: String = hex_macs(signatures).map(|mac| format!(",v1={mac}")).collect();
        vec![(HEADER.clone(), format!("t={timestamp}{signatures}"))]
    }
}
