//! Why a value is no form.

use std::fmt;

/// What stood in the way, with the place where.
#[derive(Debug)]
pub(super) struct FormError(String);

impl FormError {
    /// `path` is as far as the form was written; empty at its top.
    pub(super) fn at(path: &str, what: &str) -> Self {
        if path.is_empty() { Self(format!("at its top is {what}")) } else { Self(format!("at `{path}` is {what}")) }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormError {}

impl serde::ser::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}
