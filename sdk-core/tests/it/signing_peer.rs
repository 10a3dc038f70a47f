//! An independent implementation of RFC 9421 agrees with ours in both directions.

use acd_core::Secret;
use acd_core::replay::MemoryReplayGuard;
use acd_core::signing::{MessageSigner, MessageVerifier, SigningKey, StaticKeys, VerifyingKey};
use acd_core::testing::{Harness, RecordedRequest, answer};
use futures_util::FutureExt as _;
use httpsig::prelude::message_component::HttpMessageComponent;
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, PublicKey, SecretKey, SharedKey,
    VerifyingKey as _,
};

const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
";
const BODY: &str = "{\"amount\":3}";
const DIGEST: &str = "sha-256=:bUcBDkB926R9hGDpw5hOUVMJ/RXq8V0lBedsvSE9+RU=:";

/// The lines of a request that the profile covers, written down by hand.
fn lines(request: &RecordedRequest) -> Vec<String> {
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    vec![
        format!("\"@method\": {}", request.method),
        "\"@authority\": server.test".to_owned(),
        "\"@path\": /v1/things".to_owned(),
        "\"@query\": ?a=b%20c".to_owned(),
        format!("\"content-type\": {}", header("content-type")),
        format!("\"content-digest\": {}", header("content-digest")),
        format!("\"idempotency-key\": {}", header("idempotency-key")),
    ]
}

fn sent_with(key: SigningKey) -> RecordedRequest {
    let harness = Harness::new([answer(200)]);
    let client = harness.client().signer(MessageSigner::new("svc", key).unwrap()).build().unwrap();
    let call =
        client.call(&Harness::POST_KEYED).query("a", "b c").header("content-type", "application/json").body(BODY);
    harness.run(call.send()).unwrap();
    harness.requests().remove(0)
}

#[test]
fn what_we_sign_the_peer_verifies() {
    let shared = SharedKey::from_base64(&AlgorithmName::HmacSha256, SECRET).unwrap();
    let public = PublicKey::from_pem(&AlgorithmName::Ed25519, PUBLIC).unwrap();
    let check = |key: SigningKey, verify: &dyn Fn(&[u8], &[u8]) -> bool| {
        let request = sent_with(key);
        let [input, signature] = ["signature-input", "signature"].map(|name| request.headers[name].to_str().unwrap());
        // The peer puts the parameters of others into an order of its own, so the base is joined here, and its parser and
        // its cryptography are what is asked.
        let read = HttpSignatureHeaders::try_parse(signature, input).unwrap();
        assert_eq!(read["sig1"].signature_params().covered_components.len(), 7);
        let base = format!("{}\n\"@signature-params\": {}", lines(&request).join("\n"), &input["sig1=".len()..]);
        let signature = base64_of(&read["sig1"].signature().to_string());
        assert!(verify(base.as_bytes(), &signature), "{base}");
        assert!(!verify(base.replace("?a=b", "?a=c").as_bytes(), &signature));
    };
    check(SigningKey::hmac_sha256(&Secret::from(SECRET)).unwrap(), &|base, signature| {
        shared.verify(base, signature).is_ok()
    });
    check(SigningKey::ed25519(&Secret::from(PRIVATE)).unwrap(), &|base, signature| {
        public.verify(base, signature).is_ok()
    });
}

#[test]
fn what_the_peer_signs_we_verify() {
    let shared = SharedKey::from_base64(&AlgorithmName::HmacSha256, SECRET).unwrap();
    let private = SecretKey::from_pem(&AlgorithmName::Ed25519, PRIVATE).unwrap();
    let keys = StaticKeys::new()
        .with("shared", VerifyingKey::hmac_sha256(&Secret::from(SECRET)).unwrap())
        .with("pair", VerifyingKey::ed25519(PUBLIC).unwrap());
    let harness = Harness::new([]);
    let runtime = harness.clock().runtime();
    let verifier = MessageVerifier::new(keys, MemoryReplayGuard::new(2, runtime.clone())).runtime(runtime);
    let plain = sent_with(SigningKey::hmac_sha256(&Secret::from(SECRET)).unwrap());
    assert_eq!(plain.headers["content-digest"], DIGEST);
    for id in ["shared", "pair"] {
        let lines: Vec<_> =
            lines(&plain).iter().map(|line| HttpMessageComponent::try_from(line.as_str()).unwrap()).collect();
        let names = "(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"content-digest\" \
                     \"idempotency-key\")";
        let mut parameters = HttpSignatureParams::try_from(names).unwrap();
        parameters.set_created(1_767_225_600).set_expires(1_767_225_660).set_random_nonce().set_tag("sdk-internal");
        let headers = match id {
            "shared" => headers_of(&lines, parameters.set_key_info(&shared).set_keyid(id), &shared),
            _ => headers_of(&lines, parameters.set_key_info(&private).set_keyid(id), &private),
        };
        let mut request = http::Request::builder().method(&plain.method).uri(&plain.uri);
        for name in ["content-type", "content-digest", "idempotency-key"] {
            request = request.header(name, &plain.headers[name]);
        }
        let request = request
            .header("signature-input", headers.signature_input_header_value())
            .header("signature", headers.signature_header_value());
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let service = verifier.verify(&parts, BODY.as_bytes()).now_or_never().unwrap().unwrap();
        assert_eq!(service.key_id, id);
    }
}

fn headers_of(
    lines: &[HttpMessageComponent],
    parameters: &HttpSignatureParams,
    key: &impl httpsig::prelude::SigningKey,
) -> HttpSignatureHeaders {
    let base = HttpSignatureBase::try_new(lines, parameters).unwrap();
    base.build_signature_headers(key, Some("from-peer")).unwrap()
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
