//! Failures as JavaScript gets them: JSON in the form of [`ErrorView`](acd_core::ErrorView), as far as there is something to
//! say.

use acd_analytics::{FailedEvents, FlushError, StoreError};
use acd_core::{Error, ErrorKind};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

use crate::event::Refusal;

/// The view of an error of the pipeline.
pub(crate) fn of_call(error: &Error) -> JsValue {
    // A view is made of texts and numbers, which can always be written.
    text(&serde_json::to_value(error.view()).unwrap_or(Value::Null))
}

/// A setting that cannot work.
pub(crate) fn of_settings(problem: &str) -> JsValue {
    text(&plain(ErrorKind::Configuration, problem, None))
}

/// An event that was not taken.
pub(crate) fn of_refusal(refusal: &Refusal) -> JsValue {
    text(&match refusal {
        Refusal::Unreadable(problem) => plain(ErrorKind::Request, problem, Some("unreadable")),
        Refusal::Client(error) => plain(ErrorKind::Request, &error.to_string(), Some(error.code())),
    })
}

/// A flush that left something.
pub(crate) fn of_flush(error: &FlushError) -> JsValue {
    match error {
        FlushError::Undelivered { cause, .. } => of_call(cause),
        FlushError::ConsentWithheld { .. } => {
            text(&plain(ErrorKind::Request, &error.to_string(), Some("consent_withheld")))
        }
        _ => text(&plain(ErrorKind::Environment, &error.to_string(), None)),
    }
}

/// A store that refused.
pub(crate) fn of_store(error: &StoreError) -> JsValue {
    text(&plain(ErrorKind::Environment, &error.to_string(), Some("store")))
}

/// Events that failed for good.
pub(crate) fn of_events(failed: &FailedEvents) -> JsValue {
    let events = failed.events.iter().map(|event| json!({ "event": event.json, "rejection": event.rejection }));
    text(&json!({
        "reason": failed.reason.as_str(),
        "count": failed.count,
        "error": failed.reason.error().map(Error::view),
        "events": events.collect::<Vec<_>>(),
    }))
}

fn plain(kind: ErrorKind, message: &str, code: Option<&str>) -> Value {
    json!({ "kind": kind.as_str(), "message": message, "code": code })
}

fn text(value: &Value) -> JsValue {
    JsValue::from_str(&value.to_string())
}
