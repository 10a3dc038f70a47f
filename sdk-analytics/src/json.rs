//! One pass over a text that is to be sent as it is: that it is JSON, and JSON that the server can store. A reader that builds
//! values would be several times as large, and what it reads would have to be written again.

use crate::wire::number_fits;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is not JSON.
    Syntax,
    /// It is nested deeper than allowed.
    Depth,
    /// A text within holds U+0000.
    Nul,
    /// A text within holds half a surrogate pair, which no Unicode text can.
    Surrogate,
    /// A number within does not fit a 64-bit float.
    Number,
}

impl Flaw {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "it is not JSON",
            Self::Depth => "it is nested too deep",
            Self::Nul => "it holds a NUL character",
            Self::Surrogate => "a text in it holds half a surrogate pair",
            Self::Number => "a number in it does not fit a 64-bit float: send it as text",
        }
    }
}

/// Most levels that can be told apart: one bit for each.
const LEVELS: u32 = u64::BITS;

/// Checks that `text` is one value. `depth` levels are allowed, at most 64.
pub(crate) fn check(text: &str, depth: u32) -> Result<(), Flaw> {
    let mut scanner = Scanner::new(text.as_bytes());
    scanner.space();
    scanner.value(depth)?;
    scanner.space();
    if scanner.is_over() { Ok(()) } else { Err(Flaw::Syntax) }
}

/// The pieces of `json` between which there is space that means nothing.
pub(crate) fn compact(json: &str) -> impl Iterator<Item = &[u8]> {
    let (mut is_text, mut is_escaped) = (false, false);
    json.as_bytes().split(move |byte| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'"' if !was_escaped => is_text = !is_text,
            b'\\' => is_escaped = !was_escaped,
            b' ' | b'\n' | b'\r' | b'\t' => return !is_text,
            _ => {}
        }
        false
    })
}

/// Goes through bytes that are JSON in parts, if they are Unicode.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Goes past `expected`, if that comes next.
    pub(crate) fn skip(&mut self, expected: &[u8]) -> bool {
        let is_next = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(expected));
        if is_next {
            self.at += expected.len();
        }
        is_next
    }

    /// Goes past one value, which begins here, and gives its bytes.
    pub(crate) fn value(&mut self, depth: u32) -> Result<&'a [u8], Flaw> {
        let from = self.at;
        // A bit for each level: set for an object.
        let (mut levels, mut level) = (0_u64, 0_u32);
        'value: loop {
            let opened = match self.peek() {
                Some(b'{') => 1,
                Some(b'[') => 0,
                _ => {
                    self.scalar()?;
                    u64::MAX
                }
            };
            if opened <= 1 {
                level += 1;
                if level > depth.min(LEVELS) {
                    return Err(Flaw::Depth);
                }
                levels = levels << 1 | opened;
                self.at += 1;
                self.space();
                if !self.skip(closing(levels)) {
                    self.key_if(levels)?;
                    continue 'value;
                }
                (levels, level) = (levels >> 1, level - 1);
            }
            // A value has ended, and with it perhaps those around it.
            loop {
                if level == 0 {
                    return self.bytes.get(from..self.at).ok_or(Flaw::Syntax);
                }
                self.space();
                if self.skip(b",") {
                    self.space();
                    self.key_if(levels)?;
                    continue 'value;
                }
                if !self.skip(closing(levels)) {
                    return Err(Flaw::Syntax);
                }
                (levels, level) = (levels >> 1, level - 1);
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes past a key and its colon, within an object.
    fn key_if(&mut self, levels: u64) -> Result<(), Flaw> {
        if levels & 1 == 1 {
            self.string()?;
            self.space();
            if !self.skip(b":") {
                return Err(Flaw::Syntax);
            }
            self.space();
        }
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.skip(b"null") || self.skip(b"true") || self.skip(b"false") => Ok(()),
            _ => Err(Flaw::Syntax),
        }
    }

    fn string(&mut self) -> Result<(), Flaw> {
        if !self.skip(b"\"") {
            return Err(Flaw::Syntax);
        }
        loop {
            let byte = self.peek().ok_or(Flaw::Syntax)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                0 => return Err(Flaw::Nul),
                1..=0x1f => return Err(Flaw::Syntax),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), Flaw> {
        let byte = self.peek().ok_or(Flaw::Syntax)?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.unit()? {
                0 => Err(Flaw::Nul),
                0xdc00..=0xdfff => Err(Flaw::Surrogate),
                0xd800..=0xdbff => match self.skip(b"\\u").then(|| self.unit()) {
                    Some(Ok(0xdc00..=0xdfff)) => Ok(()),
                    Some(Err(flaw)) => Err(flaw),
                    _ => Err(Flaw::Surrogate),
                },
                _ => Ok(()),
            },
            _ => Err(Flaw::Syntax),
        }
    }

    /// Goes past four digits of a `\u` escape.
    fn unit(&mut self) -> Result<u16, Flaw> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Flaw::Syntax)?;
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let from = self.at;
        self.skip(b"-");
        if !self.skip(b"0") {
            self.digits()?;
        }
        if self.skip(b".") {
            self.digits()?;
        }
        if self.skip(b"e") || self.skip(b"E") {
            let _sign = self.skip(b"-") || self.skip(b"+");
            self.digits()?;
        }
        if self.bytes.get(from..self.at).is_some_and(number_fits) { Ok(()) } else { Err(Flaw::Number) }
    }

    /// Goes past at least one digit.
    fn digits(&mut self) -> Result<(), Flaw> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > from { Ok(()) } else { Err(Flaw::Syntax) }
    }
}

