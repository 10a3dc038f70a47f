//! The innermost step: hands the request to the transport and turns an answer into a result.

use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use smallvec::SmallVec;

use super::Step;
use crate::Result;
use crate::call::{Attempts, Call};
use crate::classify::{Answer, Verdict};
use crate::error::Error;
use crate::redact::{is_telling, quotes, scrub, scrub_known};
use crate::request::{Body, Request};
use crate::response::Response;
use crate::retry::retry_after;
use crate::secret::Secret;
use crate::transport::SharedTransport;

/// How much of an error answer is read: enough for any problem document.
const ERROR_BODY: usize = 64 * 1024;

/// What is shorter turns up in other values by chance, and hiding them would hide nothing.
const SHORTEST_SECRET: usize = 4;

pub(super) struct Exchange(pub(super) SharedTransport);

impl Step for Exchange {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let request = call.request_mut().detach()?;
        call.spend_permits();
        let secrets = secrets_of(&request);
        let limit = call.max_response_bytes();
        let mut response = self.0.send(request).await?.with_limit(limit);
        hide_quotes(response.headers_mut(), &secrets);
        if !is_success(response.status()) {
            let (status, headers, body) = response.into_parts();
            let body = beginning(body).await;
            let verdict = classify(call, status, &headers, &body);
            return Err(failure(call, &secrets, (status, headers, &body), verdict));
        }
        if call.is_streaming() {
            return Ok(response);
        }
        // Read within the attempt: a body that breaks off is then retried like any other failure.
        let (status, headers, body) = response.into_parts();
        match body.collect(limit).await {
            Ok(bytes) => match classify(call, status, &headers, &bytes) {
                Some(verdict) => Err(failure(call, &secrets, (status, headers, &bytes), Some(verdict))),
                None => Ok(Response::new(status, headers, Body::from(bytes)).with_limit(limit)),
            },
            Err(error) => Err(error.with_exchange(None, status, headers, Attempts::new())),
        }
    }
}

pub(crate) fn is_success(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::NOT_MODIFIED
}

fn classify(call: &Call, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Verdict> {
    call.classifier()?.classify(&Answer { status, headers, body })
}

fn failure(
    call: &Call,
    secrets: &[HeaderValue],
    (status, headers, body): (StatusCode, HeaderMap, &[u8]),
    verdict: Option<Verdict>,
) -> Error {
    let hidden = call.hidden().iter().map(Secret::expose);
    let quotes = quotes(secrets.iter().filter_map(|value| value.to_str().ok()).chain(hidden));
    meaning(call.runtime().wall(), &quotes, (status, headers, body), verdict)
}

/// The error that an answer is, in which none of these quotes is repeated.
pub(crate) fn meaning(
    now: SystemTime,
    quotes: &[String],
    (status, headers, body): (StatusCode, HeaderMap, &[u8]),
    verdict: Option<Verdict>,
) -> Error {
    let wait = retry_after(&headers, now);
    // An id is opaque by nature: only what was sent is searched for.
    let error = Error::from_answer(status, headers, body, |text| scrub(text, quotes))
        .map_request_id(|id| scrub_known(&id, quotes));
    let error = match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    };
    match verdict {
        Some(verdict) if verdict.keeps_body() => {
            let body = scrub(&String::from_utf8_lossy(&body[..body.len().min(ERROR_BODY)]), quotes);
            verdict.apply(error, |text| scrub_known(text, quotes)).with_body(body)
        }
        Some(verdict) => verdict.apply(error, |text| scrub_known(text, quotes)),
        None => error,
    }
}

/// As much of an error's body as arrives within bounds. That it breaks off is not worth a second error: the status has
/// already said what there is to say.
async fn beginning(body: Body) -> Bytes {
    let mut stream = body.into_stream();
    let mut read = BytesMut::new();
    while let Ok(Some(chunk)) = stream.chunk().await {
        let room = ERROR_BODY.saturating_sub(read.len());
        read.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if read.len() >= ERROR_BODY {
            break;
        }
    }
    read.freeze()
}

