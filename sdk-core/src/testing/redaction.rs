//! What may be shown of an exchange, for tools that write exchanges down.

use http::{HeaderName, HeaderValue};

use crate::redact::{AllowList, is_telling, quotes, scrub};

/// The rules by which clients keep secrets out of logs and errors.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    list: AllowList,
}

impl Redaction {
    /// What stands in the place of something hidden.
    pub const PLACEHOLDER: &str = crate::redact::REDACTED;

    /// The rules of a client without settings of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the values of this header. Values marked sensitive stay hidden.
    pub fn show_header(&mut self, name: &HeaderName) {
        self.list.allow_header(name);
    }

    /// Shows the values of this query parameter.
    pub fn show_query(&mut self, name: impl Into<String>) {
        self.list.allow_query(name);
    }

    /// Whether this value of this header is shown.
    pub fn shows_header(&self, name: &HeaderName, value: &HeaderValue) -> bool {
        self.list.shows_header(name, value)
    }

    /// Whether the values of this query parameter are shown.
    pub fn shows_query(&self, name: &str) -> bool {
        self.list.shows_query(name)
    }

    /// Whether a field or header of this name holds a secret by all experience.
    pub fn is_telling(&self, name: &str) -> bool {
        is_telling(name)
    }

    /// `text` without `known` secrets and without what looks like one: values of fields whose name tells, what follows
    /// `Bearer` and `Basic`, and long opaque runs.
    pub fn scrub<'a>(&self, text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
        scrub(text, &quotes(known))
    }
}
