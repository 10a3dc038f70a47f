//! The library of Standard Webhooks itself as the other side.

use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use acd_core::{Runtime, Secret};
use http::HeaderMap;
use proptest::prelude::*;
use standardwebhooks::Webhook;

use super::runtime;

const SECRETS: [&str; 2] =
    ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="];

proptest! {
    #[test]
    fn what_the_peer_signs_is_verified(body in ".{0,200}", id in "[a-zA-Z0-9_]{1,30}", seconds in 0..4_102_444_800_u32) {
        let peer = Webhook::new(SECRETS[1]).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", seconds.into());
        headers.insert("webhook-signature", peer.sign(&id, seconds.into(), body.as_bytes()).unwrap().parse().unwrap());
        let verifier = Verifier::new(Scheme::StandardWebhooks, SECRETS.map(Secret::from)).unwrap();
        let verified = verifier.with_runtime(runtime(seconds.into())).verify(&headers, body).unwrap();
        prop_assert_eq!((verified.message_id(), verified.secret_index()), (Some(id), 1));
    }

    #[test]
    fn what_is_signed_here_the_peer_verifies(body in ".{0,200}", id in "[a-zA-Z0-9_]{1,30}") {
        // The peer asks the real clock and nothing else, so what it is to accept has to be signed by the same.
        let now = Runtime::system().wall();
        let signer = WebhookSigner::new(Scheme::StandardWebhooks, SECRETS.map(Secret::from)).unwrap();
        let headers = signer.sign(&id, now, body.as_bytes()).unwrap();
        for secret in SECRETS {
            prop_assert!(Webhook::new(secret).unwrap().verify(body.as_bytes(), &headers).is_ok());
        }
        let changed = format!("{body} ");
        prop_assert!(Webhook::new(SECRETS[0]).unwrap().verify(changed.as_bytes(), &headers).is_err());
    }
}
