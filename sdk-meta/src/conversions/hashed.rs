//! A value that Meta can match and nobody can read.

use std::array;
use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use super::normalize::trim;

/// Digits of a hash.
const SHA256: usize = 64;
const MD5: usize = 32;
/// Digits of a word.
const WORD: usize = 8;

/// A hash as Meta takes it: SHA-256, or the MD5 of older lists.
///
/// `Debug` does not show it: the hash of an e-mail address still says whose it is to anyone who knows the address.
/// `Display` and serde write it in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hashed {
    words: [u32; SHA256 / WORD],
    /// How many of the words there are.
    length: u8,
}

impl Hashed {
    /// Hashes a text that is normalised already. Without that the hash matches nobody: see
    /// [`UserKey::hash`](super::UserKey::hash).
    pub fn of(normalized: &[u8]) -> Self {
        let words = sha256_of_short(normalized).unwrap_or_else(|| {
            let digest = Sha256::digest(normalized);
            let (words, _) = digest.as_slice().as_chunks();
            array::from_fn(|at| words.get(at).map_or(0, |word| u32::from_be_bytes(*word)))
        });
        Self { words, length: (SHA256 / WORD) as u8 }
    }

    /// The hash that `text` is already: 64 or 32 hexadecimal digits of either case, with or without the mark that Meta's
    /// own parameter builder appends after a dot. `None` for a text that is no hash.
    pub fn recognize(text: &str) -> Option<Self> {
        if text.len() < MD5 {
            return None;
        }
        let mut rest = trim(text).as_bytes();
        let (mut words, mut digits) = ([0; SHA256 / WORD], 0);
        while let [first, others @ ..] = rest
            && let Some(digit) = digit(*first)
            && let Some(word) = words.get_mut(digits / WORD)
        {
            *word = *word << 4 | u32::from(digit);
            digits += 1;
            rest = others;
        }
        let is_whole = match rest {
            [] => true,
            [b'.', mark @ ..] => is_mark(mark),
            _ => false,
        };
        (is_whole && matches!(digits, MD5 | SHA256)).then_some(Self { words, length: (digits / WORD) as u8 })
    }

    /// Writes the hash in lower-case hexadecimal into the buffer and gives what is written there: 64 digits, or the 32 of an MD5.
    /// As `Display`, without a formatter.
    pub fn encode<'b>(&self, buffer: &'b mut [u8; 64]) -> &'b str {
        let (places, _) = buffer.as_chunks_mut();
        for (place, word) in places.iter_mut().zip(&self.words) {
            *place = digits(*word);
        }
        // Hexadecimal digits are always UTF-8.
        let digits = buffer.get(..WORD * usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

/// The hexadecimal digits of a word, all at once.
fn digits(word: u32) -> [u8; WORD] {
    // Half by half, byte by byte and digit by digit, each in a byte of its own, the first in the lowest.
    let mut digits = u64::from(word);
    digits = (digits >> 16 | digits << 32) & 0x0000_ffff_0000_ffff;
    digits = (digits >> 8 | digits << 16) & 0x00ff_00ff_00ff_00ff;
    digits = (digits >> 4 | digits << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    // Of those above 9 the sum reaches the upper half of the byte.
    let letters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (digits + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'9' - 1)).to_le_bytes()
}

/// SHA-256 of a text that fits one block with its padding, as nearly all do; `None` for a longer one. The general way feeds a
/// buffer that may be continued and is wiped afterwards, which costs as much again as the one block
/// ([FIPS 180-4](https://csrc.nist.gov/pubs/fips/180-4/upd1/final), sections 5.1.1 and 5.3.3).
fn sha256_of_short(text: &[u8]) -> Option<[u32; SHA256 / WORD]> {
    const BLOCK: usize = 64;
    const LENGTH: usize = 8;
    const START: [u32; 8] =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
    let mut blocks = [[0; BLOCK]];
    let (message, length) = blocks.as_flattened_mut().split_at_mut(BLOCK - LENGTH);
    let (head, padding) = message.split_at_mut_checked(text.len())?;
    head.copy_from_slice(text);
    // Without room for the bit that ends the message there is a second block.
    *padding.first_mut()? = 0x80;
    length.copy_from_slice(&(8 * text.len() as u64).to_be_bytes());
    let mut words = START;
    compress256(&mut words, &blocks);
    Some(words)
}

/// The eight characters of the builder's present versions, or the two of its first.
fn is_mark(mark: &[u8]) -> bool {
    match mark.len() {
        2 => matches!(mark, b"AQ" | b"Ag" | b"Aw" | b"BA" | b"BQ" | b"Bg"),
        8 => mark.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
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
        f.write_str(self.encode(&mut [0; SHA256]))
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hashed]")
    }
}

impl Serialize for Hashed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; SHA256]))
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
            let expected = crate::hex::encode(&Sha256::digest(&text[..length]));
            assert_eq!(Hashed::of(&text[..length]).to_string(), expected, "{length}");
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
        assert_eq!(md5.encode(&mut [b'x'; 64]), md5.to_string());
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
