use crate::wire::MAX_EVENT_BYTES;

/// Bytes in front of each payload: its length and a checksum, both little-endian `u32`.
pub(super) const HEADER_BYTES: usize = 8;

/// Writes one payload as a frame. Payloads are JSON objects, hence never empty.
pub(super) fn write(payload: &[u8], to: &mut Vec<u8>) {
    let length = (payload.len() as u32).to_le_bytes();
    to.extend_from_slice(&length);
    to.extend_from_slice(&checksum(length, payload).to_le_bytes());
    to.extend_from_slice(payload);
}

/// The first payload of `bytes` and what follows it. `None` when it is cut off, damaged or absent.
pub(super) fn read(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (expected, rest) = rest.split_first_chunk::<4>()?;
    let size = u32::from_le_bytes(*length) as usize;
    // A zero length is what a file looks like whose tail was allocated but never written.
    if size == 0 || size > MAX_EVENT_BYTES {
        return None;
    }
    let (payload, rest) = rest.split_at_checked(size)?;
    (checksum(*length, payload) == u32::from_le_bytes(*expected)).then_some((payload, rest))
}

/// Covers the length too: a flipped bit there would otherwise pass off other bytes as the payload.
fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn frames(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        payloads.iter().for_each(|payload| write(payload, &mut bytes));
        bytes
    }

    fn read_all(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        while let Some((payload, rest)) = read(bytes) {
            payloads.push(payload.to_vec());
            bytes = rest;
        }
        payloads
    }

    #[test]
    fn zeroes_and_absurd_lengths_are_no_frames() {
        assert_eq!(read(&[0; 64]), None);
        assert_eq!(read(&[0xff; 64]), None);
    }

    proptest! {
        #[test]
        fn cut_anywhere_every_whole_frame_before_the_cut_is_read(payloads in vec(vec(any::<u8>(), 1..40), 0..6)) {
            let bytes = frames(&payloads);
            let mut ends = vec![0];
            for payload in &payloads {
                ends.push(ends[ends.len() - 1] + HEADER_BYTES + payload.len());
            }
            for cut in 0..=bytes.len() {
                let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
                prop_assert_eq!(&read_all(&bytes[..cut])[..], &payloads[..whole]);
            }
        }

        #[test]
        fn a_damaged_byte_never_yields_what_was_not_written(
            payloads in vec(vec(any::<u8>(), 1..40), 1..6),
            at in any::<prop::sample::Index>(),
            flip in 1..=u8::MAX,
        ) {
            let mut bytes = frames(&payloads);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let read = read_all(&bytes);
            prop_assert!(read.len() < payloads.len());
            prop_assert_eq!(&read[..], &payloads[..read.len()]);
        }
    }
}
