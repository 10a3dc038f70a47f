//! Verifying a webhook beside the bare HMAC of the same bytes.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use acd_core::Secret;
use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::table::{median, micros};

const ROUNDS: usize = 101;
const TIMES: u32 = 2_000;
const BODY: usize = 1024;
const SECRET: &str = "whsec_test_5f1c9d7e2b8a4c30";

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let body = Bytes::from(format!(r#"{{"id":"evt_1","pad":"{}"}}"#, "x".repeat(BODY - 23)));
    let now = SystemTime::now();
    let headers = WebhookSigner::new(Scheme::Stripe, [Secret::from(SECRET)])?.sign("evt_1", now, &body)?;
    let verifier = Verifier::new(Scheme::Stripe, [Secret::from(SECRET)])?.with_max_age(Duration::from_secs(86_400));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    let (mut bare, mut verified) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let start = Instant::now();
        for _ in 0..TIMES {
            let mut mac = mac.clone();
            mac.update(b"1767225600.");
            mac.update(black_box(&body));
            black_box(mac.finalize());
        }
        let hashed = start.elapsed();
        let start = Instant::now();
        for _ in 0..TIMES {
            black_box(verifier.verify(black_box(&headers), body.clone()).map_err(|error| error.to_string())?);
        }
        // The first round warms up.
        if round > 0 {
            bare.push(micros(hashed, TIMES));
            verified.push(micros(start.elapsed(), TIMES));
        }
    }
    let mut ratio: Vec<f64> = verified.iter().zip(&bare).map(|(verified, bare)| verified / bare).collect();
    println!("a Stripe webhook of {} bytes, {ROUNDS} rounds of {TIMES} in turns, medians", body.len());
    let (bare, verified) = (median(&mut bare), median(&mut verified));
    println!("HMAC-SHA256 {bare:.2} us, verified {verified:.2} us, ratio {:.2} (at most 1.3)", median(&mut ratio));
    Ok(())
}
