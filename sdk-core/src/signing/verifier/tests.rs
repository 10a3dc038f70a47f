use futures_util::FutureExt as _;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Uri};
use proptest::prelude::*;

use super::super::profile::{IDEMPOTENCY_KEY, SIGNATURE, SIGNATURE_INPUT};
use super::super::{MessageSigner, Signer as _, SigningKey, vectors};
use super::*;
use crate::replay::MemoryReplayGuard;
use crate::request::Body;
use crate::secret::Secret;
use crate::testing::ManualClock;

const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
const BODY: &[u8] = br#"{"amount":3}"#;

struct Away;

impl ReplayGuard for Away {
    async fn check_and_remember(&self, _: &str, _: SystemTime) -> Result<Sighting> {
        Err(Error::new(ErrorKind::Connect, "the memory is away"))
    }

    async fn forget(&self, _: &str) -> Result<()> {
        Ok(())
    }
}

struct NoKeys;

impl KeyResolver for NoKeys {
    async fn resolve(&self, _: &str) -> Result<Vec<crate::signing::VerifyingKey>> {
        Err(Error::new(ErrorKind::Connect, "the key table is away"))
    }
}

fn hmac() -> SigningKey {
    SigningKey::hmac_sha256(&Secret::from(SECRET)).unwrap()
}

fn ed25519() -> SigningKey {
    SigningKey::ed25519(&Secret::from(SEED)).unwrap()
}

fn keys() -> StaticKeys {
    StaticKeys::new()
        .with("svc-remotion-1", hmac().verifying_key())
        .with("hmac", hmac().verifying_key())
        .with("ed25519", ed25519().verifying_key())
}

fn memory(clock: &ManualClock) -> MemoryReplayGuard {
    MemoryReplayGuard::new(16, clock.runtime())
}

fn verifier(clock: &ManualClock) -> MessageVerifier<StaticKeys, MemoryReplayGuard> {
    MessageVerifier::new(keys(), memory(clock)).runtime(clock.runtime())
}

fn request() -> crate::Request {
    let mut request = crate::Request::new(Method::POST, Uri::from_static("https://api.test/v1/usage?dry_run=false"));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(IDEMPOTENCY_KEY, HeaderValue::from_static("k1"));
    *request.body_mut() = Body::from(BODY.to_vec());
    request
}

fn sign_with(signer: &MessageSigner, clock: &ManualClock, mut request: crate::Request) -> Parts {
    // The clock's own randomness begins anew with each runtime, and so would the nonces.
    signer.sign(&mut request, &Runtime::system().with_clock(clock.clone())).unwrap();
    let (method, uri, headers, _) = request.into_parts();
    let mut signed = Request::new(());
    *signed.method_mut() = method;
    *signed.uri_mut() = uri;
    *signed.headers_mut() = headers;
    signed.into_parts().0
}

fn signed(clock: &ManualClock) -> Parts {
    sign_with(&MessageSigner::new("hmac", hmac()).unwrap(), clock, request())
}

fn verify<R: ReplayGuard>(
    verifier: &MessageVerifier<StaticKeys, R>,
    parts: &Parts,
    body: &[u8],
) -> Result<String, &'static str> {
    let verified = verifier.verify(parts, body).now_or_never().unwrap();
    verified.map(|service| service.key_id).map_err(|error| error.code())
}

/// What a fresh verifier makes of it.
fn judge(clock: &ManualClock, parts: &Parts, body: &[u8]) -> Result<String, &'static str> {
    verify(&verifier(clock), parts, body)
}

fn replace(parts: &mut Parts, name: HeaderName, from: &str, to: &str) {
    let value = parts.headers[&name].to_str().unwrap();
    assert!(value.contains(from), "{value}");
    parts.headers.insert(name, HeaderValue::from_str(&value.replacen(from, to, 1)).unwrap());
}

#[test]
fn what_is_signed_is_accepted_once() {
    let clock = ManualClock::new();
    for (id, key) in [("hmac", hmac()), ("ed25519", ed25519())] {
        let parts = sign_with(&MessageSigner::new(id, key).unwrap(), &clock, request());
        let verifier = verifier(&clock);
        assert_eq!(verify(&verifier, &parts, BODY).as_deref(), Ok(id));
        assert_eq!(verify(&verifier, &parts, BODY), Err("replayed"));
        let again = sign_with(&MessageSigner::new("hmac", hmac()).unwrap(), &clock, request());
        assert_ne!(verify(&verifier, &again, BODY), Err("replayed"), "another nonce, or another key");
    }
}

