//! What the tests share.

pub(crate) mod postgres;
pub(crate) mod redis;

use acd_core::replay::{MemoryReplayGuard, ReplayGuard};
use acd_core::signing::{MessageSigner, MessageVerifier, SigningKey, StaticKeys};
use acd_core::testing::{Harness, ManualClock, answer};
use acd_core::{Operation, Runtime, Secret};
use acd_tower::{VerifiedService, VerifySignatureLayer};
use axum::body::Body;
use axum::routing::any;
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub(crate) const BODY: &str = r#"{"amount":3}"#;
pub(crate) const REPORT: Operation = Operation::new("test.report", Method::POST, "/v1/usage").keyed();

const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";

pub(crate) fn hmac() -> SigningKey {
    SigningKey::hmac_sha256(&Secret::from(SECRET)).unwrap()
}

pub(crate) fn ed25519() -> SigningKey {
    SigningKey::ed25519(&Secret::from(SEED)).unwrap()
}

/// The services that are known: `hmac` and `ed25519`.
pub(crate) fn keys() -> StaticKeys {
    StaticKeys::new().with("hmac", hmac().verifying_key()).with("ed25519", ed25519().verifying_key())
}

/// A clock that stands still, with the system's randomness: two requests have two nonces.
pub(crate) fn runtime(clock: &ManualClock) -> Runtime {
    Runtime::system().with_clock(clock.clone()).with_sleep(clock.clone())
}

/// A memory of one instance's own.
pub(crate) fn memory(clock: &ManualClock) -> MemoryReplayGuard {
    MemoryReplayGuard::new(16, runtime(clock))
}

/// A service that says who called and what was sent.
pub(crate) fn service(clock: &ManualClock, seen: impl ReplayGuard + 'static) -> Router {
    let verifier = MessageVerifier::new(keys(), seen).runtime(runtime(clock));
    router().layer(VerifySignatureLayer::new(verifier))
}

pub(crate) fn router() -> Router {
    let echo = async |Extension(service): Extension<VerifiedService>, body: Bytes| {
        format!("{} sent {}", service.key_id, String::from_utf8_lossy(&body))
    };
    Router::new().route("/v1/usage", any(echo)).route("/v1/other", any(echo))
}

/// A signed request as it arrives at a server: the path alone, and the host in its field.
pub(crate) fn signed_by(clock: &ManualClock, key_id: &str, key: SigningKey) -> Request<Bytes> {
    let harness = Harness::new([answer(200)]);
    let signer = MessageSigner::new(key_id, key).unwrap();
    let client = harness.client().runtime(runtime(clock)).signer(signer).build().unwrap();
    let call = client.call(&REPORT).query("dry_run", false).header("content-type", "application/json").body(BODY);
    harness.run(call.send()).unwrap();
    let sent = harness.requests().remove(0);
    let mut request = Request::new(sent.body);
    *request.method_mut() = sent.method;
    *request.uri_mut() = sent.uri.path_and_query().unwrap().as_str().parse().unwrap();
    *request.headers_mut() = sent.headers;
    request.headers_mut().insert(HOST, HeaderValue::from_static(Harness::AUTHORITY));
    request
}

pub(crate) fn signed(clock: &ManualClock) -> Request<Bytes> {
    signed_by(clock, "hmac", hmac())
}

/// A second request of the same bytes.
pub(crate) fn copy(request: &Request<Bytes>) -> Request<Bytes> {
    request.clone()
}

pub(crate) async fn send(service: &Router, request: Request<Bytes>) -> Response<Bytes> {
    send_body(service, request.map(Body::from)).await
}

pub(crate) async fn send_body(service: &Router, request: Request<Body>) -> Response<Bytes> {
    let (parts, body) = service.clone().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

/// The status, and the code of a problem document that says nothing else than its kind always says.
pub(crate) async fn outcome(service: &Router, request: Request<Bytes>) -> (u16, String) {
    let response = send(service, request).await;
    (response.status().as_u16(), code_of(&response))
}

/// The code in a problem document; the body itself of any other answer.
pub(crate) fn code_of(response: &Response<Bytes>) -> String {
    if response.status().is_success() {
        return String::from_utf8_lossy(response.body()).into_owned();
    }
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(problem["status"], response.status().as_u16());
    problem["code"].as_str().unwrap().to_owned()
}
