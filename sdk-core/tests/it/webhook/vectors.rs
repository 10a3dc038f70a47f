//! The vectors in `tests/vectors`, each with the reason that it names.

use acd_core::Secret;
use acd_core::webhook::{Scheme, WebhookSigner};
use serde_json::Value;

use super::{Delivery, time};

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text(case: &Value, field: &str) -> String {
    case[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {case}")).to_owned()
}

fn list<'a>(file: &'a Value, field: &str) -> &'a Vec<Value> {
    file[field].as_array().unwrap()
}

/// A case with the verdict that its file expects, in the file's words.
type Case = (Delivery, String);

fn delivery(case: &Value, scheme: Scheme, secret: String, now: u64, headers: Vec<(String, String)>) -> Delivery {
    let body = case.get("body").or(case.get("raw_body")).and_then(Value::as_str).unwrap_or_default().to_owned();
    let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value.into_bytes())).collect();
    Delivery { name: text(case, "name"), scheme, secret, now, headers, body: body.into() }
}

pub(super) fn stripe() -> Vec<Case> {
    let file = read(include_str!("../../vectors/stripe_signature.json"));
    let case = |case: &Value| {
        let headers = vec![(text(&file, "header"), text(case, "header"))];
        let now = case["now"].as_u64().unwrap();
        let expected = case.get("expect_if_future_skew_enforced").unwrap_or(&case["expect"]).as_str().unwrap();
        (delivery(case, Scheme::Stripe, text(case, "secret"), now, headers), expected.to_owned())
    };
    list(&file, "cases").iter().map(case).collect()
}

pub(super) fn standard() -> Vec<Case> {
    let file = read(include_str!("../../vectors/standard_webhooks.json"));
    let case = |case: &Value| {
        let headers = case["headers"].as_object().unwrap().iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let secret = case.get("secret").unwrap_or(&case["public_key"]).as_str().unwrap().to_owned();
        let now = case["now"].as_u64().unwrap();
        (delivery(case, Scheme::StandardWebhooks, secret, now, headers), text(case, "expect"))
    };
    list(&file, "cases").iter().map(case).collect()
}

pub(super) fn tiktok() -> Vec<Case> {
    let file = read(include_str!("../../vectors/tiktok_webhooks.json"));
    let case = |case: &Value| {
        let headers = vec![(text(case, "header_name"), text(case, "header_value"))];
        let (scheme, secret) = match case["scheme"].as_str().unwrap() {
            "tiktok_shop" => (Scheme::TikTokShop { app_key: text(case, "app_key") }, text(case, "app_secret")),
            // The cases about the header's form alone have none.
            _ => (Scheme::TikTok, case["client_secret"].as_str().unwrap_or("none").to_owned()),
        };
        let body: Value = case["raw_body"].as_str().map_or(Value::Null, read);
        let now = case["now"].as_u64().or(body["timestamp"].as_u64()).unwrap_or(0);
        (delivery(case, scheme, secret, now, headers), text(case, "expect"))
    };
    list(&file, "vectors").iter().map(case).collect()
}

pub(super) fn body_macs() -> Vec<Case> {
    let file = read(include_str!("../../vectors/body_macs.json"));
    let case = |case: &Value| {
        let scheme = match case["scheme"].as_str().unwrap() {
            "meta" => Scheme::Meta,
            "remotion_lambda" => Scheme::RemotionLambda,
            _ => Scheme::AcdV0,
        };
        let headers = vec![(text(case, "header"), text(case, "value"))];
        (delivery(case, scheme, text(case, "secret"), 0, headers), text(case, "expect"))
    };
    list(&file, "cases").iter().map(case).collect()
}

/// What a word of the vectors means here.
fn code(expected: &str) -> &str {
    match expected {
        "no_v1_signature" => "unsigned",
        "malformed_header" | "invalid_header" => "malformed",
        "signature_mismatch" | "no_matching_signature" | "invalid_signature" => "no_match",
        "timestamp_out_of_tolerance" | "timestamp_too_old" | "invalid_stale" => "expired",
        "timestamp_in_future" => "too_new",
        // The case of a header whose secret is not published: it is understood, which is all that can be said.
        "parse_ok" => "no_match",
        // Hexadecimal in upper case: there is one spelling of a signature.
        "implementation_choice" => "no_match",
        other => other,
    }
}

fn check(cases: &[Case], count: usize) {
    assert_eq!(cases.len(), count);
    for (delivery, expected) in cases {
        assert_eq!(delivery.verdict(), code(expected), "{}", delivery.name);
    }
}

#[test]
fn every_vector_of_stripe_is_judged_as_expected() {
    check(&stripe(), 12);
}

#[test]
fn every_vector_of_standard_webhooks_is_judged_as_expected() {
    check(&standard(), 13);
}

#[test]
fn every_vector_of_tiktok_is_judged_as_expected() {
    check(&tiktok(), 19);
}

#[test]
fn every_vector_of_a_signed_body_is_judged_as_expected() {
    check(&body_macs(), 11);
}

#[test]
fn standard_vectors_hold_under_the_names_of_svix() {
    for (mut delivery, expected) in standard() {
        for scheme in [Scheme::Svix, Scheme::Resend] {
            delivery.scheme = scheme;
            assert_eq!(delivery.verdict(), code(&expected), "{} under the standard's own names", delivery.name);
        }
        let renamed = delivery.headers.into_iter().map(|(name, value)| (name.replace("webhook-", "svix-"), value));
        delivery.headers = renamed.collect();
        assert_eq!(delivery.verdict(), code(&expected), "{}", delivery.name);
        delivery.scheme = Scheme::StandardWebhooks;
        assert_eq!(delivery.verdict(), "missing_header", "{}", delivery.name);
    }
}

/// Valid deliveries with one signature each, of every scheme that has vectors. In the others a part of the header says
/// nothing, so that changing it changes nothing.
pub(super) fn plain() -> Vec<Delivery> {
    const WITH_MORE: [&str; 8] = [
        "v0_scheme_ignored",
        "multiple_v1_second_matches",
        "unreadable_v1_skipped",
        "rotation_second_matches",
        "ed25519_v1a_beside_foreign_v1",
        "unknown_version_skipped",
        "elements in the other order",
        "unknown extra element",
    ];
    let all = [stripe(), standard(), tiktok(), body_macs()].into_iter().flatten();
    let plain = all.filter(|(delivery, expected)| expected == "valid" && !WITH_MORE.contains(&&*delivery.name));
    plain.map(|(delivery, _)| delivery).collect()
}

#[test]
fn signing_reproduces_the_vectors() {
    let ed25519 = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    let mut reproduced = 0;
    // A space that a reader has to expect and that no signer writes.
    for delivery in plain().into_iter().filter(|delivery| delivery.name != "space after the comma") {
        let secret = if delivery.secret.starts_with("whpk_") { ed25519 } else { &delivery.secret };
        let signer = WebhookSigner::new(delivery.scheme.clone(), [Secret::from(secret)]).unwrap();
        let verified = delivery.verify().unwrap();
        let id = delivery.headers.get("webhook-id").map(|id| String::from_utf8(id.clone()).unwrap());
        let at = verified.signed_at().unwrap_or(time(0));
        let headers = signer.sign(id.as_deref().unwrap_or_default(), at, &delivery.body).unwrap();
        assert_eq!(super::headers_of(&headers), delivery.headers, "{}", delivery.name);
        reproduced += 1;
    }
    assert!(reproduced >= 17, "{reproduced}");
}