#[test]
fn a_request_without_body_needs_no_digest() {
    let clock = ManualClock::new();
    let bare = crate::Request::new(Method::GET, Uri::from_static("https://api.test"));
    let parts = sign_with(&MessageSigner::new("hmac", hmac()).unwrap(), &clock, bare);
    assert!(!parts.headers.contains_key(CONTENT_DIGEST));
    assert_eq!(judge(&clock, &parts, b"").as_deref(), Ok("hmac"));
    assert_eq!(judge(&clock, &parts, b"x"), Err("incomplete"), "and gets none later");
}

#[test]
fn the_recorded_request_of_the_profile_is_accepted_and_those_of_the_rfc_lack_too_much() {
    let clock = ManualClock::new();
    let (parts, body) = vectors::own().signed();
    assert_eq!(judge(&clock, &parts, body.as_bytes()).as_deref(), Ok("svc-remotion-1"));
    for case in vectors::cases().iter().filter(|case| case.label != "sig1") {
        let (parts, body) = case.signed();
        assert_eq!(judge(&clock, &parts, body.as_bytes()), Err("unsigned"), "{} has no tag", case.name);
    }
}

#[test]
fn no_character_of_a_signed_request_can_be_changed() {
    let clock = ManualClock::new();
    let (original, body) = vectors::own().signed();
    let names: Vec<HeaderName> = original.headers.keys().cloned().collect();
    for name in names {
        let value = original.headers[&name].as_bytes().to_vec();
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
            let mut parts = original.clone();
            parts.headers.insert(&name, HeaderValue::from_bytes(&changed).unwrap());
            // The label is a name alone, but both fields must agree on it.
            assert!(judge(&clock, &parts, body.as_bytes()).is_err(), "{name}: character {at}");
        }
        let mut parts = original.clone();
        parts.headers.remove(&name);
        assert!(judge(&clock, &parts, body.as_bytes()).is_err(), "without {name}");
    }
    for at in 0..body.len() {
        let mut changed = body.clone().into_bytes();
        changed[at] ^= 1;
        assert_eq!(judge(&clock, &original, &changed), Err("wrong_digest"));
    }
}

#[test]
fn no_part_of_the_request_line_can_be_changed() {
    let clock = ManualClock::new();
    let original = signed(&clock);
    for uri in [
        "https://api.test/v1/usage?dry_run=true",
        "https://api.test/v1/usage",
        "https://api.test/v1/Usage?dry_run=false",
        "https://api.test/v1/usage/?dry_run=false",
        "https://other.test/v1/usage?dry_run=false",
        "https://api.test:8443/v1/usage?dry_run=false",
    ] {
        let mut parts = original.clone();
        parts.uri = Uri::from_static(uri);
        assert_eq!(judge(&clock, &parts, BODY), Err("wrong_signature"), "{uri}");
    }
    let mut parts = original;
    parts.method = Method::PUT;
    assert_eq!(judge(&clock, &parts, BODY), Err("wrong_signature"));
}

#[test]
fn a_server_that_sees_the_path_alone_takes_the_host_from_its_field() {
    let clock = ManualClock::new();
    let mut parts = signed(&clock);
    parts.uri = Uri::from_static("/v1/usage?dry_run=false");
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"), "no host at all");
    parts.headers.insert(HOST, HeaderValue::from_static("API.test:443"));
    assert_eq!(judge(&clock, &parts, BODY).as_deref(), Ok("hmac"));
    parts.headers.append(HOST, HeaderValue::from_static("evil.test"));
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"));
}

#[test]
fn every_component_of_the_profile_is_demanded() {
    let clock = ManualClock::new();
    for component in ["@method", "@authority", "@path", "@query", "content-type", "content-digest", "idempotency-key"] {
        let mut parts = signed(&clock);
        let quoted = format!("\"{component}\"");
        let input = parts.headers[SIGNATURE_INPUT].to_str().unwrap().replacen(&format!("{quoted} "), "", 1);
        let input = input.replacen(&format!(" {quoted}"), "", 1);
        assert!(!input.contains(&quoted));
        resign(&mut parts, &input);
        assert_eq!(judge(&clock, &parts, BODY), Err("incomplete"), "{component}");
    }
    let mut parts = signed(&clock);
    for name in [CONTENT_TYPE, IDEMPOTENCY_KEY] {
        let (mut added, quoted) = (parts.clone(), format!(" \"{name}\""));
        let input = parts.headers[SIGNATURE_INPUT].to_str().unwrap().replacen(&quoted, "", 1);
        added.headers.remove(&name);
        resign(&mut added, &input);
        assert_eq!(judge(&clock, &added, BODY).as_deref(), Ok("hmac"));
        added.headers.insert(&name, HeaderValue::from_static("text/plain"));
        assert_eq!(judge(&clock, &added, BODY), Err("incomplete"), "{name} cannot be added");
        parts = signed(&clock);
    }
}

