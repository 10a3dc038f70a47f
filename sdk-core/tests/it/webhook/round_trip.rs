//! What is signed is verified, whatever it is; what arrives otherwise never panics.

use acd_core::Secret;
use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{runtime, time};

const SYMMETRIC: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const PRIVATE: &str = "whsk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";
const PUBLIC: &str = "whpk_JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";

const HEADERS: [&str; 10] = [
    "stripe-signature",
    "x-hub-signature-256",
    "tiktok-signature",
    "authorization",
    "x-remotion-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-signature",
];

fn schemes() -> [Scheme; 9] {
    [
        Scheme::Stripe,
        Scheme::Meta,
        Scheme::TikTok,
        Scheme::TikTokShop { app_key: "29a39d".to_owned() },
        Scheme::RemotionLambda,
        Scheme::AcdV0,
        Scheme::StandardWebhooks,
        Scheme::Svix,
        Scheme::Resend,
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), ".{0,80}".prop_map(String::into_bytes)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_is_verified(
        body in body(), id in "[!-\\-/-~]{1,40}", seconds in 0..4_102_444_800_u64, away in -300..=300_i64,
        other in any::<u8>(),
    ) {
        let now = seconds.saturating_add_signed(away);
        for scheme in schemes() {
            let secrets = |texts: &[&str]| texts.iter().map(|text| Secret::from(*text)).collect::<Vec<_>>();
            let signer = WebhookSigner::new(scheme.clone(), secrets(&[SYMMETRIC])).unwrap();
            let verifier = Verifier::new(scheme.clone(), secrets(&["C2FVsBQIhrscChlQIMV+b5sSYspob7oD", SYMMETRIC]));
            let verifier = verifier.unwrap().with_runtime(runtime(now));
            let headers = signer.sign(&id, time(seconds), &body).unwrap();
            let verified = verifier.verify(&headers, body.clone()).unwrap();
            prop_assert_eq!(verified.body(), &Bytes::from(body.clone()));
            prop_assert_eq!(verified.secret_index(), 1);
            prop_assert_eq!(verified.scheme(), scheme.as_str());
            prop_assert!(verified.signed_at().is_none_or(|at| at == time(seconds)));
            let mut changed = body.clone();
            changed.push(other);
            prop_assert_eq!(verifier.verify(&headers, changed).unwrap_err().code(), "no_match");
        }
    }

    #[test]
    fn what_is_signed_with_ed25519_is_verified(body in body(), id in "[a-zA-Z0-9_]{1,20}", place in any::<prop::sample::Index>()) {
        let now = 1_767_225_600;
        let signer = WebhookSigner::new(Scheme::StandardWebhooks, [SYMMETRIC, PRIVATE].map(Secret::from)).unwrap();
        let verifier = Verifier::new(Scheme::StandardWebhooks, [Secret::from(PUBLIC)]).unwrap().with_runtime(runtime(now));
        let headers = signer.sign(&id, time(now), &body).unwrap();
        prop_assert_eq!(verifier.verify(&headers, body.clone()).unwrap().message_id(), Some(id));
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= 1;
            prop_assert_eq!(verifier.verify(&headers, changed).unwrap_err().code(), "no_match");
        }
    }

    #[test]
    fn no_header_of_any_bytes_panics_or_passes(
        values in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..120),
                "[tvs0-9a-f=, .]{0,120}".prop_map(String::into_bytes),
                "(t=[0-9]{1,22},?|v1a?[,=][a-zA-Z0-9+/=]{0,90} ?|sha(256|512)=[0-9a-f]{0,130}){0,5}".prop_map(String::into_bytes),
            ],
            HEADERS.len(),
        ),
        body in body(),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in HEADERS.into_iter().zip(values) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        for scheme in schemes() {
            let verifier = Verifier::new(scheme, [Secret::from(SYMMETRIC)]).unwrap().with_runtime(runtime(1_767_225_600));
            prop_assert!(verifier.verify(&headers, body.clone()).is_err());
        }
    }
}

#[test]
fn while_secrets_change_either_one_verifies() {
    let secrets = [SYMMETRIC, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];
    for scheme in [Scheme::Stripe, Scheme::StandardWebhooks, Scheme::Svix, Scheme::Resend] {
        let headers = WebhookSigner::new(scheme.clone(), secrets.map(Secret::from)).unwrap();
        let headers = headers.sign("m", time(1_767_225_600), b"{}").unwrap();
        for secret in secrets {
            let verifier = Verifier::new(scheme.clone(), [Secret::from(secret)]).unwrap();
            assert!(verifier.with_runtime(runtime(1_767_225_600)).verify(&headers, "{}").is_ok());
        }
    }
}
