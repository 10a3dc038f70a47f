//! A value that Meta can match and nobody can read.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::normalize::trim;

const SHA256: usize = 32;
const MD5: usize = 16;

/// A hash as Meta takes it: SHA-256, or the MD5 of older lists.
///
/// `Debug` does not show it: the hash of an e-mail address still says whose it is to anyone who knows the address.
/// `Display` and serde write it in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hashed {
    bytes: [u8; SHA256],
    length: u8,
}

impl Hashed {
    /// Hashes a text that is normalised already. Without that the hash matches nobody: see
    /// [`UserKey::hash`](super::UserKey::hash).
    pub fn of(normalized: &[u8]) -> Self {
        Self { bytes: Sha256::digest(normalized).into(), length: SHA256 as u8 }
    }

    /// The hash that `text` is already: 64 or 32 hexadecimal digits of either case, with or without the mark that Meta's
    /// own parameter builder appends after a dot. `None` for a text that is no hash.
    pub fn recognize(text: &str) -> Option<Self> {
        let text = trim(text);
        let digits = match text.rsplit_once('.') {
            Some((digits, mark)) if is_mark(mark) => digits,
            Some(_) => return None,
            None => text,
        };
        let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
        if pairs.len() != SHA256 && pairs.len() != MD5 {
            return None;
        }
        let mut bytes = [0; SHA256];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self { bytes, length: pairs.len() as u8 })
    }

    fn hex<'b>(&self, buffer: &'b mut [u8; 2 * SHA256]) -> &'b str {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let length = 2 * usize::from(self.length);
        for (pair, byte) in buffer.chunks_exact_mut(2).zip(self.bytes) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]]);
        }
        // Hexadecimal digits are always UTF-8.
        buffer.get(..length).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

/// The eight characters of the builder's present versions, or the two of its first.
fn is_mark(mark: &str) -> bool {
    match mark.len() {
        2 => matches!(mark, "AQ" | "Ag" | "Aw" | "BA" | "BQ" | "Bg"),
        8 => mark.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
        _ => false,
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hex(&mut [0; 2 * SHA256]))
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hashed]")
    }
}

impl Serialize for Hashed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.hex(&mut [0; 2 * SHA256]))
    }
}

impl<'de> Deserialize<'de> for Hashed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // The text is not repeated: it may be what should have been hashed.
        Self::recognize(&text).ok_or_else(|| D::Error::custom("expected a SHA-256 or MD5 hash in hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARY: &str = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec";

    #[test]
    fn a_hash_is_recognised_in_all_its_spellings_and_written_in_one() {
        let hash = Hashed::of(b"mary");
        let upper = format!(" {} ", MARY.to_uppercase());
        for spelling in [MARY, &upper, &format!("{MARY}.AQABAAIA"), &format!("{MARY}.BA")] {
            assert_eq!(Hashed::recognize(spelling), Some(hash), "{spelling}");
        }
        assert_eq!(hash.to_string(), MARY);
        assert_eq!(serde_json::to_value(hash).unwrap(), MARY);
        let md5 = Hashed::recognize("2A6A84E9E44441AFBD75CC19CE28BE37").unwrap();
        assert_eq!(md5.to_string(), "2a6a84e9e44441afbd75cc19ce28be37");
        assert_eq!(serde_json::from_value::<Hashed>(md5.to_string().into()).unwrap(), md5);
    }

    #[test]
    fn what_is_no_hash_is_not_taken_for_one() {
        for text in ["", ".", "mary", &MARY[1..], &format!("{MARY}0"), &format!("{MARY}.xy"), &MARY.replace('6', "g")] {
            assert_eq!(Hashed::recognize(text), None, "{text}");
        }
        let error = serde_json::from_str::<Hashed>(r#""mary@example.com""#).unwrap_err().to_string();
        assert!(error.contains("SHA-256") && !error.contains("mary"), "{error}");
    }

    #[test]
    fn printing_for_a_log_shows_no_hash() {
        assert_eq!(format!("{:?}", Hashed::of(b"mary")), "[hashed]");
    }
}
