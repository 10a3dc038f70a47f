//! Reading of a schema's keywords. One that nobody read is an error: it would be a rule that the result lacks.

use std::{cell::RefCell, collections::BTreeSet};

use serde_json::{Map, Value};

use crate::error::Error;

/// Keywords that say nothing about which values are valid. `format` is read where it is a rule; elsewhere it names the Rust
/// type, and `uri` is what the server checks.
const SILENT: [&str; 4] = ["default", "description", "format", "examples"];

/// A schema, and which of its keywords were read.
pub(super) struct Keywords<'s> {
    fields: &'s Map<String, Value>,
    seen: RefCell<BTreeSet<&'static str>>,
    at: &'s str,
}

impl<'s> Keywords<'s> {
    pub(super) fn new(fields: &'s Map<String, Value>, at: &'s str) -> Self {
        Self { fields, seen: RefCell::default(), at }
    }

    pub(super) fn get(&self, keyword: &'static str) -> Option<&'s Value> {
        self.seen.borrow_mut().insert(keyword);
        self.fields.get(keyword)
    }

    pub(super) fn text(&self, keyword: &'static str) -> Option<String> {
        self.get(keyword)?.as_str().map(str::to_owned)
    }

    /// A length or count.
    pub(super) fn count(&self, keyword: &'static str) -> Result<Option<u64>, Error> {
        let Some(value) = self.get(keyword) else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| self.unknown(&format!("{keyword} {value}")))
    }

    /// A bound of an integer.
    pub(super) fn integer(&self, keyword: &'static str) -> Result<Option<i128>, Error> {
        let Some(value) = self.get(keyword) else { return Ok(None) };
        let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
        number.map(Some).ok_or_else(|| self.unknown(&format!("{keyword} {value}")))
    }

    /// The schemas of a list.
    pub(super) fn list(&self, keyword: &'static str) -> Option<&'s Vec<Value>> {
        self.get(keyword)?.as_array()
    }

    pub(super) fn unknown(&self, what: &str) -> Error {
        Error::Unknown { at: self.at.to_owned(), what: what.to_owned() }
    }

    /// An error when a keyword was not read.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let seen = self.seen.borrow();
        let unread = self.fields.keys().find(|name| !seen.contains(name.as_str()) && !SILENT.contains(&name.as_str()));
        unread.map_or(Ok(()), |name| Err(self.unknown(&format!("the keyword {name} in this place"))))
    }
}