/// Signs `input` as the holder of the key would, whatever it leaves out.
fn resign(parts: &mut Parts, input: &str) {
    parts.headers.insert(SIGNATURE_INPUT, HeaderValue::from_str(input).unwrap());
    let read = super::super::structured::dictionary(input).unwrap();
    let Some(super::super::structured::Member::List(list)) = read.get(LABEL) else { panic!("{input}") };
    let message = Message { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
    let base = signature_base(list, &message).unwrap();
    let signature = Bare::Bytes(hmac().sign(&base));
    parts.headers.insert(SIGNATURE, HeaderValue::try_from(format!("{LABEL}={signature}")).unwrap());
}

#[test]
fn every_parameter_is_demanded_and_of_its_kind() {
    let clock = ManualClock::new();
    let whole = signed(&clock);
    let input = whole.headers[SIGNATURE_INPUT].to_str().unwrap().to_owned();
    for name in ["created", "expires", "nonce", "keyid", "alg"] {
        let start = input.find(&format!(";{name}=")).unwrap();
        let end = input[start + 1..].find(';').map_or(input.len(), |at| start + 1 + at);
        for (to, because) in [(String::new(), "missing"), (format!(";{name}=?1"), "of another kind")] {
            let mut parts = whole.clone();
            let changed = format!("{}{to}{}", &input[..start], &input[end..]);
            resign(&mut parts, &changed);
            assert_eq!(judge(&clock, &parts, BODY), Err("incomplete"), "{name} {because}");
        }
    }
    let mut parts = whole;
    resign(&mut parts, &input.replace(";nonce=\"", ";nonce=\"short\";was=\""));
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"));
}

#[test]
fn times_are_bounded_on_every_side() {
    let clock = ManualClock::new();
    let parts = signed(&clock);
    clock.advance(Duration::from_secs(300));
    assert_eq!(judge(&clock, &parts, BODY).as_deref(), Ok("hmac"), "the last second");
    clock.advance(Duration::from_secs(1));
    assert_eq!(judge(&clock, &parts, BODY), Err("untimely"));

    let ahead = ManualClock::new();
    ahead.advance(Duration::from_secs(30));
    let behind = ManualClock::new();
    assert_eq!(judge(&behind, &signed(&ahead), BODY).as_deref(), Ok("hmac"), "clocks may differ by 30 s");
    ahead.advance(Duration::from_secs(1));
    assert_eq!(judge(&behind, &signed(&ahead), BODY), Err("untimely"));

    let clock = ManualClock::new();
    for (created, expires) in [(0, 0), (0, 301), (300, 0), (-999_999_999_999_999, 999_999_999_999_999)] {
        let mut parts = signed(&clock);
        let input = parts.headers[SIGNATURE_INPUT].to_str().unwrap().to_owned();
        let shift = |by: i64| (1_767_225_600 + by).clamp(-999_999_999_999_999, 999_999_999_999_999);
        let input = input.replace("created=1767225600", &format!("created={}", shift(created)));
        let input = input.replace("expires=1767225900", &format!("expires={}", shift(expires)));
        resign(&mut parts, &input);
        assert_eq!(judge(&clock, &parts, BODY), Err("untimely"), "{created} {expires}");
    }

    let strict = verifier(&clock).max_age(Duration::from_secs(60));
    let parts = signed(&clock);
    clock.advance(Duration::from_secs(61));
    assert_eq!(verify(&strict, &parts, BODY), Err("untimely"));
    assert_eq!(judge(&clock, &parts, BODY).as_deref(), Ok("hmac"));
}

#[test]
fn a_body_held_back_until_the_nonce_is_forgotten_carries_no_replay() {
    let clock = ManualClock::new();
    let (parts, verifier) = (signed(&clock), verifier(&clock));
    let head = verifier.verify_head(&parts).now_or_never().unwrap().unwrap();
    clock.advance(Duration::from_secs(301));
    assert_eq!(head.confirm(BODY).now_or_never().unwrap().unwrap_err().code(), "untimely");
}

#[test]
fn a_nonce_is_remembered_for_longer_than_its_signature_could_pass() {
    let (here, elsewhere) = (ManualClock::new(), ManualClock::new());
    let memory = memory(&elsewhere);
    let parts = signed(&here);
    let first = MessageVerifier::new(keys(), memory.clone()).runtime(here.runtime());
    assert_eq!(verify(&first, &parts, BODY).as_deref(), Ok("hmac"));
    here.advance(Duration::from_secs(300));
    // The clock of the memory may run ahead by as much as is tolerated anywhere.
    elsewhere.advance(Duration::from_secs(329));
    assert_eq!(verify(&first, &parts, BODY), Err("replayed"));
}

#[test]
fn the_key_decides_on_the_algorithm() {
    let clock = ManualClock::new();
    let mut parts = signed(&clock);
    let input = parts.headers[SIGNATURE_INPUT].to_str().unwrap().replace("keyid=\"hmac\"", "keyid=\"ed25519\"");
    resign(&mut parts, &input);
    assert_eq!(judge(&clock, &parts, BODY), Err("wrong_algorithm"), "an HMAC under the name of an Ed25519 key");
    let claimed = input.replace("alg=\"hmac-sha256\"", "alg=\"ed25519\"");
    resign(&mut parts, &claimed);
    assert_eq!(judge(&clock, &parts, BODY), Err("wrong_signature"));
    let mut parts = signed(&clock);
    replace(&mut parts, SIGNATURE_INPUT, "keyid=\"hmac\"", "keyid=\"nobody\"");
    assert_eq!(judge(&clock, &parts, BODY), Err("unknown_key"));
}

#[test]
fn two_keys_under_one_id_are_valid_side_by_side() {
    let clock = ManualClock::new();
    let new = Secret::new(SECRET.replacen("uz", "zu", 1));
    let keys = StaticKeys::new()
        .with("svc", SigningKey::hmac_sha256(&new).unwrap().verifying_key())
        .with("svc", hmac().verifying_key())
        .with("svc", ed25519().verifying_key());
    let verifier = MessageVerifier::new(keys, memory(&clock)).runtime(clock.runtime());
    for key in [hmac(), SigningKey::hmac_sha256(&new).unwrap(), ed25519()] {
        let parts = sign_with(&MessageSigner::new("svc", key).unwrap(), &clock, request());
        assert_eq!(verify(&verifier, &parts, BODY).as_deref(), Ok("svc"));
        clock.advance(Duration::from_secs(1));
    }
}

#[test]
fn another_signature_on_the_request_is_neither_taken_nor_in_the_way() {
    let clock = ManualClock::new();
    let whole = signed(&clock);
    let mut parts = whole.clone();
    parts.headers.append(SIGNATURE_INPUT, HeaderValue::from_static("proxy=(\"@method\");keyid=\"p\";tag=\"edge\""));
    parts.headers.append(SIGNATURE, HeaderValue::from_static("proxy=:AAAA:"));
    assert_eq!(judge(&clock, &parts, BODY).as_deref(), Ok("hmac"));

    let mut other = whole.clone();
    replace(&mut other, SIGNATURE, "sig1=", "sig2=");
    assert_eq!(judge(&clock, &other, BODY), Err("malformed"), "the signature of another label");
    let mut tagged = whole.clone();
    replace(&mut tagged, SIGNATURE_INPUT, "sdk-internal", "edge");
    assert_eq!(judge(&clock, &tagged, BODY), Err("unsigned"), "a signature made for another purpose");

    for (name, line) in [(SIGNATURE_INPUT, "sig1=(\"@method\")"), (SIGNATURE, "sig1=:AAAA:")] {
        let mut twice = whole.clone();
        twice.headers.append(name, HeaderValue::from_static(line));
        assert_eq!(judge(&clock, &twice, BODY), Err("malformed"), "a label given twice");
    }
    let mut second = whole;
    let input = second.headers[SIGNATURE_INPUT].to_str().unwrap().replacen("sig1", "sig9", 1);
    second.headers.append(SIGNATURE_INPUT, HeaderValue::from_str(&input).unwrap());
    assert_eq!(judge(&clock, &second, BODY), Err("malformed"), "two of our tag");
}

#[test]
fn covered_fields_cannot_be_split_doubled_or_hidden() {
    let clock = ManualClock::new();
    let mut listed = request();
    listed.headers_mut().insert(IDEMPOTENCY_KEY, HeaderValue::from_static("a, b"));
    let mut parts = sign_with(&MessageSigner::new("hmac", hmac()).unwrap(), &clock, listed);
    parts.headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
    parts.headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("b"));
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"), "the same base, another first line");
    let mut parts = signed(&clock);
    parts.headers.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"));
    let mut parts = signed(&clock);
    parts.headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_bytes(b"k\xe9").unwrap());
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"), "not ASCII");
    let mut parts = signed(&clock);
    replace(&mut parts, SIGNATURE_INPUT, "(\"@method\" ", "(\"@method\" \"@method\" ");
    assert_eq!(judge(&clock, &parts, BODY), Err("malformed"), "a component named twice");
}