fn closing(levels: u64) -> &'static [u8] {
    if levels & 1 == 1 { b"}" } else { b"]" }
}

#[cfg(test)]
pub(crate) mod tests {
    use acd_core::json::Json;
    use acd_core::testing::JSON_PIECES;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// JSON with every kind of value, and what is nearly JSON.
    fn nearly_json() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(JSON_PIECES.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Any value.
    pub(crate) fn values() -> impl Strategy<Value = Value> {
        let finite = prop::num::f64::NORMAL.prop_map(Value::from);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            finite,
            "[^\0]{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let fields = prop::collection::btree_map("[^\0]{0,6}", inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn compacted(text: &str) -> String {
        String::from_utf8(compact(text).collect::<Vec<_>>().concat()).unwrap()
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_is_taken_whole_and_without_its_space(value in values(), pretty in any::<bool>()) {
            let plain = serde_json::to_string(&value).unwrap();
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { plain.clone() };
            let spaced = format!(" \n{text}\t ");
            prop_assert_eq!(check(&spaced, 64), Ok(()));
            prop_assert_eq!(compacted(&spaced), plain);
            for cut in text.char_indices().map(|(at, _)| at).filter(|_| !value.is_number()) {
                prop_assert!(check(&text[..cut], 64).is_err(), "{}", &text[..cut]);
            }
        }

        #[test]
        fn what_serde_json_reads_is_taken_and_nothing_else(text in nearly_json()) {
            let ours = check(&text, 64);
            prop_assert_eq!(ours.is_ok(), serde_json::from_str::<Value>(&text).is_ok(), "{}: {:?}", text, ours);
        }

        #[test]
        fn what_the_core_reads_is_json_here_too(text in nearly_json(), other in "[\\[\\]{},:\"0-9.eE+\\-\\\\u ]{0,16}") {
            for text in [text, other] {
                let is_json = Json::read(text.as_bytes()).is_some();
                match check(&text, 64) {
                    Ok(()) => prop_assert!(is_json, "{}", text),
                    Err(Flaw::Syntax) => prop_assert!(!is_json, "{}", text),
                    // What cannot be stored may be JSON or not.
                    Err(_) => {}
                }
            }
        }

        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = (check(&text, 3), compacted(&text));
        }
    }

    #[test]
    fn what_cannot_be_stored_is_named() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for (text, flaw) in [
            (r#"{"a":"\u0000"}"#, Flaw::Nul),
            ("{\"a\":\"\0\"}", Flaw::Nul),
            (r#"{"\u0000":1}"#, Flaw::Nul),
            (r#"["\ud800"]"#, Flaw::Surrogate),
            (r#"["\udc00\ud800"]"#, Flaw::Surrogate),
            (r#"["\ud800x"]"#, Flaw::Surrogate),
            (r#"["\ud800\ud800"]"#, Flaw::Surrogate),
            ("[1e309]", Flaw::Number),
            ("[-1E+999999999999999999999]", Flaw::Number),
            ("[0.001e312]", Flaw::Number),
            ("[1.8e308]", Flaw::Number),
            ("[1e-400]", Flaw::Number),
            (&"1".repeat(401), Flaw::Number),
            (&deep(33), Flaw::Depth),
            (&"[".repeat(1 << 20), Flaw::Depth),
            ("", Flaw::Syntax),
            ("{} {}", Flaw::Syntax),
            ("[1}", Flaw::Syntax),
        ] {
            assert_eq!(check(text, 32), Err(flaw), "{}", &text[..text.len().min(40)]);
        }
        for text in [&deep(32), r#"["\ud83d\ude00"]"#, "1e308", "0e999999999999999999999", "0.000e400", "-0.5"] {
            assert_eq!(check(text, 32), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_deepest_levels_are_told_apart() {
        let text = format!("{}{}", "[{\"a\":".repeat(32) + "0", "}]".repeat(32));
        assert_eq!(check(&text, 64), Ok(()));
        assert_eq!(check(&text.replace("}]", "]}"), 64), Err(Flaw::Syntax));
    }
}
