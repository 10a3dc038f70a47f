//! Words for female and male.

use super::table::{self, GENDERS};
use super::text::{Text, trim};

/// `f` or `m`.
pub(super) fn gender(value: &str) -> Option<Text> {
    table::find(GENDERS, &Text::lower(trim(value)).as_str()).map(Text::from)
}
