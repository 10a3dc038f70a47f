//! Signed calls between services, with some headers exchanged among those that were signed.
#![no_main]

use acd_core::replay::MemoryReplayGuard;
use acd_core::signing::{MessageSigner, MessageVerifier, SigningKey, StaticKeys};
use acd_core::testing::ManualClock;
use acd_core::{Body, Request, Secret, Signer as _};
use acd_fuzz::message;
use http::{Method, Uri};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

fn parts(headers: &http::HeaderMap) -> Option<http::request::Parts> {
    let mut request = http::Request::post("https://service.test/v1/things?page=1").body(()).ok()?;
    *request.headers_mut() = headers.clone();
    Some(request.into_parts().0)
}

fuzz_target!(|input: &[u8]| {
    let (exchanged, body) = message(input);
    let clock = ManualClock::new();
    let runtime = clock.runtime();
    let Ok(key) = SigningKey::hmac_sha256(&Secret::from(SECRET)) else { panic!("the key has the right form") };
    let keys = StaticKeys::new().with("svc-1", key.verifying_key());
    let guard = MemoryReplayGuard::new(16, runtime.clone());
    let verifier = MessageVerifier::new(keys, guard).runtime(runtime.clone());
    let Some(unsigned) = parts(&exchanged) else { return };
    let refused = clock.run(verifier.verify(&unsigned, &body));
    assert!(refused.is_err(), "a signature was forged: {refused:?}");

    let uri = Uri::from_static("https://service.test/v1/things?page=1");
    let mut request = Request::new(Method::POST, uri);
    *request.body_mut() = Body::from(body.clone());
    let Ok(signer) = MessageSigner::new("svc-1", key) else { panic!("the id has the right form") };
    if signer.sign(&mut request, &runtime).is_err() {
        return;
    }
    for (name, value) in &exchanged {
        request.headers_mut().insert(name.clone(), value.clone());
    }
    let Some(parts) = parts(request.headers()) else { return };
    let mut longer = body.to_vec();
    longer.push(b' ');
    let altered = clock.run(verifier.verify(&parts, &longer));
    assert!(altered.is_err(), "another body is not authentic: {altered:?}");
    let first = clock.run(verifier.verify(&parts, &body));
    assert!(!exchanged.is_empty() || first.is_ok(), "what was signed is authentic: {first:?}");
    if first.is_ok() {
        assert!(clock.run(verifier.verify(&parts, &body)).is_err(), "a call is taken once");
    }
});
