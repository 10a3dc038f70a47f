//! TikTok Shop.

use std::time::Duration;

use http::HeaderName;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::fields::Fields;
use crate::webhook::header::hex_mac;
use crate::webhook::key::RawSignature;
use crate::webhook::timestamp::Window;

static HEADERS: [HeaderName; 1] = [HeaderName::from_static("authorization")];

/// The last repetition comes some 16 hours after the event: after 2 minutes, 30 minutes, 3 hours and 12 hours.
const OLDEST: Duration = Duration::from_secs(24 * 3_600);

pub(super) struct TikTokShop {
    app_key: String,
}

impl TikTokShop {
    pub(super) fn new(app_key: &str) -> Result<Self, &'static str> {
        let blank = app_key.trim().is_empty();
        if blank { Err("needs the app key, which is blank") } else { Ok(Self { app_key: app_key.to_owned() }) }
    }
}

impl Dialect for TikTokShop {
    fn window(&self) -> Window {
        Window::DEFAULT.with_past(OLDEST)
    }

    fn reads(&self) -> &'static [HeaderName] {
        &HEADERS
    }

    fn claim<'a>(&self, fields: &Fields<'a>) -> Result<Claim<'a>, WebhookError> {
        hex_mac::<32>(fields, "").map(Claim::bare)
    }

    fn preamble<'a>(&'a self, _id: &'a str, _timestamp: &'a str) -> [&'a [u8]; 4] {
        [self.app_key.as_bytes(), b"", b"", b""]
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["tts_notification_id"]
    }

    fn time_field(&self) -> Option<&'static str> {
        Some("timestamp")
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADERS[0].clone(), mac)).collect()
    }
}
