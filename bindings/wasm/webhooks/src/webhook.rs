//! Verification of webhooks.
//!
//! A message crosses the boundary without a copy of its own: its headers, and its body when it is short, are written into
//! the verifier's room by address, and what comes back are numbers. In Node a longer body does not cross at all: the host
//! hashes it, and the module says what is hashed before it and compares.

use std::time::{Duration, SystemTime};

use acd_core::webhook::{Claimed, HeaderField, Scheme, Timing, Verifier, WebhookError, body_hash};
use acd_core::{Error, ErrorKind, Secret};
use http::HeaderName;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// For the headers of any sender, and a short body or the HMACs of all secrets that are in use at a time.
const ROOM: usize = 8_192;

/// What is said of a message that was refused.
const REFUSED: i32 = -1;

/// The module's memory, for what is written by address.
#[wasm_bindgen(js_name = linearMemory)]
pub fn linear_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// SHA-256 of a body in hexadecimal, for a host that has none that answers at once.
#[wasm_bindgen]
pub fn sha256(body: &[u8]) -> String {
    body_hash(body)
}

/// Tells authentic webhooks of one endpoint from others.
///
/// The headers of a message are the values of those that [`headers`](Self::headers) names and that the message has once,
/// in that order, with line breaks between them; `present` and `repeated` have a bit for each name. What a method leaves
/// is read by the others until the next message: JavaScript does not pause in between.
#[wasm_bindgen]
pub struct WebhookVerifier {
    verifier: Verifier,
    room: Vec<u8>,
    timing: Option<Timing>,
    id: Option<String>,
    refusal: Option<WebhookError>,
}

#[wasm_bindgen]
impl WebhookVerifier {
    /// A verifier with the secrets of the endpoint.
    ///
    /// # Errors
    /// A message: an unknown scheme, no secret, one that is not of the form that the scheme has, or a time that is none.
    #[wasm_bindgen(constructor)]
    pub fn new(
        scheme: &str,
        app_key: Option<String>,
        secrets: Vec<String>,
        max_age_ms: Option<f64>,
        max_skew_ms: Option<f64>,
        memory_ms: Option<f64>,
    ) -> Result<WebhookVerifier, JsValue> {
        let times = [max_age_ms, max_skew_ms, memory_ms];
        let verifier = build(scheme, app_key, secrets, times).map_err(|error| JsValue::from_str(&error.to_string()))?;
        Ok(Self { verifier, room: vec![0; ROOM], timing: None, id: None, refusal: None })
    }

    /// The names of the headers that are looked at, a line each.
    pub fn headers(&self) -> String {
        let names: Vec<&str> = self.verifier.header_names().iter().map(HeaderName::as_str).collect();
        names.join("\n")
    }

    /// The names in the body whose strings, joined by a colon, are the message's id, a line each.
    #[wasm_bindgen(js_name = idFields)]
    pub fn id_fields(&self) -> String {
        self.verifier.id_fields().join("\n")
    }

    /// The name in the body whose number [`judge`](Self::judge) is to be told.
    #[wasm_bindgen(js_name = timeField)]
    pub fn time_field(&self) -> Option<String> {
        self.verifier.time_field().map(str::to_owned)
    }

    /// The hash of the HMACs that the host may compute; none where a secret takes the body itself.
    pub fn hash(&self) -> Option<String> {
        self.verifier.expose_hmac_keys().map(|(hash, _)| hash.as_str().to_owned())
    }

    /// The key of the secret at a place, for the host.
    pub fn key(&self, place: usize) -> Option<Vec<u8>> {
        let (_, keys) = self.verifier.expose_hmac_keys()?;
        keys.get(place).map(|key| key.to_vec())
    }

    /// Where in [`linear_memory`] the room is.
    pub fn room(&mut self) -> usize {
        self.room.as_mut_ptr().expose_provenance()
    }

    /// How many bytes it has.
    #[wasm_bindgen(js_name = roomLength)]
    pub fn room_length(&self) -> usize {
        self.room.len()
    }

    /// Writes what is hashed before the body behind the `text` bytes of the headers, and gives its length; none where the room
    /// is too small for it.
    pub fn preamble(&mut self, present: u32, repeated: u32, text: usize) -> Option<i32> {
        let (text, rest) = self.room.split_at_mut_checked(text)?;
        match claim(&self.verifier, text, present, repeated) {
            Err(error) => {
                self.refusal = Some(error);
                Some(REFUSED)
            }
            Ok(claimed) => {
                let preamble = claimed.preamble().concat();
                rest.get_mut(..preamble.len())?.copy_from_slice(&preamble);
                i32::try_from(preamble.len()).ok()
            }
        }
    }

