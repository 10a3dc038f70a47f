//! Verification in steps, with the HMACs computed elsewhere.

use acd_core::Secret;
use acd_core::webhook::{HeaderField, HmacHash, Scheme, Verifier};

use super::runtime;

/// HMAC-SHA-256 of `{}` with the key `hunter2`, by `openssl dgst`.
const OWN: &str = "603176255680307a81ec5b984e3a7b4143d0aef1fd1576987618e55c50868ad7";

fn verifier(scheme: Scheme, secrets: &[&str]) -> Verifier {
    Verifier::new(scheme, secrets.iter().map(|secret| Secret::from(*secret))).unwrap().with_runtime(runtime(1_000))
}

#[test]
fn what_the_host_says_is_the_mac_of_each_secret() {
    let verifier = verifier(Scheme::Meta, &["other", "hunter2"]);
    assert_eq!(verifier.expose_hmac_keys().unwrap(), (HmacHash::Sha256, vec![&b"other"[..], b"hunter2"]));
    let header = format!("sha256={OWN}");
    let claimed = verifier.claim([HeaderField::Once(header.as_bytes())]).unwrap();
    assert_eq!(claimed.matches(b"{}").unwrap(), 1);
    let others = &*"ab".repeat(32);
    let judge = |macs: &[&str]| claimed.matches_macs(macs.iter().copied()).map_err(|error| error.code());
    assert_eq!(judge(&[others, OWN]), Ok(1));
    assert_eq!(judge(&[OWN, others]), Ok(0));
    let loud = &*OWN.to_uppercase();
    for wrong in [&[][..], &[others], &["", &OWN[..62]], &[loud], &[others, others, OWN]] {
        assert_eq!(judge(wrong), Err("no_match"), "{wrong:?}");
    }
}

#[test]
fn the_steps_say_what_there_is_to_hash_and_to_judge() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let svix = verifier(Scheme::Svix, &[secret]);
    assert_eq!(svix.header_names().len(), 6);
    let signature = format!("v1,{}=", "A".repeat(43));
    let values = ["msg_1", "1000", &signature].map(|value| HeaderField::Once(value.as_bytes()));
    let [id, time, signatures] = values;
    let absent = [HeaderField::Absent; 3];
    for found in [[values, absent].concat(), [absent, values].concat()] {
        let claimed = svix.claim(found).unwrap();
        assert_eq!(claimed.preamble().concat(), b"msg_1.1000.");
        assert_eq!((claimed.id(), claimed.seconds()), (Some("msg_1"), Some(1_000)));
    }
    for (found, code) in [
        (vec![id, HeaderField::Repeated, signatures], "malformed"),
        (vec![id, time], "missing_header"),
        (vec![HeaderField::Absent, time, signatures, id], "missing_header"),
        (vec![], "missing_header"),
    ] {
        assert_eq!(svix.claim(found).unwrap_err().code(), code);
    }
    assert_eq!(svix.timing(Some(1_301)).unwrap_err().code(), "too_new");
    assert_eq!((svix.id_fields(), svix.time_field()), (&[][..], None));
    let shop = verifier(Scheme::TikTokShop { app_key: "app".to_owned() }, &["s"]);
    assert_eq!((shop.id_fields(), shop.time_field()), (&["tts_notification_id"][..], Some("timestamp")));
}

#[test]
fn a_key_of_ed25519_takes_the_body_itself() {
    let public = "whpk_JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    let both = verifier(Scheme::StandardWebhooks, &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", public]);
    assert!(both.expose_hmac_keys().is_none());
    let signature = format!("v1a,{}", "A".repeat(86) + "==");
    let values = ["msg_1", "1000", &signature].map(|value| HeaderField::Once(value.as_bytes()));
    let claimed = both.claim(values).unwrap();
    assert_eq!(claimed.matches_macs([OWN, OWN]).unwrap_err().code(), "no_match");
}
