//! TikTok Shop.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use serde::Deserialize;

use super::hex_macs;
use crate::webhook::WebhookError;
use crate::webhook::dialect::{Claim, Dialect};
use crate::webhook::header::hex_mac;
use crate::webhook::key::RawSignature;
use crate::webhook::timestamp::Window;

static HEADER: HeaderName = HeaderName::from_static("authorization");

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

#[derive(Deserialize)]
struct Id {
    tts_notification_id: String,
}

#[derive(Deserialize)]
struct Time {
    timestamp: u64,
}

impl Dialect for TikTokShop {
    fn window(&self) -> Window {
        Window::DEFAULT.with_past(OLDEST)
    }

    fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, WebhookError> {
        hex_mac::<32>(headers, &HEADER, "").map(Claim::bare)
    }

    fn preamble<'a>(&'a self, _id: &'a str, _timestamp: &'a str) -> [&'a [u8]; 4] {
        [self.app_key.as_bytes(), b"", b"", b""]
    }

    fn id_in(&self, body: &[u8]) -> Option<String> {
        serde_json::from_slice(body).ok().map(|Id { tts_notification_id }| tts_notification_id)
    }

    fn seconds_in(&self, body: &[u8]) -> Option<u64> {
        serde_json::from_slice(body).ok().map(|Time { timestamp }| timestamp)
    }

    fn headers(&self, _id: &str, _timestamp: &str, signatures: &[RawSignature]) -> Vec<(HeaderName, String)> {
        hex_macs(signatures).map(|mac| (HEADER.clone(), mac)).collect()
    }
}
