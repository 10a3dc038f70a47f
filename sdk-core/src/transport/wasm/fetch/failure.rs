//! What `fetch` throws, as errors.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::{Error, ErrorKind};
use crate::transport::FetchFailure;

/// Why there is no answer. Where `fetch` does not tell a refused connection from a broken one, the request may have been
/// sent.
pub(super) fn of_sending(thrown: &JsValue) -> Error {
    failure(thrown).before_the_answer()
}

/// Why an answer that had begun has no end.
pub(super) fn of_the_answer(thrown: &JsValue) -> Error {
    failure(thrown).within_the_answer()
}

/// The host lacks what `fetch` needs.
pub(super) fn of_the_host(thrown: &JsValue) -> Error {
    let remedy = "this JavaScript host lacks a part of fetch: Node 20, or a browser of its time, has all of it";
    failure(thrown).explain(Error::new(ErrorKind::Environment, remedy))
}

fn failure(thrown: &JsValue) -> FetchFailure {
    // The system's code: of the error, or of its cause.
    let cause = member(thrown, "cause");
    let code = [cause.as_ref().unwrap_or(thrown), thrown].into_iter().find_map(|error| text(error, "code"));
    FetchFailure::new(code, text(thrown, "message"))
}

fn text(of: &JsValue, name: &str) -> Option<String> {
    member(of, name)?.dyn_into::<JsString>().ok().map(String::from)
}

fn member(of: &JsValue, name: &str) -> Option<JsValue> {
    // What is not an object has no members, and looking for one throws.
    Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}
