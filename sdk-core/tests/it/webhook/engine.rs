//! HMACs that are computed elsewhere.

use std::sync::Mutex;

use acd_core::Secret;
use acd_core::webhook::{HmacEngine, HmacHash, Scheme, Verifier};
use http::{HeaderMap, HeaderValue};

/// The hash, the secret and the content.
type Asked = (HmacHash, Vec<u8>, Vec<u8>);

/// Answers with what it was made with, and notes what it was asked.
struct Fixed(Option<Vec<u8>>, &'static Mutex<Vec<Asked>>);

impl HmacEngine for Fixed {
    fn hmac(&self, hash: HmacHash, secret: &[u8], content: &[&[u8]]) -> Option<Vec<u8>> {
        self.1.lock().unwrap().push((hash, secret.to_vec(), content.concat()));
        self.0.clone()
    }
}

fn verdict(mac: Option<Vec<u8>>, signature: &str) -> (&'static str, Vec<Asked>) {
    let asked: &'static Mutex<_> = Box::leak(Box::default());
    let verifier = Verifier::new(Scheme::Meta, [Secret::from("hunter2")]).unwrap().with_hmac(Fixed(mac, asked));
    let mut headers = HeaderMap::new();
    headers.insert("x-hub-signature-256", HeaderValue::try_from(format!("sha256={signature}")).unwrap());
    let verdict = verifier.verify(&headers, "{}").map_or_else(|error| error.code(), |_| "valid");
    (verdict, asked.lock().unwrap().clone())
}

#[test]
fn what_the_engine_says_is_the_mac_and_what_it_leaves_is_computed_here() {
    // HMAC-SHA-256 of `{}` with the key `hunter2`, by `openssl dgst`.
    let own = "603176255680307a81ec5b984e3a7b4143d0aef1fd1576987618e55c50868ad7";
    let others = "ab".repeat(32);
    let (judged, asked) = verdict(Some(vec![0xab; 32]), &others);
    assert_eq!(judged, "valid");
    assert_eq!(asked, [(HmacHash::Sha256, b"hunter2".to_vec(), b"{}".to_vec())]);
    assert_eq!(verdict(Some(vec![0xab; 32]), own).0, "no_match");
    for left in [None, Some(vec![0xab; 31]), Some(Vec::new())] {
        assert_eq!(verdict(left.clone(), own).0, "valid");
        assert_eq!(verdict(left, &others).0, "no_match");
    }
}
