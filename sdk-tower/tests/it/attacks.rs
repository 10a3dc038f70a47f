//! What an attacker tries: each is answered 401 in the same words.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use acd_core::replay::{MemoryReplayGuard, ReplayGuard, Sighting};
use acd_core::signing::{MessageVerifier, SigningKey};
use acd_core::testing::ManualClock;
use acd_core::{Error, ErrorKind, Result, Secret};
use acd_tower::VerifySignatureLayer;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request};

use crate::support::{
    BODY, copy, ed25519, hmac, keys, memory, outcome, router, runtime, send, service, signed, signed_by,
};

type Attack = (&'static str, Box<dyn Fn(&mut Request<Bytes>)>);

fn replace(request: &mut Request<Bytes>, name: &'static str, from: &str, to: &str) {
    let value = request.headers()[name].to_str().unwrap();
    assert!(value.contains(from), "{value}");
    let value = HeaderValue::from_str(&value.replacen(from, to, 1)).unwrap();
    request.headers_mut().insert(name, value);
}

fn append(request: &mut Request<Bytes>, name: &'static str, value: &'static str) {
    request.headers_mut().append(name, HeaderValue::from_static(value));
}

fn attacks() -> Vec<Attack> {
    let attack = |name, change: fn(&mut Request<Bytes>)| (name, Box::new(change) as Box<dyn Fn(&mut Request<Bytes>)>);
    let mut attacks = vec![
        attack("another method", |r| *r.method_mut() = Method::PUT),
        attack("another path", |r| *r.uri_mut() = "/v1/other?dry_run=false".parse().unwrap()),
        attack("another query", |r| *r.uri_mut() = "/v1/usage?dry_run=true".parse().unwrap()),
        attack("no query", |r| *r.uri_mut() = "/v1/usage".parse().unwrap()),
        attack("another host", |r| {
            r.headers_mut().insert(HOST, HeaderValue::from_static("other.test"));
        }),
        attack("two hosts", |r| append(r, "host", "server.test")),
        attack("another content type", |r| {
            r.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }),
        attack("a second content type", |r| append(r, "content-type", "text/plain")),
        attack("a second idempotency key", |r| append(r, "idempotency-key", "other")),
        attack("another idempotency key", |r| {
            r.headers_mut().insert("idempotency-key", HeaderValue::from_static("other"));
        }),
        attack("another body", |r| *r.body_mut() = Bytes::from_static(b"{\"amount\":4}")),
        attack("a longer body", |r| *r.body_mut() = Bytes::from_static(b"{\"amount\":3} ")),
        attack("no body", |r| *r.body_mut() = Bytes::new()),
        attack("another body with its digest", |r| {
            *r.body_mut() = Bytes::from_static(b"{\"amount\":4}");
            let digest = acd_core::signing::ContentDigest::of(r.body()).unwrap();
            r.headers_mut().insert("content-digest", digest);
        }),
        attack("a digest of an unknown kind beside it", |r| append(r, "content-digest", "md5=:AAAA:")),
        attack("the key of another service", |r| replace(r, "signature-input", "keyid=\"hmac\"", "keyid=\"ed25519\"")),
        attack("a key that is not known", |r| replace(r, "signature-input", "keyid=\"hmac\"", "keyid=\"nobody\"")),
        attack("another algorithm", |r| replace(r, "signature-input", "hmac-sha256", "ed25519")),
        attack("another nonce", |r| replace(r, "signature-input", "nonce=\"", "nonce=\"x")),
        attack("a later expiry", |r| replace(r, "signature-input", "expires=1767225900", "expires=1767225899")),
        attack("another purpose", |r| replace(r, "signature-input", "sdk-internal", "sdk-external")),
        attack("the signature of another label", |r| replace(r, "signature", "sig1=", "sig2=")),
        attack("a second signature under the label", |r| append(r, "signature", "sig1=:AAAA:")),
        attack("a second input under the label", |r| append(r, "signature-input", "sig1=(\"@method\")")),
        attack("no signature", |r| {
            r.headers_mut().remove("signature");
        }),
        attack("no input", |r| {
            r.headers_mut().remove("signature-input");
        }),
        attack("nothing of either", |r| {
            r.headers_mut().remove("signature");
            r.headers_mut().remove("signature-input");
        }),
        attack("an empty signature", |r| {
            r.headers_mut().insert("signature", HeaderValue::from_static("sig1=::"));
        }),
    ];
    for component in ["@method", "@authority", "@path", "@query", "content-type", "content-digest", "idempotency-key"] {
        let drop = move |request: &mut Request<Bytes>| {
            let input = request.headers()["signature-input"].to_str().unwrap().to_owned();
            let quoted = format!("\"{component}\"");
            let cut = input.replacen(&format!("{quoted} "), "", 1).replacen(&format!(" {quoted}"), "", 1);
            assert_ne!(cut, input);
            request.headers_mut().insert("signature-input", HeaderValue::from_str(&cut).unwrap());
        };
        attacks.push(("a component less", Box::new(drop)));
    }
    attacks
}

#[tokio::test]
async fn no_change_passes_and_none_is_told_from_another() {
    let clock = ManualClock::new();
    let mut answers = HashSet::new();
    for (name, change) in attacks() {
        let service = service(&clock, memory(&clock));
        let original = signed(&clock);
        let mut changed = copy(&original);
        change(&mut changed);
        let response = send(&service, changed).await;
        assert_eq!(response.status(), 401, "{name}");
        let accepted = response.headers()["accept-signature"].to_str().unwrap();
        assert!(accepted.contains("\"content-digest\"") && accepted.contains("tag=\"sdk-internal\""), "{accepted}");
        answers.insert((format!("{:?}", response.headers()), response.into_body()));
        assert_eq!(
            outcome(&service, original).await.0,
            200,
            "{name} used up the nonce of the request it was made from"
        );
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn signatures_of_other_times_are_refused() {
    let clock = ManualClock::new();
    let service = service(&clock, memory(&clock));
    let expired = signed(&clock);
    clock.advance(Duration::from_secs(301));
    assert_eq!(outcome(&service, expired).await.0, 401);
    let ahead = ManualClock::new();
    ahead.advance(Duration::from_secs(301 + 31));
    assert_eq!(outcome(&service, signed(&ahead)).await.0, 401);
}

#[tokio::test]
async fn the_wrong_key_under_a_known_name_is_refused() {
    let clock = ManualClock::new();
    let service = service(&clock, memory(&clock));
    let forged = SigningKey::hmac_sha256(&Secret::from("dGVzdC1vbmx5LXNlY3JldC1vZi0zMi1ieXRlcy1vay4=")).unwrap();
    assert_eq!(outcome(&service, signed_by(&clock, "hmac", forged)).await.0, 401);
    // The public half of a pair is known to all: as the secret of an HMAC it must open nothing.
    let public = Secret::new(ed25519().public_key().unwrap());
    let confused = SigningKey::hmac_sha256(&public).unwrap();
    assert_eq!(outcome(&service, signed_by(&clock, "ed25519", confused)).await.0, 401);
    for (id, key) in [("hmac", hmac()), ("ed25519", ed25519())] {
        let passed = outcome(&service, signed_by(&clock, id, key)).await;
        assert_eq!(passed, (200, format!("{id} sent {BODY}")));
    }
}

#[tokio::test]
async fn a_request_for_another_service_with_the_same_keys_is_refused() {
    let clock = ManualClock::new();
    let verifier = MessageVerifier::new(keys(), memory(&clock)).runtime(runtime(&clock)).expect_authority("other.test");
    let service = router().layer(VerifySignatureLayer::new(verifier));
    assert_eq!(outcome(&service, signed(&clock)).await.0, 401);
}

struct Away;

impl ReplayGuard for Away {
    async fn check_and_remember(&self, _: &str, _: SystemTime) -> Result<Sighting> {
        Err(Error::new(ErrorKind::Environment, "connection refused by 10.0.0.7"))
    }

    async fn forget(&self, _: &str) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_memory_that_is_away_lets_nothing_through_and_is_not_described() {
    let clock = ManualClock::new();
    let service = service(&clock, Away);
    let response = send(&service, signed(&clock)).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    assert!(!String::from_utf8_lossy(response.body()).contains("10.0.0.7"));
}

#[tokio::test]
async fn a_full_memory_lets_nothing_new_through() {
    let clock = ManualClock::new();
    let service = service(&clock, MemoryReplayGuard::new(1, runtime(&clock)));
    let first = signed(&clock);
    assert_eq!(outcome(&service, copy(&first)).await.0, 200);
    assert_eq!(outcome(&service, signed(&clock)).await, (503, "verification_unavailable".to_owned()));
    assert_eq!(outcome(&service, first).await.0, 401);
    clock.advance(Duration::from_secs(331));
    assert_eq!(outcome(&service, signed(&clock)).await.0, 200);
}
