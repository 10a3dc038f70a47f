//! What a request that does not pass is answered.

use acd_core::replay::ReplayGuard;
use acd_core::signing::{KeyResolver, MessageVerifier};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

const ACCEPT_SIGNATURE: HeaderName = HeaderName::from_static("accept-signature");

/// One answer for every way in which a signature can be wrong: whoever forges one learns nothing from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unverified,
    Broken,
    TooLarge,
    Unavailable,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Unverified => StatusCode::UNAUTHORIZED,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A problem document, RFC 9457.
    fn body(self) -> &'static str {
        match self {
            Self::Unverified => {
                r#"{"type":"urn:acd:problem:invalid_signature","title":"Unauthorized","status":401,"code":"invalid_signature","detail":"the request is not signed, or its signature is not valid here and now; Accept-Signature tells what it must cover"}"#
            }
            Self::Broken => {
                r#"{"type":"urn:acd:problem:broken_body","title":"Bad Request","status":400,"code":"broken_body","detail":"the request's body broke off before its end"}"#
            }
            Self::TooLarge => {
                r#"{"type":"urn:acd:problem:body_too_large","title":"Payload Too Large","status":413,"code":"body_too_large","detail":"the request's body is larger than a signed request may have here"}"#
            }
            Self::Unavailable => {
                r#"{"type":"urn:acd:problem:verification_unavailable","title":"Service Unavailable","status":503,"code":"verification_unavailable","detail":"the signature cannot be checked now; sign the request anew and try again shortly"}"#
            }
        }
    }

    pub(crate) fn answer<K: KeyResolver, R: ReplayGuard>(
        self,
        verifier: &MessageVerifier<K, R>,
    ) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from_static(self.body().as_bytes())));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Unverified => {
                // RFC 9110 demands a challenge with every 401; the scheme is the one this layer understands.
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Signature"));
                if let Ok(accepted) = verifier.accept_signature() {
                    headers.insert(ACCEPT_SIGNATURE, accepted);
                }
            }
            Self::Unavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Broken | Self::TooLarge => {}
        }
        response
    }
}
