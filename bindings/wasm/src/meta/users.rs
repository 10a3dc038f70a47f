//! What is known of people, as Meta takes it.

use acd_core::{Error, ErrorKind};
use acd_meta::conversions::{self, UserData, UserKey, ValueError};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::calls::thrown;

/// A value that was left out, since it could match nobody.
#[derive(Serialize)]
pub(super) struct Dropped {
    /// The place of whom it belongs to among those given.
    index: usize,
    key: &'static str,
    reason: &'static str,
}

impl Dropped {
    pub(super) fn of(index: usize, problem: &ValueError) -> Self {
        Self { index, key: problem.key(), reason: problem.reason() }
    }
}

/// People as they may leave this process.
#[derive(Serialize)]
struct Hashed {
    users: Vec<UserData>,
    dropped: Vec<Dropped>,
}

/// Normalises and hashes what is known of people, for the Conversions API. `users` is a JSON array of objects; the result is
/// JSON.
///
/// # Errors
/// Text that is not such JSON.
#[wasm_bindgen(js_name = hashUsers)]
pub fn hash_users(users: &str) -> Result<String, JsValue> {
    let users = UserData::read_all(users.as_bytes()).map_err(thrown)?;
    let each = users.iter().enumerate();
    let dropped = each.flat_map(|(index, user)| user.dropped().iter().map(move |problem| Dropped::of(index, problem)));
    let dropped = dropped.collect();
    // Texts and lists of them, which can always be written.
    Ok(serde_json::to_string(&Hashed { users, dropped }).unwrap_or_default())
}

/// The one spelling of a value, as it is hashed.
///
/// # Errors
/// A key that is none; a value that could match nobody.
#[wasm_bindgen(js_name = normalizeUserValue)]
pub fn normalize_user_value(key: &str, value: &str) -> Result<String, JsValue> {
    let refuse = |problem: String| thrown(Error::new(ErrorKind::Request, problem));
    let key = UserKey::from_name(key).ok_or_else(|| refuse(format!("Meta hashes nothing under the key `{key}`")))?;
    key.normalize(value).map_err(|problem| refuse(problem.to_string()))
}

/// A currency in the three capital letters of ISO 4217; `undefined` for a text that has not three letters.
#[wasm_bindgen(js_name = normalizeCurrency)]
pub fn normalize_currency(value: &str) -> Option<String> {
    conversions::normalize_currency(value)
}