/// What a server's answer may quote and nobody may see.
fn secrets_of(request: &Request) -> SmallVec<[HeaderValue; 2]> {
    let is_secret = |name: &HeaderName, value: &HeaderValue| value.is_sensitive() || is_telling(name.as_str());
    request.headers().iter().filter(|(name, value)| is_secret(name, value)).map(|(_, value)| value.clone()).collect()
}

/// Marks the headers of an answer that quote a secret of the request, so that neither log nor error shows them.
fn hide_quotes(headers: &mut HeaderMap, secrets: &[HeaderValue]) {
    for value in headers.values_mut() {
        if secrets.iter().any(|secret| is_quoted(secret.as_bytes(), value.as_bytes())) {
            value.set_sensitive(true);
        }
    }
}

fn is_quoted(secret: &[u8], text: &[u8]) -> bool {
    // An `Authorization` value is a scheme and the secret.
    let secret = secret.iter().position(|byte| *byte == b' ').map_or(secret, |space| &secret[space + 1..]);
    secret.len() >= SHORTEST_SECRET && text.windows(secret.len()).any(|part| part == secret)
}

#[cfg(test)]
mod tests {
    use http::header::LOCATION;

    use crate::testing::{Capture, Harness, Script, answer};
    use crate::{Bearer, ErrorKind, Secret};

    #[test]
    fn a_problem_document_is_read_and_redacted() {
        let body = r#"{"title":"Denied","detail":"key hunter2hunter2 is revoked","code":"key_revoked"}"#;
        let harness = Harness::new([answer(401).header("x-request-id", "r1").body(body)]);
        let auth = Bearer::new(&Secret::from("hunter2hunter2")).unwrap();
        let client = harness.client().auth(auth).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(error.code(), Some("key_revoked"));
        assert_eq!(error.detail(), Some("key [redacted] is revoked"));
        assert_eq!(error.request_id(), Some("r1"));
        assert!(!format!("{error} {error:?} {:?}", error.view()).contains("hunter2"));
    }

    #[test]
    fn headers_that_quote_a_secret_are_hidden() {
        let quoting = |status| answer(status).header("x-request-id", "for hunter2hunter2").header("etag", "hunter");
        let harness = Harness::new([quoting(401), quoting(200)]);
        let auth = Bearer::new(&Secret::from("hunter2hunter2")).unwrap();
        let client = harness.client().auth(auth).build().unwrap();
        let capture = Capture::start();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.request_id(), None);
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(response.headers()["x-request-id"], "for hunter2hunter2", "the caller may read it");
        assert!(format!("{response:?}").contains("\"hunter\""), "{response:?}");
        assert!(!format!("{error:?} {response:?}").contains("hunter2"));
        capture.assert_free_of(&["hunter2"]);
    }

    #[test]
    fn redirects_are_errors_and_not_modified_is_none() {
        let harness = Harness::new([answer(302).header("location", "http://elsewhere/"), answer(304)]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Redirect);
        assert_eq!(error.headers()[LOCATION], "http://elsewhere/");
        assert_eq!(harness.run(client.call(&Harness::GET).send()).unwrap().status(), 304);
    }

    #[test]
    fn an_answer_that_breaks_off_is_retried() {
        let harness = Harness::new([Script::broken_body(200, "hal"), answer(200).body("whole")]);
        let client = harness.client().build().unwrap();
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        assert_eq!(response.attempts().len(), 2);
        assert_eq!(response.body().unwrap(), "whole");
    }

    #[test]
    fn a_body_over_the_limit_is_refused_and_not_retried() {
        let harness = Harness::new([answer(200).body("12345")]);
        let client = harness.client().max_response_bytes(4).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::TooLarge, 1));
    }

    #[test]
    fn a_huge_error_body_keeps_its_status() {
        let harness = Harness::new([answer(404).body("x".repeat(1 << 20))]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.body_excerpt().unwrap().chars().count() <= 513);
    }
}
