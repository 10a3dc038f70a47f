//! Headers and bodies of webhooks in every scheme, signed ones with some headers exchanged among them.
#![no_main]

use std::time::{Duration, SystemTime};

use acd_core::Secret;
use acd_core::testing::ManualClock;
use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use acd_fuzz::{PLANTED, message};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn scheme(number: u8) -> Scheme {
    match number % 9 {
        0 => Scheme::Stripe,
        1 => Scheme::Meta,
        2 => Scheme::TikTok,
        3 => Scheme::TikTokShop { app_key: PLANTED.to_owned() },
        4 => Scheme::RemotionLambda,
        5 => Scheme::AcdV0,
        6 => Scheme::StandardWebhooks,
        7 => Scheme::Svix,
        _ => Scheme::Resend,
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let scheme = scheme(first.wrapping_sub(b'0'));
    let (exchanged, body) = message(rest.strip_prefix(b"\n").unwrap_or(rest));
    let clock = ManualClock::new();
    let (Ok(verifier), Ok(signer)) =
        (Verifier::new(scheme.clone(), [Secret::from(SECRET)]), WebhookSigner::new(scheme, [Secret::from(SECRET)]))
    else {
        panic!("the secret suits every scheme");
    };
    let verifier = verifier.with_runtime(clock.runtime());
    // What comes without a signature of ours is never authentic.
    let refused = verifier.verify(&exchanged, body.clone());
    assert!(refused.is_err(), "a signature was forged: {refused:?}");
    let Ok(mut headers) = signer.sign("msg_1", clock.runtime().wall(), &body) else { return };
    for (name, value) in &exchanged {
        headers.insert(name.clone(), value.clone());
    }
    let Ok(verified) = verifier.verify(&headers, body.clone()) else { return };
    assert_eq!(verified.body(), &body);
    assert_eq!(verified.replay_key(), verified.replay_key());
    assert!(verified.remember_until() > SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    assert!(verified.message_id().is_none_or(|id| !id.is_empty()), "a message without an id has none");
    let mut longer = body.to_vec();
    longer.push(b' ');
    let altered = verifier.verify(&headers, longer);
    assert!(altered.is_err(), "another body is not authentic: {altered:?}");
});
