//! Every mutation of a valid delivery is refused.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use acd_core::Secret;
use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::vectors::plain;
use super::{Delivery, headers_of, runtime, time};

const NOW: u64 = 1_767_225_600;
const SYMMETRIC: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const OTHER: &str = "whsec_AgIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// The vectors, and deliveries under Svix' names, of which there is none among them.
fn all() -> Vec<Delivery> {
    let signer = WebhookSigner::new(Scheme::Svix, [Secret::from(SYMMETRIC)]).unwrap();
    let body = r#"{"type":"email.sent","data":{"to":["zoë@example.com"]}}"#;
    let headers = headers_of(&signer.sign("msg_1", time(NOW), body.as_bytes()).unwrap());
    let delivery = |scheme: Scheme| Delivery {
        name: scheme.as_str().to_owned(),
        scheme,
        secret: SYMMETRIC.to_owned(),
        now: NOW,
        headers: headers.clone(),
        body: body.into(),
    };
    let all: Vec<_> = plain().into_iter().chain([delivery(Scheme::Svix), delivery(Scheme::Resend)]).collect();
    let schemes: HashSet<_> = all.iter().map(|delivery| delivery.scheme.as_str()).collect();
    assert_eq!(schemes.len(), 9, "every scheme is among them: {schemes:?}");
    all
}

#[test]
fn unchanged_they_are_valid() {
    for delivery in all() {
        assert_eq!(delivery.verdict(), "valid", "{}", delivery.name);
    }
}

#[test]
fn no_bit_of_a_header_can_be_flipped() {
    let mut flipped = 0;
    for delivery in all() {
        let verifier = delivery.verifier();
        for (name, value) in &delivery.headers {
            for (place, bit) in (0..value.len()).flat_map(|place| (0..8).map(move |bit| (place, 1 << bit))) {
                let mut value = value.clone();
                value[place] ^= bit;
                let shown = String::from_utf8_lossy(&value).into_owned();
                if let Some(headers) = delivery.with_header(name, value).header_map() {
                    let outcome = verifier.verify(&headers, delivery.body.clone());
                    assert!(outcome.is_err(), "{}: {name}: {shown}", delivery.name);
                    flipped += 1;
                }
            }
        }
    }
    assert!(flipped > 5_000, "{flipped}");
}

#[test]
fn no_byte_of_a_body_can_be_changed() {
    for delivery in all() {
        let (verifier, headers) = (delivery.verifier(), delivery.header_map().unwrap());
        for place in 0..delivery.body.len() {
            let mut body = delivery.body.to_vec();
            body[place] ^= 1 << (place % 8);
            let refused = verifier.verify(&headers, body).unwrap_err();
            assert_eq!(refused.code(), "no_match", "{}: byte {place}", delivery.name);
        }
    }
}

#[test]
fn nothing_can_be_cut_off_or_added() {
    for delivery in all() {
        let (verifier, headers) = (delivery.verifier(), delivery.header_map().unwrap());
        for end in 0..delivery.body.len() {
            let refused = verifier.verify(&headers, delivery.body.slice(..end)).unwrap_err();
            assert_eq!(refused.code(), "no_match", "{}", delivery.name);
        }
        for more in ["\n", " ", "\0", "{}"] {
            let body = [&delivery.body[..], more.as_bytes()].concat();
            assert_eq!(delivery.with_body(body).verdict(), "no_match", "{}", delivery.name);
        }
        for (name, value) in &delivery.headers {
            for end in 0..value.len() {
                assert_ne!(delivery.with_header(name, &value[..end]).verdict(), "valid", "{}", delivery.name);
            }
            for more in ["0", "a", "=", ",", ";", ",v1"] {
                let longer = [value, more.as_bytes()].concat();
                assert_ne!(delivery.with_header(name, longer).verdict(), "valid", "{}: {name}{more}", delivery.name);
            }
        }
    }
}

#[test]
fn each_header_is_needed_exactly_once() {
    for delivery in all() {
        for (name, value) in &delivery.headers {
            let mut without = delivery.clone();
            without.headers.remove(name);
            assert_eq!(without.verdict(), "missing_header", "{}: {name}", delivery.name);
            let mut twice = delivery.header_map().unwrap();
            let (name, value) = (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value));
            twice.append(name.unwrap(), value.unwrap());
            let refused = delivery.verifier().verify(&twice, delivery.body.clone()).unwrap_err();
            assert_eq!(refused.code(), "malformed", "{}", delivery.name);
        }
    }
}

#[test]
fn another_secret_or_app_key_does_not_match() {
    for mut delivery in all() {
        // A public key that is not the sender's.
        delivery.secret = match delivery.secret.strip_prefix("whpk_") {
            Some(_) => "whpk_JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=".to_owned(),
            None => OTHER.to_owned(),
        };
        assert_eq!(delivery.verdict(), "no_match", "{}", delivery.name);
    }
    for mut delivery in all() {
        if let Scheme::TikTokShop { app_key } = &mut delivery.scheme {
            app_key.push('x');
            assert_eq!(delivery.verdict(), "no_match", "{}", delivery.name);
        }
    }
}

#[test]
fn written_again_it_is_another_body() {
    for delivery in all() {
        let json: Value = serde_json::from_slice(&delivery.body).unwrap();
        for body in [serde_json::to_string(&json).unwrap(), serde_json::to_string_pretty(&json).unwrap()] {
            if body.as_bytes() != delivery.body {
                assert_eq!(delivery.with_body(body).verdict(), "no_match", "{}", delivery.name);
            }
        }
    }
}

