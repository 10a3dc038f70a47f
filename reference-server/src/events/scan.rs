//! One pass over an event's text for what JSON allows and PostgreSQL, or a reader, does not.

use acd_analytics::wire::{MAX_DEPTH, RejectionCode};

/// Longest number in characters; a 64-bit float needs no more than 310 before the point.
const MAX_NUMBER_CHARS: usize = 400;

/// Why a text is refused.
pub(super) type Flaw = (RejectionCode, &'static str);

/// Checks a text that is JSON already: nesting, characters, numbers.
pub(super) fn check(json: &str) -> Result<(), Flaw> {
    let bytes = json.as_bytes();
    let mut at = 0;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                // The event itself is one level around its properties.
                if depth > MAX_DEPTH + 1 {
                    return Err((RejectionCode::NestingTooDeep, "objects and arrays may be nested 32 deep"));
                }
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'-' | b'0'..=b'9' => at = number_end(json, at)?,
            _ => at += 1,
        }
    }
    Ok(())
}

fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, Flaw> {
    loop {
        let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
            return Ok(bytes.len());
        };
        at += found;
        if bytes[at] == b'"' {
            return Ok(at + 1);
        }
        if bytes.get(at + 1) != Some(&b'u') {
            at += 2;
            continue;
        }
        at = match unit(bytes, at) {
            Some(0) => return Err((RejectionCode::InvalidText, "a text contains a NUL character (\\u0000)")),
            Some(0xD800..0xDC00) if matches!(unit(bytes, at + 6), Some(0xDC00..0xE000)) => at + 12,
            Some(0xD800..0xE000) => return Err((RejectionCode::InvalidText, "a text contains half a surrogate pair")),
            _ => at + 6,
        };
    }
}

/// The UTF-16 unit that `\uXXXX` at this place stands for.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn number_end(json: &str, start: usize) -> Result<usize, Flaw> {
    let rest = &json.as_bytes()[start..];
    let length = rest
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        .unwrap_or(rest.len());
    let out_of_range = (RejectionCode::NumberOutOfRange, "a number does not fit a 64-bit float; send it as text");
    // Most numbers are short and plain, and those always fit.
    if length > 15 || rest[..length].iter().any(|byte| matches!(byte, b'e' | b'E')) {
        let text = &json[start..start + length];
        let value: f64 = text.parse().map_err(|_| out_of_range.clone())?;
        let digits = text.split(['e', 'E']).next().unwrap_or_default();
        let vanished = value == 0.0 && digits.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
        if length > MAX_NUMBER_CHARS || !value.is_finite() || vanished {
            return Err(out_of_range);
        }
    }
    Ok(start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_can_be_stored() {
        for json in [
            "{}",
            r#"{"a":[1,-2.5,1e300,0.0,0e5,-0],"b":"\u00e9\ud83d\ude00\\u0000\"","c":null}"#,
            &format!("{}{}", "[".repeat(33), "]".repeat(33)),
        ] {
            assert_eq!(check(json), Ok(()), "{json}");
        }
    }

    #[test]
    fn refuses_what_cannot() {
        use RejectionCode::{InvalidText, NestingTooDeep, NumberOutOfRange};
        let deep = format!("{}{}", "[".repeat(34), "]".repeat(34));
        let long = format!("[{}]", "1".repeat(401));
        for (json, code) in [
            (r#"{"a":"\u0000"}"#, InvalidText),
            (r#"{"\u0000":1}"#, InvalidText),
            (r#"["\ud800"]"#, InvalidText),
            (r#"["\udc00\ud800"]"#, InvalidText),
            (r#"["\ud800x"]"#, InvalidText),
            ("[1e400]", NumberOutOfRange),
            ("[-1E+999999999999]", NumberOutOfRange),
            ("[1e-400]", NumberOutOfRange),
            (&long, NumberOutOfRange),
            (&deep, NestingTooDeep),
        ] {
            assert_eq!(check(json).unwrap_err().0, code, "{json}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = check(&text);
        }
    }
}
