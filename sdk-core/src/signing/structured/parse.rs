//! Reading structured fields, after the algorithms of RFC 9651, section 4.2.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Bare, Dictionary, InnerList, Item, Malformed, Member, Parameters};

/// The most members, items and parameters together: far more than any real field holds, and few enough that the searches
/// for doubles stay cheap.
const MOST_PARTS: usize = 256;

/// The most digits of an integer, by RFC 9651.
const MOST_DIGITS: usize = 15;

/// Padding may be missing, as the RFC asks of readers; bits beyond the last byte may not, as they would give one value
/// two spellings.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a dictionary from the joined lines of a field.
pub(in crate::signing) fn dictionary(text: &str) -> Result<Dictionary, Malformed> {
    let mut reader = Reader { rest: text.as_bytes(), parts: 0 };
    reader.skip(b" ");
    let members = reader.members()?;
    Ok(Dictionary(members))
}

struct Reader<'a> {
    rest: &'a [u8],
    parts: usize,
}

impl Reader<'_> {
    fn members(&mut self) -> Result<Vec<(String, Member)>, Malformed> {
        let mut members: Vec<(String, Member)> = Vec::new();
        while !self.rest.is_empty() {
            self.count()?;
            let name = self.key()?;
            if members.iter().any(|(known, _)| *known == name) {
                return Err("a dictionary names a member twice");
            }
            let member = if self.take(b'=') {
                self.member()?
            } else {
                Member::Item(Item { bare: Bare::Boolean(true), parameters: self.parameters()? })
            };
            members.push((name, member));
            self.skip(b" \t");
            if self.rest.is_empty() {
                break;
            }
            if !self.take(b',') {
                return Err("a dictionary's members are not separated by commas");
            }
            self.skip(b" \t");
            if self.rest.is_empty() {
                return Err("a dictionary ends in a comma");
            }
        }
        Ok(members)
    }

    fn member(&mut self) -> Result<Member, Malformed> {
        if self.rest.first() == Some(&b'(') {
            self.inner_list().map(Member::List)
        } else {
            self.item().map(Member::Item)
        }
    }

    fn inner_list(&mut self) -> Result<InnerList, Malformed> {
        self.take(b'(');
        let mut items = Vec::new();
        loop {
            self.skip(b" ");
            if self.take(b')') {
                return Ok(InnerList { items, parameters: self.parameters()? });
            }
            self.count()?;
            items.push(self.item()?);
            if !matches!(self.rest.first(), Some(b' ' | b')')) {
                return Err("a list's items are not separated by spaces, or its parenthesis is never closed");
            }
        }
    }

    fn item(&mut self) -> Result<Item, Malformed> {
        Ok(Item { bare: self.bare()?, parameters: self.parameters()? })
    }

    fn parameters(&mut self) -> Result<Parameters, Malformed> {
        let mut parameters: Vec<(String, Bare)> = Vec::new();
        while self.take(b';') {
            self.count()?;
            self.skip(b" ");
            let name = self.key()?;
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err("a parameter is given twice");
            }
            let value = if self.take(b'=') { self.bare()? } else { Bare::Boolean(true) };
            parameters.push((name, value));
        }
        Ok(Parameters(parameters))
    }

    fn bare(&mut self) -> Result<Bare, Malformed> {
        match self.rest.first() {
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b'"') => self.string(),
            Some(b':') => self.bytes(),
            Some(b'?') => self.boolean(),
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'*' => {
                Ok(Bare::Token(self.run(|byte| is_token(byte) || matches!(byte, b':' | b'/'))))
            }
            _ => Err("a value is missing or of an unknown kind"),
        }
    }

    fn integer(&mut self) -> Result<Bare, Malformed> {
        let negative = self.take(b'-');
        let digits = self.run(|byte| byte.is_ascii_digit());
        if self.rest.first() == Some(&b'.') {
            return Err("a decimal stands where only integers are known");
        }
        if digits.is_empty() || digits.len() > MOST_DIGITS {
            return Err("an integer has no digits or more than 15");
        }
        let number: i64 = digits.parse().map_err(|_| "an integer is out of range")?;
        Ok(Bare::Integer(if negative { -number } else { number }))
    }

    fn string(&mut self) -> Result<Bare, Malformed> {
        self.take(b'"');
        let mut text = String::new();
        loop {
            match self.next().ok_or("a string is never closed")? {
                b'"' => return Ok(Bare::String(text)),
                b'\\' => match self.next() {
                    Some(escaped @ (b'"' | b'\\')) => text.push(char::from(escaped)),
                    _ => return Err("a string escapes a character that needs none"),
                },
                byte @ 0x20..=0x7e => text.push(char::from(byte)),
                _ => return Err("a string holds a character that is not printable ASCII"),
            }
        }
    }

    fn bytes(&mut self) -> Result<Bare, Malformed> {
        self.take(b':');
        let text = self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        if !self.take(b':') {
            return Err("a byte sequence is never closed or is not base64");
        }
        BASE64.decode(text).map(Bare::Bytes).map_err(|_| "a byte sequence is not base64")
    }

    fn boolean(&mut self) -> Result<Bare, Malformed> {
        self.take(b'?');
        match self.next() {
            Some(b'0') => Ok(Bare::Boolean(false)),
            Some(b'1') => Ok(Bare::Boolean(true)),
            _ => Err("a boolean is neither ?0 nor ?1"),
        }
    }

    fn key(&mut self) -> Result<String, Malformed> {
        match self.rest.first() {
            Some(b'a'..=b'z' | b'*') => {}
            _ => return Err("a name does not begin with a small letter"),
        }
        let is_key = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*');
        Ok(self.run(is_key))
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> String {
        let end = self.rest.iter().position(|byte| !belongs(*byte)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        run.iter().copied().map(char::from).collect()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.rest.first() == Some(&wanted);
        if found {
            self.next();
        }
        found
    }

    fn skip(&mut self, bytes: &[u8]) {
        while self.rest.first().is_some_and(|byte| bytes.contains(byte)) {
            self.next();
        }
    }

    fn count(&mut self) -> Result<(), Malformed> {
        self.parts += 1;
        if self.parts > MOST_PARTS { Err("a field has more than 256 parts") } else { Ok(()) }
    }
}

/// The characters of a token, by RFC 9110's `tchar`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_examples_are_read() {
        let read = dictionary("a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid, e=?0, f;x=:aGk:, g=\"q\\\"\\\\\"").unwrap();
        assert_eq!(read.get("b"), Some(&Member::Item(Bare::Integer(3).into())));
        assert_eq!(read.get("e"), Some(&Member::Item(Bare::Boolean(false).into())));
        assert_eq!(read.get("g"), Some(&Member::Item(Bare::String("q\"\\".to_owned()).into())));
        let Some(Member::List(list)) = read.get("d") else { panic!("{read:?}") };
        assert_eq!((list.items.len(), list.parameters.get("valid")), (2, Some(&Bare::Boolean(true))));
        let Some(Member::Item(item)) = read.get("f") else { panic!("{read:?}") };
        assert_eq!(item.parameters.get("x"), Some(&Bare::Bytes(b"hi".to_vec())));
        assert_eq!(dictionary("").unwrap(), Dictionary::default());
    }

    #[test]
    fn what_two_readers_could_see_differently_is_refused() {
        for bad in
            ["a=1, a=2", "a=1;p=1;p=2", "a=1,", "a=1 b=2", ",a=1", "a=(1 2", "a=(1\t2)", "a=(1,2)", "a=\"x", "A=1"]
        {
            assert!(dictionary(bad).is_err(), "{bad} was read");
        }
        for bad in
            ["a=1.5", "a=1234567890123456", "a=-", "a=:a*:", "a=:aGl:", "a=?2", "a=\"é\"", "a=\"\\n\"", "a=@1", "a="]
        {
            assert!(dictionary(bad).is_err(), "{bad} was read");
        }
    }

    #[test]
    fn a_field_with_too_many_parts_is_refused() {
        let list = format!("a=({})", "1 ".repeat(MOST_PARTS));
        assert!(dictionary(&list).is_err());
    }
}
