//! Looking into JSON without making values of it.
//!
//! Of a problem document three texts are wanted. A reader that makes values brings along what turns every number into the
//! nearest float and tells of whatever it met instead, which is a fifth of a WebAssembly module with a client in it.

use std::borrow::Cow;
use std::fmt;

/// How deep a document may be nested: deeper ones are made to exhaust their readers.
const DEEPEST: u32 = 128;

/// One value of a JSON document ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)): the text that stands for it. Each look
/// goes over that text once more, which suits small documents of which little is wanted.
///
/// ```
/// use acd_core::json::Json;
///
/// let document = Json::read(br#"{"error": {"code": 190, "message": "gone"}}"#).unwrap();
/// let error = document.get("error").unwrap();
/// assert_eq!(error.get("code").and_then(Json::number), Some("190"));
/// assert_eq!(error.get("message").and_then(Json::text).as_deref(), Some("gone"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// The value of a document; `None` for what is not JSON as a whole or is nested more than 128 levels deep.
    pub fn read(document: &'a [u8]) -> Option<Self> {
        Cursor::over(document, |cursor| cursor.value(DEEPEST))
    }

    /// The values of a document that is an array. It goes over the text once, where [`read`](Self::read) and
    /// [`elements`](Self::elements) do so twice.
    pub fn read_elements(document: &'a [u8]) -> Option<Vec<Self>> {
        Cursor::over(document, |cursor| {
            if cursor.peek() != Some(b'[') {
                return None;
            }
            let mut elements = Vec::new();
            cursor.inside(DEEPEST, &mut |_, value| elements.push(value))?;
            Some(elements)
        })
    }

    /// The text that the value is written as.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The member of this name of an object; the last one where several have it.
    pub fn get(self, name: &str) -> Option<Self> {
        let mut found = None;
        self.each(b'{', &mut |key, value| {
            if key.text().as_deref() == Some(name) {
                found = Some(value);
            }
        });
        found
    }

    /// Names and values of an object, in its order.
    pub fn members(self) -> Option<Vec<(Cow<'a, str>, Self)>> {
        let mut members = Vec::new();
        self.each(b'{', &mut |key, value| members.push((key.text().unwrap_or_default(), value)))?;
        Some(members)
    }

    /// The values of an array.
    pub fn elements(self) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        self.each(b'[', &mut |_, value| elements.push(value))?;
        Some(elements)
    }

    /// The characters of a string. Half a surrogate pair, which no text can hold, becomes U+FFFD.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let text = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(if text.contains('\\') { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) })
    }

    /// A number as it is written: `1e2` is not `100`. Whether it is whole, and whether it fits, is the reader's to find.
    pub fn number(self) -> Option<&'a str> {
        self.0.starts_with(|first: char| first == '-' || first.is_ascii_digit()).then_some(self.0)
    }

    /// `true` or `false`.
    pub fn flag(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    fn each(self, opening: u8, see: &mut dyn FnMut(Self, Self)) -> Option<()> {
        let mut cursor = Cursor { text: self.0, at: 0 };
        if cursor.peek() == Some(opening) { cursor.inside(DEEPEST, see) } else { None }
    }
}

/// Documents hold what is nobody's business, such as the tokens of an answer.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

/// Goes over a text, value by value.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Reads a document with nothing but space around what is read.
    fn over<T>(document: &'a [u8], read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut cursor = Self { text: std::str::from_utf8(document).ok()?, at: 0 };
        cursor.space();
        let read = read(&mut cursor)?;
        cursor.space();
        cursor.peek().is_none().then_some(read)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek();
        self.at += 1;
        next
    }

    /// Goes past `expected`, if that comes next.
    fn takes(&mut self, expected: u8) -> bool {
        let is_next = self.peek() == Some(expected);
        self.at += usize::from(is_next);
        is_next
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn since(&self, from: usize) -> Option<Json<'a>> {
        self.text.get(from..self.at).map(Json)
    }

    fn value(&mut self, levels: u32) -> Option<Json<'a>> {
        let from = self.at;
        match self.peek()? {
            b'{' | b'[' => self.inside(levels, &mut |_, _| {})?,
            b'"' => self.string()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        }
        self.since(from)
    }

    /// Goes over an object or an array and shows what is in it. In an array the name is empty.
    fn inside(&mut self, levels: u32, see: &mut dyn FnMut(Json<'a>, Json<'a>)) -> Option<()> {
        let levels = levels.checked_sub(1)?;
        let is_object = self.next() == Some(b'{');
        let closing = if is_object { b'}' } else { b']' };
        self.space();
        if self.takes(closing) {
            return Some(());
        }
        loop {
            let from = self.at;
            if is_object {
                self.string()?;
            }
            let name = self.since(from)?;
            self.space();
            if is_object && !self.takes(b':') {
                return None;
            }
            self.space();
            see(name, self.value(levels)?);
            self.space();
            match self.next()? {
                b',' => self.space(),
                end => return (end == closing).then_some(()),
            }
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let is_next = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_next.then_some(())
    }

    fn string(&mut self) -> Option<()> {
        if !self.takes(b'"') {
            return None;
        }
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => (0..4).try_for_each(|_| self.next().filter(u8::is_ascii_hexdigit).map(|_| ()))?,
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _sign = self.takes(b'-') || self.takes(b'+');
            self.digits()?;
        }
        Some(())
    }

    /// Goes past at least one digit.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }
}

