//! Meta: calls by their operation, and what `acd-meta` does besides.

mod client;
mod conversions;
mod users;

use acd_core::Error;
use wasm_bindgen::JsValue;

pub use client::MetaClient;
pub use conversions::SendOptions;
pub use users::{hash_users, normalize_currency, normalize_user_value};

/// An error as JavaScript gets it.
fn flat(error: &Error) -> JsValue {
    // A view is made of texts and numbers, which can always be written.
    JsValue::from_str(&serde_json::to_string(&error.view()).unwrap_or_else(|_| error.to_string()))
}
