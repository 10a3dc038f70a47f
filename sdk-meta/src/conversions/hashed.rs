//! A value that Meta can match and nobody can read.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use super::normalize::trim;

const SHA256: usize = 32;
const MD5: usize = 16;

/// The two digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 0xf]];
        byte += 1;
    }
    pairs
};

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
        let bytes = sha256_of_short(normalized).unwrap_or_else(|| Sha256::digest(normalized).into());
        Self { bytes, length: SHA256 as u8 }
    }

    /// The hash that `text` is already: 64 or 32 hexadecimal digits of either case, with or without the mark that Meta's
    /// own parameter builder appends after a dot. `None` for a text that is no hash.
    pub fn recognize(text: &str) -> Option<Self> {
        let text = trim(text);
        if text.len() < 2 * MD5 {
            return None;
        }
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
        let length = 2 * usize::from(self.length);
        let (pairs, _) = buffer.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(&self.bytes) {
            *pair = PAIRS[usize::from(*byte)];
        }
        // Hexadecimal digits are always UTF-8.
        buffer.get(..length).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

/// SHA-256 of a text that fits one block with its padding, as nearly all do; `None` for a longer one. The general way feeds a
/// buffer that may be continued and is wiped afterwards, which costs as much again as the one block
/// ([FIPS 180-4](https://csrc.nist.gov/pubs/fips/180-4/upd1/final), sections 5.1.1 and 5.3.3).
fn sha256_of_short(text: &[u8]) -> Option<[u8; SHA256]> {
    const BLOCK: usize = 64;
    const LENGTH: usize = 8;
    const START: [u32; 8] =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
    let mut block = [0; BLOCK];
    let (message, length) = block.split_at_mut(BLOCK - LENGTH);
    let (head, padding) = message.split_at_mut_checked(text.len())?;
    head.copy_from_slice(text);
    // Without room for the bit that ends the message there is a second block.
    *padding.first_mut()? = 0x80;
    length.copy_from_slice(&(8 * text.len() as u64).to_be_bytes());
    let mut state = START;
    compress256(&mut state, &[block]);
    let mut bytes = [0; SHA256];
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(&state) {
        *bytes = word.to_be_bytes();
    }
    Some(bytes)
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
    fn texts_of_every_length_are_hashed_as_the_general_way_does() {
        let text: Vec<u8> = (0..=200).collect();
        for length in 0..text.len() {
            let expected: [u8; SHA256] = Sha256::digest(&text[..length]).into();
            assert_eq!(Hashed::of(&text[..length]).bytes, expected, "{length}");
            assert_eq!(sha256_of_short(&text[..length]).is_some(), length < 56, "{length}");
        }
    }

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
