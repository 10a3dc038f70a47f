//! Bodies of every kind: chunked, empty, too large, broken, and those that nobody has to read.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use acd_core::signing::MessageVerifier;
use acd_core::testing::ManualClock;
use acd_tower::VerifySignatureLayer;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;

use crate::support::{BODY, code_of, keys, memory, router, runtime, send_body, service, signed};

fn limited(clock: &ManualClock, limit: usize) -> Router {
    let verifier = MessageVerifier::new(keys(), memory(clock)).runtime(runtime(clock));
    router().layer(VerifySignatureLayer::new(verifier).max_body_bytes(limit))
}

/// The body byte by byte, of a length that nobody knows before, counting what is taken.
fn chunked(text: &'static str, taken: &Arc<AtomicUsize>) -> Body {
    let taken = Arc::clone(taken);
    let chunks = text.bytes().map(move |byte| {
        taken.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::copy_from_slice(&[byte]))
    });
    Body::from_stream(stream::iter(chunks))
}

#[tokio::test]
async fn a_chunked_body_is_put_together_and_handed_on() {
    let clock = ManualClock::new();
    let taken = Arc::default();
    let request = signed(&clock).map(|_| chunked(BODY, &taken));
    let response = send_body(&service(&clock, memory(&clock)), request).await;
    assert_eq!((response.status().as_u16(), code_of(&response)), (200, format!("hmac sent {BODY}")));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_not_read_to_its_end() {
    let clock = ManualClock::new();
    let taken = Arc::default();
    let request = signed(&clock).map(|_| chunked(BODY, &taken));
    let response = send_body(&limited(&clock, BODY.len() - 5), request).await;
    assert_eq!((response.status().as_u16(), code_of(&response)), (413, "body_too_large".to_owned()));
    assert_eq!(taken.load(Ordering::Relaxed), BODY.len() - 4);
    let exactly = signed(&clock).map(Body::from);
    assert_eq!(send_body(&limited(&clock, BODY.len()), exactly).await.status(), 200);
    let mut lying = signed(&clock).map(Body::from);
    lying.headers_mut().insert(CONTENT_LENGTH, 1.into());
    assert_eq!(send_body(&limited(&clock, 5), lying).await.status(), 413, "the length is counted, not believed");
}

#[tokio::test]
async fn the_body_of_an_unknown_sender_is_not_read() {
    let clock = ManualClock::new();
    let taken = Arc::default();
    let mut request = signed(&clock).map(|_| chunked(BODY, &taken));
    request.headers_mut().remove("signature");
    let response = send_body(&service(&clock, memory(&clock)), request).await;
    assert_eq!(response.status(), 401);
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_request() {
    let clock = ManualClock::new();
    let service = service(&clock, memory(&clock));
    let original = signed(&clock);
    let cut = [Ok(Bytes::from_static(b"{\"am")), Err(io::Error::other("connection reset"))];
    let request = original.clone().map(|_| Body::from_stream(stream::iter(cut)));
    let response = send_body(&service, request).await;
    assert_eq!((response.status().as_u16(), code_of(&response)), (400, "broken_body".to_owned()));
    assert_eq!(send_body(&service, original.map(Body::from)).await.status(), 200, "and used up no nonce");
}
