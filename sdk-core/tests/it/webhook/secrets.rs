//! What is refused when a verifier or a signer is made, and what is printed of those that are.

use std::time::{Duration, SystemTime};

use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use acd_core::{ErrorKind, Result, Secret};

const SYMMETRIC: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const PRIVATE: &str = "whsk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";
const PUBLIC: &str = "whpk_JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";

fn problem<T>(made: Result<T>) -> String {
    let Err(error) = made else { panic!("it was accepted") };
    assert_eq!(error.kind(), ErrorKind::Configuration);
    error.message().to_owned()
}

fn verifier(scheme: Scheme, secrets: &[&str]) -> Result<Verifier> {
    Verifier::new(scheme, secrets.iter().map(|text| Secret::from(*text)))
}

fn signer(scheme: Scheme, secrets: &[&str]) -> Result<WebhookSigner> {
    WebhookSigner::new(scheme, secrets.iter().map(|text| Secret::from(*text)))
}

#[test]
fn secrets_that_cannot_work_are_refused_by_name_and_place() {
    let stripe = |secrets: &[&str]| problem(verifier(Scheme::Stripe, secrets));
    assert_eq!(stripe(&[]), "there is no webhook secret of `stripe`: give at least one");
    for blank in ["", " ", "\n"] {
        let shown = "webhook secret 2 of `stripe` is blank: set it to the one that the sender shows";
        assert_eq!(stripe(&["whsec_a", blank]), shown);
    }
    assert!(stripe(&["whsec_a\n"]).contains("white space"));
    let standard = |secret: &str| problem(verifier(Scheme::StandardWebhooks, &[secret]));
    assert!(standard("whsec_").contains("shorter than the 24 bytes"));
    assert!(standard("whsec_AAAA").contains("shorter than the 24 bytes"));
    assert!(standard("whsec_not base64").contains("is not base64"));
    assert!(standard("whpk_AAAA").contains("public key of 32 bytes"));
    assert!(standard(PRIVATE).contains("a receiver needs the public one"));
    assert!(problem(signer(Scheme::Svix, &[PUBLIC])).contains("a sender needs the secret one"));
    let shop = Scheme::TikTokShop { app_key: " ".to_owned() };
    assert_eq!(problem(verifier(shop, &["a"])), "the webhook scheme `tiktok_shop` needs the app key, which is blank");
}

#[test]
fn a_signer_has_as_many_secrets_as_its_scheme_has_room_for() {
    for scheme in [Scheme::Meta, Scheme::TikTok, Scheme::RemotionLambda, Scheme::AcdV0] {
        assert!(problem(signer(scheme, &["a", "b"])).contains("carry one signature"));
    }
    assert!(signer(Scheme::Stripe, &["a", "b"]).is_ok());
    assert!(signer(Scheme::Resend, &[SYMMETRIC, PRIVATE]).is_ok());
}

#[test]
fn an_id_that_could_be_read_otherwise_is_not_signed() {
    let signer = signer(Scheme::StandardWebhooks, &[SYMMETRIC]).unwrap();
    for id in ["", "a.b", "a b", "a\nb", "é"] {
        let error = signer.sign(id, SystemTime::UNIX_EPOCH, b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{id}");
    }
}

#[test]
fn a_time_before_1970_counts_as_its_start() {
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let headers = signer(Scheme::Svix, &[SYMMETRIC]).unwrap().sign("m", before, b"").unwrap();
    assert_eq!(headers["svix-timestamp"], "0");
}

#[test]
fn secrets_are_never_printed() {
    let secret = "whsec_cGxhbnRlZC1wbGFudGVkLXBsYW50ZWQtcGxhbnRlZA==";
    let printed = format!(
        "{:?} {:?} {:?} {:?}",
        verifier(Scheme::Stripe, &[secret]).unwrap(),
        verifier(Scheme::Svix, &[secret]).unwrap(),
        signer(Scheme::Svix, &[secret]).unwrap(),
        verifier(Scheme::Svix, &["whsec_planted-"]).unwrap_err(),
    );
    assert!(!printed.contains("planted") && !printed.contains("cGxhbnRlZC"), "{printed}");
    assert!(!printed.contains("112, 108, 97, 110"), "nor its bytes: {printed}");
    assert!(printed.contains("secrets: 1"), "{printed}");
}
