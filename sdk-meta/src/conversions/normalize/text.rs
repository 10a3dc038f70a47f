//! Short texts in the making, without an allocation.

/// Longer than nearly every name and e-mail address.
const SHORT: usize = 64;

/// Kinds of characters, of which each has one.
pub(super) const LETTER: u8 = 1;
pub(super) const DIGIT: u8 = 1 << 1;
const BLANK: u8 = 1 << 2;
/// Punctuation that the [atoms](https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3) of an e-mail address may have.
pub(super) const ATOMIC: u8 = 1 << 3;
/// The other punctuation.
const MARK: u8 = 1 << 4;
const CONTROL: u8 = 1 << 5;
/// Part of a character that is not ASCII.
const BEYOND: u8 = 1 << 6;

pub(super) const ANY: u8 = !0;
pub(super) const NO_BLANK: u8 = !BLANK;
pub(super) const NO_BLANK_AND_NO_PUNCTUATION: u8 = !(BLANK | ATOMIC | MARK);

/// The kind of each byte.
const KINDS: [u8; 256] = {
    let mut kinds = [BEYOND; 256];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'\t'..=b'\r' | b' ' => BLANK,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~' => ATOMIC,
            b'!'..=b'~' => MARK,
            _ => CONTROL,
        };
        byte += 1;
    }
    kinds
};

/// The kind of a byte.
#[inline]
pub(super) fn kind(byte: u8) -> u8 {
    KINDS[usize::from(byte)]
}

/// A normalised text, empty where there is none. It is filled where it stays: moving so much would cost as much again.
pub(super) struct Text {
    short: [u8; SHORT],
    /// In the place of `short`, unless it is empty.
    long: Vec<u8>,
    length: usize,
}

impl Text {
    pub(super) fn new() -> Self {
        Self { short: [0; SHORT], long: Vec::new(), length: 0 }
    }

    /// Takes the characters of these kinds, in lower case. What is no ASCII is taken too, but for blanks if they are not wanted.
    pub(super) fn lower(&mut self, text: &str, kinds: u8) {
        if self.ascii(text, kinds) & BEYOND == 0 {
            return;
        }
        let keep = |c: &char| match c.is_ascii() {
            true => kinds & kind(*c as u8) != 0,
            false => kinds & BLANK != 0 || !is_blank(*c),
        };
        // Whole: the lower case of a letter may depend on whether it ends its word.
        let kept: String = text.chars().filter(keep).collect();
        self.set(kept.to_lowercase().as_bytes());
    }

    /// Takes the ASCII letters, in lower case, and whatever has such a letter for its lower case.
    pub(super) fn letters(&mut self, text: &str) {
        if self.ascii(text, LETTER) & BEYOND != 0 {
            let letters: String = text.chars().flat_map(char::to_lowercase).filter(char::is_ascii_lowercase).collect();
            self.set(letters.as_bytes());
        }
    }

    /// Takes the ASCII characters of these kinds, in lower case, and tells the kinds of all that were there.
    pub(super) fn ascii(&mut self, text: &str, kinds: u8) -> u8 {
        let room = self.room(text.len());
        let (mut seen, mut length) = (0, 0);
        for byte in text.as_bytes() {
            let kind = kind(*byte);
            seen |= kind;
            if kind & kinds & !BEYOND != 0
                && let Some(place) = room.get_mut(length)
            {
                *place = byte.to_ascii_lowercase();
                length += 1;
            }
        }
        self.length = length;
        seen
    }

    /// Takes what is normalised already.
    pub(super) fn set(&mut self, text: &[u8]) {
        for (place, byte) in self.room(text.len()).iter_mut().zip(text) {
            *place = *byte;
        }
        self.length = text.len();
    }

    /// Room for so many bytes at least.
    fn room(&mut self, length: usize) -> &mut [u8] {
        self.long.clear();
        if length <= SHORT {
            return &mut self.short;
        }
        self.long.resize(length, 0);
        &mut self.long
    }

    /// Leaves the first `length` characters, without a blank at the end.
    pub(super) fn cut(&mut self, length: usize) {
        let text = self.as_str();
        let end = text.char_indices().nth(length).map_or(text.len(), |(at, _)| at);
        self.length = trim(text.get(..end).unwrap_or_default()).len();
    }

    pub(super) fn clear(&mut self) {
        self.length = 0;
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        let text = if self.long.is_empty() { self.short.as_slice() } else { &self.long };
        text.get(..self.length).unwrap_or_default()
    }

    pub(super) fn as_str(&self) -> &str {
        // Whole characters went in.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// What JavaScript's regular expressions take for white space, as the browser's half of the matching does.
pub(super) fn is_blank(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// The text without blanks around it.
pub(in crate::conversions) fn trim(text: &str) -> &str {
    let text = text.trim_ascii();
    match text.as_bytes() {
        // As nearly always.
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(is_blank),
    }
}