#[test]
fn a_field_on_top_of_the_profile_is_covered_where_both_sides_say_so() {
    let clock = ManualClock::new();
    let tenant = HeaderName::from_static("x-tenant");
    let mut with_tenant = request();
    with_tenant.headers_mut().insert(&tenant, HeaderValue::from_static("blue"));
    let plain = MessageSigner::new("hmac", hmac()).unwrap();
    let copy = with_tenant.try_clone().unwrap();
    let mut parts = sign_with(&plain.clone().cover(tenant.clone()), &clock, with_tenant);
    assert_eq!(verify(&verifier(&clock).cover(tenant.clone()), &parts, BODY).as_deref(), Ok("hmac"));
    parts.headers.insert(&tenant, HeaderValue::from_static("red"));
    assert_eq!(judge(&clock, &parts, BODY), Err("wrong_signature"));
    let parts = sign_with(&plain, &clock, copy);
    assert_eq!(verify(&verifier(&clock).cover(tenant), &parts, BODY), Err("incomplete"));
}

#[test]
fn a_request_for_another_host_is_refused_where_hosts_are_expected() {
    let clock = ManualClock::new();
    let parts = signed(&clock);
    assert_eq!(verify(&verifier(&clock).expect_authority("api.test"), &parts, BODY).as_deref(), Ok("hmac"));
    assert_eq!(verify(&verifier(&clock).expect_authority("other.test"), &parts, BODY), Err("wrong_authority"));
}

