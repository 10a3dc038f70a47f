//! Receives webhooks as Stripe sends them: signs some, and shows which are taken and why the others are not.
//!
//! `cargo run -p acd-examples --example verify_webhook` needs neither server nor key.

use std::error::Error as StdError;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use acd_examples::report;
use acd_sdk::core::Runtime;
use acd_sdk::core::replay::MemoryReplayGuard;
use acd_sdk::core::webhook::{Scheme, Verified, Verifier, WebhookError, WebhookSigner};
use acd_sdk::prelude::*;
use http::HeaderMap;
use serde::Deserialize;

const BODY: &str = r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"amount_paid":1999}}}"#;
const TAMPERED: &str = r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"amount_paid":999999}}}"#;

#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let sender = |secret: &str| WebhookSigner::new(Scheme::Stripe, [Secret::from(secret)]);
    let (current, previous, stranger) = (sender("whsec_new")?, sender("whsec_old")?, sender("whsec_guessed")?);
    let verifier = Verifier::new(Scheme::Stripe, ["whsec_new", "whsec_old"].map(Secret::from))?;
    let guard = MemoryReplayGuard::new(10_000, Runtime::system());

    let now = SystemTime::now();
    let long_ago = now - Duration::from_secs(600);
    let second = BODY.replace("evt_1", "evt_2");
    let deliveries = [
        ("as it was sent", current.sign("", now, BODY.as_bytes())?, BODY),
        ("the same once more", current.sign("", now, BODY.as_bytes())?, BODY),
        ("by the previous secret", previous.sign("", now, second.as_bytes())?, &second),
        ("another amount", current.sign("", now, BODY.as_bytes())?, TAMPERED),
        ("a guessed secret", stranger.sign("", now, BODY.as_bytes())?, BODY),
        ("ten minutes old", current.sign("", long_ago, BODY.as_bytes())?, BODY),
        ("without a signature", HeaderMap::new(), BODY),
    ];
    for (what, headers, body) in deliveries {
        match take(&verifier, &guard, &headers, body).await {
            Ok(message) => {
                let (event, secret) = (message.event(), message.secret_index());
                println!("{what:24} 200  {} {}, by secret {secret}", event.r#type, event.id);
            }
            Err(error) => println!("{what:24} {}  {error}", error.status().as_u16()),
        }
    }
    Ok(())
}

async fn take(
    verifier: &Verifier,
    guard: &MemoryReplayGuard,
    headers: &HeaderMap,
    body: &str,
) -> Result<Verified<Event>, WebhookError> {
    verifier.verify(headers, body.to_owned())?.json()?.once(guard).await
}
