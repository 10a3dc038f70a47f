//! Stripe.

use http::HeaderName;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::Fields;
use crate::webhook::header::timed_list;
use crate::webhook::key::RawSignature;

static HEADERS: [HeaderName; 1] = [HeaderName::from_static("stripe-signature")];

pub(super) struct Stripe;

impl Dialect for Stripe {
    fn reads(&self) -> &'static [HeaderName] {
        &HEADERS
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        // `v0` is a dummy that comes with test events; accepting it would accept anything.
        let (timestamp, candidates) = timed_list(fields, "v1")?;
        if candidates.is_empty() {
            return Err(WebhookError::Unsigned);
        }
        Ok(Claim { id: "", timestamp: Some(timestamp), candidates })
    }

    fn preamble<'a>(&'a self, _id: &'a str, timestamp: &'a str) -> [&'a [u8]; 4] {
        [timestamp.as_bytes(), b".", b"", b""]
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["id"]
    }

    fn has_room_for_several(&self) -> bool {
        true
    }

    fn headers(&self, _id: &str, timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        let signatures: String = hex_macs(signatures).map(|mac| format!(",v1={mac}")).collect();
        vec![(HEADERS[0].clone(), format!("t={timestamp}{signatures}"))]
    }
}
