//! Short texts in the making, without an allocation.

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

/// Longer than nearly every name and e-mail address.
const INLINE: usize = 64;

/// A normalised text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(SmallVec<[u8; INLINE]>);

impl Text {
    /// The text in lower case.
    pub(super) fn lower(text: &str) -> Self {
        if text.is_ascii() {
            return Self::of_ascii(text.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
        Self(SmallVec::from_slice(text.to_lowercase().as_bytes()))
    }

    /// The characters that `keep` wants, in lower case.
    pub(super) fn lower_kept(text: &str, keep: impl Fn(char) -> bool) -> Self {
        if text.is_ascii() {
            let kept = text.bytes().filter(|byte| keep(char::from(*byte)));
            return Self::of_ascii(kept.map(|byte| byte.to_ascii_lowercase()));
        }
        // Whole: the lower case of a letter may depend on whether it ends its word.
        let kept: String = text.chars().filter(|c| keep(*c)).collect();
        Self::lower(&kept)
    }

    /// The ASCII letters of the text in lower case, and whatever has such a letter for its lower case.
    pub(super) fn letters(text: &str) -> Self {
        if text.is_ascii() {
            let letters = text.bytes().filter(u8::is_ascii_alphabetic);
            return Self::of_ascii(letters.map(|byte| byte.to_ascii_lowercase()));
        }
        let letters = text.chars().flat_map(char::to_lowercase).filter(char::is_ascii_lowercase);
        // A lower-case ASCII letter fits a byte.
        Self::of_ascii(letters.map(|c| c as u8))
    }

    /// A text of these bytes, all of them ASCII.
    #[inline]
    pub(super) fn of_ascii(bytes: impl Iterator<Item = u8>) -> Self {
        Self(bytes.collect())
    }

    /// The first `length` characters, without a blank at the end.
    pub(super) fn cut(self, length: usize) -> Self {
        let text = self.as_str();
        let end = text.char_indices().nth(length).map_or(text.len(), |(at, _)| at);
        let end = trim(text.get(..end).unwrap_or_default()).len();
        let mut bytes = self.0;
        bytes.truncate(end);
        Self(bytes)
    }

    #[inline]
    pub(super) fn non_empty(self) -> Option<Self> {
        (!self.0.is_empty()).then_some(self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn as_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(SmallVec::from_slice(text.as_bytes()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

/// What JavaScript's regular expressions take for white space, as the browser's half of the matching does.
pub(super) fn is_blank(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// The text without blanks around it.
pub(in crate::conversions) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}