#[test]
fn a_memory_that_is_away_accepts_nothing_and_says_so() {
    let clock = ManualClock::new();
    let parts = signed(&clock);
    let verifier = MessageVerifier::new(keys(), Away).runtime(clock.runtime());
    let error = verifier.verify(&parts, BODY).now_or_never().unwrap().unwrap_err();
    assert!(error.is_unavailable() && error.to_string().starts_with("the nonces"), "{error}");
    let verifier = MessageVerifier::new(NoKeys, memory(&clock)).runtime(clock.runtime());
    let error = verifier.verify(&parts, BODY).now_or_never().unwrap().unwrap_err();
    assert!(error.is_unavailable() && error.to_string().starts_with("the keys"), "{error}");
}

#[test]
fn a_wrong_request_uses_up_no_nonce() {
    let clock = ManualClock::new();
    let (parts, verifier) = (signed(&clock), verifier(&clock));
    assert_eq!(verify(&verifier, &parts, b"tampered"), Err("wrong_digest"));
    assert_eq!(verify(&verifier, &parts, BODY).as_deref(), Ok("hmac"));
}

#[test]
fn what_is_accepted_is_told_in_a_field() {
    let clock = ManualClock::new();
    assert_eq!(
        verifier(&clock).accept_signature().unwrap(),
        "sig1=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"content-digest\" \
         \"idempotency-key\");created;expires;tag=\"sdk-internal\""
    );
}

proptest! {
    #[test]
    fn arbitrary_fields_never_panic_and_never_pass(input in "[ -~]{0,120}", signature in "[ -~]{0,60}") {
        let clock = ManualClock::new();
        let mut parts = signed(&clock);
        parts.headers.insert(SIGNATURE_INPUT, HeaderValue::from_str(&input).unwrap());
        parts.headers.insert(SIGNATURE, HeaderValue::from_str(&signature).unwrap());
        prop_assert!(judge(&clock, &parts, BODY).is_err());
    }

    #[test]
    fn any_request_that_is_signed_is_accepted(
        path in "(/[a-zA-Z0-9._~%-]{0,8}){0,4}", query in proptest::option::of("[a-z0-9=&%+-]{0,20}"),
        key in "[!-~]([ -~]{0,20}[!-~])?", body in proptest::collection::vec(any::<u8>(), 0..200), asymmetric: bool,
    ) {
        let clock = ManualClock::new();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let mut request = crate::Request::new(Method::POST, format!("http://h:8080{path}{query}").parse().unwrap());
        request.headers_mut().insert(IDEMPOTENCY_KEY, HeaderValue::from_str(&key).unwrap());
        *request.body_mut() = Body::from(body.clone());
        let (id, key) = if asymmetric { ("ed25519", ed25519()) } else { ("hmac", hmac()) };
        let parts = sign_with(&MessageSigner::new(id, key).unwrap(), &clock, request);
        prop_assert_eq!(judge(&clock, &parts, &body), Ok(id.to_owned()));
    }
}