/// The characters that stand between the quotes of a string.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut after = after.chars();
        let escaped = after.next().unwrap_or('\\');
        rest = after.as_str();
        plain.push(match escaped {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => code_point(&mut rest),
            itself => itself,
        });
    }
    plain.push_str(rest);
    plain
}

/// The character whose `\u` has been passed, and of a surrogate pair the second half with it.
fn code_point(rest: &mut &str) -> char {
    let first = unit(rest);
    let mut after = *rest;
    if let 0xd800..0xdc00 = first
        && let Some(second) = after.strip_prefix("\\u")
    {
        after = second;
        if let Some(Ok(pair)) = char::decode_utf16([first, unit(&mut after)]).next() {
            *rest = after;
            return pair;
        }
    }
    char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn unit(rest: &mut &str) -> u16 {
    // Four digits, or the text would not have been taken for a string.
    let (digits, after) = rest.split_at_checked(4).unwrap_or_default();
    *rest = after;
    u16::from_str_radix(digits, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::testing::JSON_PIECES;

    /// Reads a value the long way round.
    fn rebuilt(json: Json<'_>) -> Value {
        if let Some(members) = json.members() {
            return members.into_iter().map(|(name, value)| (name.into_owned(), rebuilt(value))).collect();
        }
        if let Some(elements) = json.elements() {
            return elements.into_iter().map(rebuilt).collect();
        }
        match (json.text(), json.number(), json.flag()) {
            (Some(text), None, None) => text.into_owned().into(),
            (None, Some(number), None) => serde_json::from_str(number).unwrap(),
            (None, None, Some(flag)) => flag.into(),
            _ => {
                assert!(json.is_null(), "{}", json.as_str());
                Value::Null
            }
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::num::f64::NORMAL.prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    /// JSON, and what is nearly JSON. Nothing in it is nested to the limit, nor has half a surrogate pair: `serde_json` refuses
    /// the 128th level, and the text.
    fn nearly_json() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(JSON_PIECES.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_is_what_is_read(value in values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(rebuilt(Json::read(text.as_bytes()).unwrap()), value);
        }

        #[test]
        fn what_serde_json_reads_is_json_and_nothing_else(text in nearly_json()) {
            let theirs = serde_json::from_str::<Value>(&text);
            // Such as `1e501`, which is JSON and no float: what it means is for who asks for the number.
            prop_assume!(!theirs.as_ref().is_err_and(|error| error.to_string().starts_with("number out of range")));
            let read = Json::read(text.as_bytes());
            prop_assert_eq!(Json::read_elements(text.as_bytes()), read.and_then(Json::elements), "{}", text);
            prop_assert_eq!(read.map(rebuilt), theirs.ok(), "{}", text);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            Json::read(&bytes);
        }
    }

    #[test]
    fn a_member_is_found_by_its_name_as_it_is_read() {
        let json = Json::read(br#" {"a":{"b":1},"b":2,"\u0062":3,"c":[{"b":4}]} "#).unwrap();
        assert_eq!(json.get("b").map(Json::as_str), Some("3"), "the last one counts");
        assert_eq!(json.get("a").and_then(|a| a.get("b")).and_then(Json::number), Some("1"));
        assert_eq!(json.get("c").and_then(Json::elements).map(|all| all.len()), Some(1));
        assert!(json.get("d").is_none() && json.elements().is_none() && json.text().is_none());
        assert!(Json::read(b"[1]").unwrap().members().is_none());
    }

    #[test]
    fn half_a_pair_is_replaced_and_what_follows_it_kept() {
        for (written, text) in [
            (r#""\ud83d\ude00!""#, "😀!"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\ude00\\u""#, "\u{fffd}\\u"),
            (r#""\u00e9\/\"""#, "é/\""),
        ] {
            assert_eq!(Json::read(written.as_bytes()).and_then(Json::text).as_deref(), Some(text), "{written}");
        }
    }

    #[test]
    fn what_is_too_deep_or_is_no_text_is_refused() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(Json::read(nested(128).as_bytes()).is_some() && Json::read(nested(129).as_bytes()).is_none());
        assert_eq!(format!("{:?}", Json::read(br#"["hunter2"]"#).unwrap()), "Json(11 bytes)");
        assert!(Json::read(b"[".repeat(1 << 20).as_slice()).is_none());
        assert!(Json::read(b"\"\xff\"").is_none());
    }
}