    /// Verifies a message whose body of `body` bytes stands in the room behind the `text` bytes of the headers, and gives
    /// the place of the secret that matched.
    pub fn verify(&mut self, present: u32, repeated: u32, text: usize, body: usize) -> i32 {
        let (text, rest) = self.room.split_at_checked(text).unwrap_or_default();
        let body = rest.get(..body).unwrap_or_default();
        let outcome = judge(&self.verifier, text, present, repeated, |claimed| claimed.matches(body));
        self.note(outcome)
    }

    /// The same by the HMACs of the host, which stand in the place of the body: in hexadecimal, a line each.
    #[wasm_bindgen(js_name = verifyMacs)]
    pub fn verify_macs(&mut self, present: u32, repeated: u32, text: usize, macs: usize) -> i32 {
        let (text, rest) = self.room.split_at_checked(text).unwrap_or_default();
        let macs = rest.get(..macs).and_then(|macs| std::str::from_utf8(macs).ok()).unwrap_or_default();
        let outcome = judge(&self.verifier, text, present, repeated, |claimed| claimed.matches_macs(macs.split('\n')));
        self.note(outcome)
    }

    /// The same for a message that the room is too small for.
    #[wasm_bindgen(js_name = verifyCopied)]
    pub fn verify_copied(&mut self, present: u32, repeated: u32, text: &str, body: &[u8]) -> i32 {
        let outcome = judge(&self.verifier, text.as_bytes(), present, repeated, |claimed| claimed.matches(body));
        self.note(outcome)
    }

    /// Judges the time that the body of a verified message tells.
    pub fn judge(&mut self, seconds: f64) -> i32 {
        // A whole number, as far as JavaScript can tell; what does not fit is too far from now either way.
        match self.verifier.timing(Some(seconds as u64)) {
            Ok(timing) => {
                self.timing = Some(timing);
                0
            }
            Err(error) => {
                self.refusal = Some(error);
                REFUSED
            }
        }
    }

    /// The id that a header gave the verified message.
    pub fn id(&mut self) -> Option<String> {
        self.id.take()
    }

    /// When the verified message was signed, in milliseconds since 1970, or no number.
    #[wasm_bindgen(js_name = signedAt)]
    pub fn signed_at(&self) -> f64 {
        self.timing.and_then(|timing| timing.signed_at).map_or(f64::NAN, milliseconds)
    }

    /// Until when to remember the verified message, in milliseconds since 1970.
    #[wasm_bindgen(js_name = rememberUntil)]
    pub fn remember_until(&self) -> f64 {
        self.timing.map_or(f64::NAN, |timing| milliseconds(timing.remember_until))
    }

    /// Why the message was refused: code, status to answer with, and what to tell the log, a line each.
    pub fn refusal(&mut self) -> Option<String> {
        let error = self.refusal.take()?;
        Some(format!("{}\n{}\n{error}", error.code(), error.status().as_u16()))
    }
}

/// A message that was verified: the place of the secret, when it was signed, and the id in a header.
type Verdict = (usize, Timing, Option<String>);

impl WebhookVerifier {
    fn note(&mut self, outcome: Result<Verdict, WebhookError>) -> i32 {
        match outcome {
            Ok((secret, timing, id)) => {
                (self.timing, self.id) = (Some(timing), id);
                i32::try_from(secret).unwrap_or(REFUSED)
            }
            Err(error) => {
                self.refusal = Some(error);
                REFUSED
            }
        }
    }
}

