//! What `fetch` throws, as errors.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::{Error, ErrorKind};

/// What Node and Bun say when no connection was made. Browsers say nothing of the kind.
const NEVER_CONNECTED: [&str; 5] =
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused"];

/// Why there is no answer. Where `fetch` does not tell a refused connection from a broken one, the request may have been
/// sent.
pub(super) fn of_sending(thrown: &JsValue) -> Error {
    let code = code(thrown);
    let never_left = code.as_deref().is_some_and(|code| NEVER_CONNECTED.contains(&code));
    let kind = if never_left { ErrorKind::Connect } else { ErrorKind::Interrupted };
    let remedy = "check the server's address, that it runs, and that it allows this origin (CORS)";
    let code = code.map_or(String::new(), |code| format!(" ({code})"));
    with_words_of(thrown, Error::new(kind, format!("fetch failed{code}: {remedy}")))
}

/// Why an answer that had begun has no end.
pub(super) fn of_the_answer(thrown: &JsValue) -> Error {
    with_words_of(thrown, Error::new(ErrorKind::Interrupted, "the answer broke off"))
}

/// The host lacks what `fetch` needs.
pub(super) fn of_the_host(thrown: &JsValue) -> Error {
    let remedy = "this JavaScript host lacks a part of fetch: Node 20, or a browser of its time, has all of it";
    with_words_of(thrown, Error::new(ErrorKind::Environment, remedy))
}

/// The system's code: of the error, or of its cause.
fn code(thrown: &JsValue) -> Option<String> {
    [member(thrown, "cause").as_ref().unwrap_or(thrown), thrown].into_iter().find_map(|error| text(error, "code"))
}

fn with_words_of(thrown: &JsValue, error: Error) -> Error {
    match text(thrown, "message") {
        // Some hosts put the URL there, whose query is not to be repeated.
        Some(words) if !words.contains("://") => error.with_source(words),
        _ => error,
    }
}

fn text(of: &JsValue, name: &str) -> Option<String> {
    member(of, name)?.dyn_into::<JsString>().ok().map(String::from)
}

fn member(of: &JsValue, name: &str) -> Option<JsValue> {
    // What is not an object has no members, and looking for one throws.
    Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}
