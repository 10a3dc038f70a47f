//! The way in from JavaScript.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs every case against the server at `url`. The promise holds the report, and is rejected with it when one failed.
#[wasm_bindgen]
pub async fn run(url: String) -> Result<String, JsValue> {
    match crate::report(&crate::run(&url, crate::as_it_is).await) {
        (text, true) => Ok(text),
        (text, false) => Err(JsValue::from_str(&text)),
    }
}
