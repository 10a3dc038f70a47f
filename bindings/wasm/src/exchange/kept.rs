//! Texts of answers that stay in JavaScript while the pipeline carries something small in their place.

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use wasm_bindgen::JsValue;

thread_local! {
    static KEPT: RefCell<HashMap<u32, JsValue>> = RefCell::default();
}

/// Stands for a text, which is let go of together with it.
struct Place([u8; 4]);

impl AsRef<[u8]> for Place {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let number = u32::from_le_bytes(self.0);
        // Taken out first: what JavaScript does about it must find nothing borrowed.
        let text = KEPT.with_borrow_mut(|kept| kept.remove(&number));
        drop(text);
    }
}

/// Keeps the text of the answer to this request. What is given back is a body that stands for it.
pub(super) fn keep(number: u32, text: JsValue) -> Bytes {
    let before = KEPT.with_borrow_mut(|kept| kept.insert(number, text));
    drop(before);
    Bytes::from_owner(Place(number.to_le_bytes()))
}

/// The text that a body stands for; `undefined` for one that was none, `None` for a body that stands for no text.
pub(crate) fn take(body: &[u8]) -> Option<JsValue> {
    let number = u32::from_le_bytes(body.try_into().ok()?);
    KEPT.with_borrow_mut(|kept| kept.remove(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_given_once_and_goes_with_what_stands_for_it() {
        let body = keep(1, JsValue::UNDEFINED);
        assert!(take(&body).is_some() && take(&body).is_none());
        let other = keep(2, JsValue::NULL);
        let copy = other.clone();
        drop(other);
        assert!(KEPT.with_borrow(|kept| kept.contains_key(&2)));
        drop(copy);
        assert!(KEPT.with_borrow(HashMap::is_empty));
        assert!(take(b"a text").is_none());
    }
}
