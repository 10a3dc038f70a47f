//! What signers and verifiers of this platform agree on beyond RFC 9421.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};

use super::components::Component;
use super::digest::CONTENT_DIGEST;

/// The name of our signature among others that may be on a request.
pub(super) const LABEL: &str = "sig1";

/// Marks a signature as made for calls between services, so that one made for another purpose is never taken for it.
pub(super) const TAG: &str = "sdk-internal";

/// The longest that a signature may be valid.
pub(super) const MAX_LIFETIME: Duration = Duration::from_secs(300);

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("signature");
pub(super) const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");

/// Part of every request, so always covered.
pub(super) const ALWAYS: [Component; 4] = [Component::Method, Component::Authority, Component::Path, Component::Query];

/// Covered when the request has them.
pub(super) const WHEN_PRESENT: [HeaderName; 3] = [CONTENT_TYPE, CONTENT_DIGEST, IDEMPOTENCY_KEY];

/// What a signature of a request with these headers covers at least. `more` are fields on top of the profile's.
pub(super) fn demanded(headers: &HeaderMap, more: &[HeaderName]) -> Vec<Component> {
    let mut demanded = ALWAYS.to_vec();
    for name in WHEN_PRESENT.iter().chain(more).filter(|name| headers.contains_key(*name)) {
        let field = Component::Field(name.clone());
        if !demanded.contains(&field) {
            demanded.push(field);
        }
    }
    demanded
}

/// The first of these fields that stands on more than one line. Readers differ on which line counts, and lines can be
/// split and joined without the signature noticing, so a covered field stands on one.
pub(super) fn repeated<'c>(components: &'c [Component], headers: &HeaderMap) -> Option<&'c HeaderName> {
    components.iter().find_map(|component| match component {
        Component::Field(name) if headers.get_all(name).iter().nth(1).is_some() => Some(name),
        _ => None,
    })
}
