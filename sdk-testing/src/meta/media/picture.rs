//! The size of an image, from its beginning.

/// Width and height in pixels of a JPEG, PNG or GIF; none for anything else.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((big(bytes.get(16..20)?), big(bytes.get(20..24)?)));
    }
    if bytes.starts_with(b"GIF8") {
        let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
        return Some((little(6)?, little(8)?));
    }
    bytes.starts_with(b"\xff\xd8").then(|| frame(&bytes[2..])).flatten()
}

/// The frame header of a JPEG, behind its other segments
/// ([ITU T.81, B.2.2](https://www.w3.org/Graphics/JPEG/itu-t81.pdf)).
fn frame(mut rest: &[u8]) -> Option<(u32, u32)> {
    loop {
        let marker = *rest.get(1).filter(|_| rest.first() == Some(&0xff))?;
        let length = big(rest.get(2..4)?) as usize;
        // Every start of frame but the tables that share its numbers.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((big(rest.get(7..9)?), big(rest.get(5..7)?)));
        }
        rest = rest.get(2 + length..)?;
    }
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_stand_where_each_form_has_them() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x40\0\0\0\xf0";
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x02\xff\xc0\0\x11\x08\0\xf0\x01\x40\x03";
        for bytes in [&png[..], &jpeg[..], b"GIF89a\x40\x01\xf0\0"] {
            assert_eq!(size(bytes), Some((320, 240)));
        }
        for bytes in [&b"plain"[..], b"", &png[..20], &jpeg[..12]] {
            assert_eq!(size(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_size_or_none(form in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let form = [&b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"GIF8", b""][form];
            let _ = size(&[form, &bytes].concat());
        }
    }
}
