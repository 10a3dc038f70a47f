//! Failures as JavaScript gets them.

use acd_analytics::wire::RejectionCode;
use acd_analytics::{BuildError, EnqueueError, FailedEvents, FlushError, StoreError};
use acd_core::{Error, ErrorKind};
use wasm_bindgen::JsValue;

use crate::host::Host;
use crate::sender::Thrown;

/// What a request ended with: what JavaScript threw, if it did.
fn of_call(host: &Host, error: &Error) -> JsValue {
    Thrown::of(error).unwrap_or_else(|| host.error(error.kind().as_str(), error.message(), None))
}

/// A setting that cannot work.
pub(crate) fn of_building(host: &Host, error: &BuildError) -> JsValue {
    match error {
        BuildError::Http(error) => of_call(host, error),
        other => host.error(ErrorKind::Configuration.as_str(), &other.to_string(), None),
    }
}

/// An event that was not taken.
pub(crate) fn of_event(host: &Host, error: &EnqueueError) -> JsValue {
    let code = match error {
        // What JavaScript writes as JSON and JSON is not: half a surrogate pair.
        EnqueueError::Unserialisable { .. } => "unreadable",
        other => other.code(),
    };
    host.error(ErrorKind::Request.as_str(), &error.to_string(), Some(code))
}

/// A flush that left something.
pub(crate) fn of_flush(host: &Host, error: &FlushError) -> JsValue {
    match error {
        FlushError::Undelivered { cause, .. } => of_call(host, cause),
        FlushError::ConsentWithheld { .. } => {
            host.error(ErrorKind::Request.as_str(), &error.to_string(), Some("consent_withheld"))
        }
        _ => host.error(ErrorKind::Environment.as_str(), &error.to_string(), None),
    }
}

/// A store that refused.
pub(crate) fn of_store(host: &Host, error: &StoreError) -> JsValue {
    host.error(ErrorKind::Environment.as_str(), &error.to_string(), Some("store"))
}

/// Tells of events that failed for good.
pub(crate) fn tell(host: &Host, failed: &FailedEvents) {
    let error = failed.reason.error().map_or(JsValue::UNDEFINED, |error| of_call(host, error));
    let told = host.failed(failed.reason.as_str(), failed.count as f64, &error);
    for event in &failed.events {
        match &event.rejection {
            None => told.add(&event.json, false, 0, None, "", ""),
            Some(found) => {
                // All codes come from the host's own answer, as texts.
                let code = if let RejectionCode::Unknown(code) = &found.code { code } else { "" };
                told.add(&event.json, true, found.index, found.message_id.as_deref(), code, &found.detail);
            }
        }
    }
    told.end();
}
