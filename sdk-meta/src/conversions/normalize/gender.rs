//! Words for female and male.

use super::table::{self, GENDERS};
use super::text::{ANY, Text, trim};

/// `f` or `m`.
pub(super) fn gender(value: &str, text: &mut Text) {
    text.lower(trim(value), ANY);
    let letter = table::find(GENDERS, text.as_str()).unwrap_or_default();
    text.set(letter.as_bytes());
}