fn judge(
    verifier: &Verifier,
    text: &[u8],
    present: u32,
    repeated: u32,
    matching: impl FnOnce(&Claimed<'_>) -> Result<usize, WebhookError>,
) -> Result<Verdict, WebhookError> {
    let claimed = claim(verifier, text, present, repeated)?;
    let secret = matching(&claimed)?;
    let timing = verifier.timing(claimed.seconds())?;
    Ok((secret, timing, claimed.id().map(str::to_owned)))
}

fn claim<'m>(verifier: &'m Verifier, text: &'m [u8], present: u32, repeated: u32) -> Result<Claimed<'m>, WebhookError> {
    let mut lines = text.split(|byte| *byte == b'\n');
    // A value with a line break in it must not pass for two: whole, it is refused for what it holds.
    let split = lines.clone().count() == present.count_ones() as usize;
    verifier.claim((0..verifier.header_names().len()).map(|place| {
        let bit = 1 << place;
        if repeated & bit != 0 {
            HeaderField::Repeated
        } else if present & bit == 0 {
            HeaderField::Absent
        } else {
            HeaderField::Once(if split { lines.next().unwrap_or_default() } else { text })
        }
    }))
}

fn build(
    scheme: &str,
    app_key: Option<String>,
    secrets: Vec<String>,
    times: [Option<f64>; 3],
) -> Result<Verifier, Error> {
    let unusable = |what: String| Error::new(ErrorKind::Configuration, what);
    let scheme = match scheme {
        "stripe" => Scheme::Stripe,
        "meta" => Scheme::Meta,
        "tiktok" => Scheme::TikTok,
        "tiktok_shop" => Scheme::TikTokShop { app_key: app_key.unwrap_or_default() },
        "remotion_lambda" => Scheme::RemotionLambda,
        "acd_v0" => Scheme::AcdV0,
        "standard_webhooks" => Scheme::StandardWebhooks,
        "svix" => Scheme::Svix,
        "resend" => Scheme::Resend,
        other => return Err(unusable(format!("`{other}` is no scheme of webhooks"))),
    };
    let mut verifier = Verifier::new(scheme, secrets.into_iter().map(Secret::from))?;
    let with: [fn(Verifier, Duration) -> Verifier; 3] =
        [Verifier::with_max_age, Verifier::with_max_skew, Verifier::with_memory];
    for ((name, set), time) in ["maxAgeMs", "maxSkewMs", "memoryMs"].iter().zip(with).zip(times) {
        let Some(time) = time else { continue };
        if time.is_nan() || time < 0.0 {
            return Err(unusable(format!("`{name}` is no number of milliseconds")));
        }
        // Beyond what fits it is as good as for ever.
        verifier = set(verifier, Duration::from_millis(time as u64));
    }
    Ok(verifier)
}

fn milliseconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn of(scheme: &str) -> WebhookVerifier {
        WebhookVerifier::new(scheme, Some("app".to_owned()), vec![SECRET.to_owned()], Some(1e3), None, None).unwrap()
    }

    #[test]
    fn every_scheme_can_be_named() {
        let schemes = [
            Scheme::Stripe,
            Scheme::Meta,
            Scheme::TikTok,
            Scheme::TikTokShop { app_key: "app".to_owned() },
            Scheme::RemotionLambda,
            Scheme::AcdV0,
            Scheme::StandardWebhooks,
            Scheme::Svix,
            Scheme::Resend,
        ];
        for scheme in schemes {
            assert!(of(scheme.as_str()).headers().contains(['-', 'a']), "{scheme:?}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_said() {
        let refused =
            |scheme: &str, times| build(scheme, None, vec![SECRET.to_owned()], times).unwrap_err().to_string();
        assert!(refused("other", [None; 3]).contains("`other`"));
        assert!(refused("stripe", [None, Some(-1.0), None]).contains("`maxSkewMs`"));
        assert!(refused("stripe", [None, None, Some(f64::NAN)]).contains("`memoryMs`"));
        assert!(build("stripe", None, vec![SECRET.to_owned()], [Some(f64::INFINITY); 3]).is_ok());
    }

    #[test]
    fn a_value_with_a_line_break_is_not_two_values() {
        let mut svix = of("svix");
        // What would be id, time and signatures if it were.
        let text = "msg_1\n1000\nv1,AAAA";
        for (present, text, code) in [
            (0b111, text, "no_match"),
            (0b011, text, "malformed"),
            (0b001, text, "malformed"),
            (0b1111, text, "malformed"),
            (0b111, "msg_1\n1000", "malformed"),
            (0, "", "missing_header"),
        ] {
            assert_eq!(svix.verify_copied(present, 0, text, b"{}"), REFUSED);
            let refusal = svix.refusal().unwrap();
            assert!(refusal.starts_with(&format!("{code}\n4")), "{present:b} {refusal}");
        }
        assert_eq!(svix.verify_copied(0b111, 0b010, text, b"{}"), REFUSED);
        assert!(svix.refusal().unwrap().starts_with("malformed\n400\n"));
    }

    #[test]
    fn lengths_beyond_the_room_verify_nothing() {
        let mut meta = of("meta");
        for (text, body) in [(usize::MAX, 0), (ROOM + 1, 1), (0, usize::MAX), (ROOM, 1)] {
            assert_eq!(meta.verify(1, 0, text, body), REFUSED);
            assert_eq!(meta.verify_macs(1, 0, text, body), REFUSED);
            assert!(meta.preamble(1, 0, text).is_none_or(|length| length == REFUSED));
        }
    }
}
