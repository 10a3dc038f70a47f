//! The form as far as it is written, and where in it the writing stands.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use super::Dialect;
use super::error::FormError;
use crate::request::ENCODED;

pub(super) struct Encoder {
    dialect: Dialect,
    /// The key of the value to come, encoded.
    path: String,
    out: String,
}

impl Encoder {
    pub(super) const fn new(dialect: Dialect) -> Self {
        Self { dialect, path: String::new(), out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn is_plain(&self) -> bool {
        self.dialect == Dialect::Plain
    }

    pub(super) fn is_at_top(&self) -> bool {
        self.path.is_empty()
    }

    pub(super) fn refuse(&self, what: &str) -> FormError {
        FormError::at(&self.path, what)
    }

    /// Writes one pair.
    pub(super) fn pair(&mut self, value: &str) -> Result<(), FormError> {
        if self.path.is_empty() {
            return Err(self.refuse("a value without a name: give a struct or a map"));
        }
        if !self.out.is_empty() {
            self.out.push('&');
        }
        self.out.push_str(&self.path);
        self.out.push('=');
        self.out.extend(utf8_percent_encode(value, ENCODED));
        Ok(())
    }

    /// Writes what lies under `name`.
    pub(super) fn within<T>(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Self) -> Result<T, FormError>,
    ) -> Result<T, FormError> {
        if name.is_empty() || (!self.is_plain() && name.contains(['[', ']'])) {
            return Err(self.refuse("a name that is empty or holds a bracket, which no form can hold"));
        }
        let end = self.path.len();
        let name = utf8_percent_encode(name, ENCODED);
        if end == 0 {
            self.path.extend(name);
        } else {
            self.bracket(name);
        }
        let written = write(self);
        self.path.truncate(end);
        written
    }

    /// Writes an item of the list under the present name.
    pub(super) fn item<T>(
        &mut self,
        index: usize,
        write: impl FnOnce(&mut Self) -> Result<T, FormError>,
    ) -> Result<T, FormError> {
        let end = self.path.len();
        if !self.is_plain() {
            self.bracket(index);
        }
        let written = write(self);
        self.path.truncate(end);
        written
    }

    /// Sets aside what `write` adds.
    pub(super) fn aside(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), FormError>,
    ) -> Result<String, FormError> {
        let before = std::mem::take(&mut self.out);
        let written = write(self);
        let added = std::mem::replace(&mut self.out, before);
        written.map(|()| added)
    }

    /// Adds pairs that were set aside.
    pub(super) fn append(&mut self, pairs: &str) {
        if !self.out.is_empty() && !pairs.is_empty() {
            self.out.push('&');
        }
        self.out.push_str(pairs);
    }

    fn bracket(&mut self, name: impl fmt::Display) {
        self.path.push('[');
        self.path.push_str(&name.to_string());
        self.path.push(']');
    }
}