#[test]
fn no_delivery_passes_under_another_scheme() {
    let all = all();
    for delivery in &all {
        for other in &all {
            let standard = |scheme: &Scheme| matches!(scheme, Scheme::StandardWebhooks | Scheme::Svix | Scheme::Resend);
            let same = delivery.scheme == other.scheme || standard(&delivery.scheme) && standard(&other.scheme);
            // A text secret is no key of Standard Webhooks, and a public key none of the others.
            let secret = if standard(&other.scheme) { SYMMETRIC } else { delivery.secret.trim_start_matches("whpk_") };
            if !same {
                let strange = Delivery { scheme: other.scheme.clone(), secret: secret.to_owned(), ..delivery.clone() };
                assert_ne!(strange.verdict(), "valid", "{} as {}", delivery.name, other.scheme.as_str());
            }
        }
    }
}

#[test]
fn a_timestamp_belongs_to_its_signature() {
    let mut changed = 0;
    for delivery in all() {
        let Some(signed_at) = delivery.verify().unwrap().signed_at() else { continue };
        let seconds = signed_at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let signed = seconds.to_string();
        let written = delivery.headers.iter().map(|(name, value)| (name, String::from_utf8(value.clone()).unwrap()));
        for (name, value) in written.filter(|(_, value)| value.contains(&signed)) {
            let (later, milliseconds) = (format!("{}", seconds + 1), format!("{signed}000"));
            for other in [later, milliseconds, format!("0{signed}"), format!("+{signed}"), String::new()] {
                let swapped = delivery.with_header(name, value.replace(&signed, &other));
                assert_ne!(swapped.verdict(), "valid", "{}: {other}", delivery.name);
                changed += 1;
            }
        }
    }
    assert!(changed >= 50, "{changed}");
}

#[test]
fn milliseconds_are_far_in_the_future() {
    for (scheme, secret) in [(Scheme::Stripe, "whsec_a"), (Scheme::TikTok, "a"), (Scheme::StandardWebhooks, SYMMETRIC)]
    {
        let signer = WebhookSigner::new(scheme.clone(), [Secret::from(secret)]).unwrap();
        let verifier = Verifier::new(scheme, [Secret::from(secret)]).unwrap().with_runtime(runtime(NOW));
        let headers = signer.sign("m", time(NOW * 1_000), b"{}").unwrap();
        assert_eq!(verifier.verify(&headers, "{}").unwrap_err().code(), "too_new");
        let years = Duration::from_secs(100_000 * 365 * 86_400);
        assert!(verifier.with_max_skew(years).verify(&headers, "{}").is_err(), "no window is as wide as that");
    }
}

#[test]
fn lists_are_separated_as_their_scheme_says() {
    let secrets = || [SYMMETRIC, OTHER].map(Secret::from);
    let body = "{}";
    let check = |scheme: Scheme, header: &str, ours: &str, others: [&str; 2]| {
        let signer = WebhookSigner::new(scheme.clone(), secrets()).unwrap();
        let headers = headers_of(&signer.sign("m", time(NOW), body.as_bytes()).unwrap());
        let delivery = Delivery {
            name: header.to_owned(),
            scheme,
            secret: SYMMETRIC.to_owned(),
            now: NOW,
            headers,
            body: body.into(),
        };
        assert_eq!(delivery.verdict(), "valid");
        let list = String::from_utf8(delivery.headers[header].clone()).unwrap();
        assert!(list.contains(ours));
        for other in others {
            let changed = delivery.with_header(header, list.replace(ours, other));
            assert_ne!(changed.verdict(), "valid", "{header} separated by `{other}`");
        }
    };
    check(Scheme::StandardWebhooks, "webhook-signature", " ", [",", ";"]);
    check(Scheme::Stripe, "stripe-signature", ",", [" ", ";"]);
}

#[test]
fn what_is_signed_cannot_be_divided_otherwise() {
    // `m.1767225600.1767225600.{}` is signed; another id, or another body, would make the same bytes.
    let signer = WebhookSigner::new(Scheme::StandardWebhooks, [Secret::from(SYMMETRIC)]).unwrap();
    let body = format!("{NOW}.{{}}");
    let headers = headers_of(&signer.sign("m", time(NOW), body.as_bytes()).unwrap());
    let (name, secret) = (String::new(), SYMMETRIC.to_owned());
    let delivery = Delivery { name, scheme: Scheme::StandardWebhooks, secret, now: NOW, headers, body: body.into() };
    assert_eq!(delivery.verdict(), "valid");
    let shifted = delivery.with_header("webhook-id", format!("m.{NOW}")).with_body("{}");
    assert_eq!(shifted.verdict(), "malformed");
}

#[test]
fn ten_thousand_candidates_are_refused_before_anything_is_hashed() {
    let verifier = |scheme| Verifier::new(scheme, [Secret::from(SYMMETRIC)]).unwrap().with_runtime(runtime(NOW));
    let mac = "0".repeat(64);
    let mut headers = http::HeaderMap::new();
    let list = format!("t={NOW}{}", format!(",v1={mac}").repeat(10_000));
    headers.insert("stripe-signature", HeaderValue::try_from(list).unwrap());
    let refused = verifier(Scheme::Stripe).verify(&headers, "{}").unwrap_err();
    assert_eq!(refused.to_string(), "the header `stripe-signature` offers more than 16 signatures");
    let list = "v1a,AAAA ".repeat(10_000);
    headers.insert("webhook-id", HeaderValue::from_static("m"));
    headers.insert("webhook-timestamp", HeaderValue::from(NOW));
    headers.insert("webhook-signature", HeaderValue::try_from(list).unwrap());
    let refused = verifier(Scheme::StandardWebhooks).verify(&headers, "{}").unwrap_err();
    assert_eq!(refused.to_string(), "the header `webhook-signature` offers more than 16 signatures");
}
