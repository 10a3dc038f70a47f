//! Hexadecimal, in lower case only.
//!
//! Every sender of a webhook writes lower case. Taking upper case as well would give each signature many spellings, and
//! nothing would be won.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What stands for each byte that is no digit. Any value above 15 does.
const NO_DIGIT: u8 = 0xff;

/// The value of each byte as a digit: a table, as branches on random digits would be mispredicted half of the time.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The bytes in hexadecimal.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The bytes that `text` spells, `None` unless it is exactly `N` of them.
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    if pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    let mut seen = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
        *byte = high << 4 | low;
        seen |= high | low;
    }
    (seen <= 0xf).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_whole_lower_case_texts_of_the_right_length_are_read() {
        assert_eq!(decode(b"00ff1a"), Some([0x00, 0xff, 0x1a]));
        assert_eq!(decode(b""), Some([]));
        for wrong in ["00ff1", "00ff1a0", "00ff1a00", "00FF1A", "00fg1a", "0x00ff", "\u{e9}0ff1"] {
            assert_eq!(decode::<3>(wrong.as_bytes()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive(bytes in any::<[u8; 32]>()) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_written_alike(text in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Some(bytes) = decode::<4>(&text) {
                prop_assert_eq!(encode(&bytes).into_bytes(), text);
            }
        }
    }
}
