//! The bytes of one upload: how many came, their sum, and how they begin. They themselves are not kept.

use sha2::{Digest as _, Sha256};

/// How many bytes at the beginning tell what a file is.
const HEAD: usize = 12;

/// An upload that is taken piece by piece.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Upload {
    size: Option<u64>,
    received: u64,
    head: Vec<u8>,
    digest: Sha256,
}

impl Upload {
    /// One whose size is known beforehand.
    pub(super) fn of_size(size: u64) -> Self {
        Self { size: Some(size), ..Self::default() }
    }

    /// Bytes that came all at once.
    pub(super) fn whole(bytes: &[u8]) -> Self {
        let mut upload = Self::of_size(bytes.len() as u64);
        upload.take(bytes);
        upload
    }

    /// Says how large it is; false when another size was said before.
    pub(super) fn declare(&mut self, size: u64) -> bool {
        *self.size.get_or_insert(size) == size
    }

    /// Meta has fetched it itself: nothing more is to come, and what it holds is not known.
    pub(super) fn fetched(&mut self) {
        self.size = Some(self.received);
        self.head = b"\0\0\0\0ftyp".to_vec();
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        self.received += bytes.len() as u64;
        self.digest.update(bytes);
    }

    pub(super) const fn size(&self) -> Option<u64> {
        self.size
    }

    pub(in super::super) const fn received(&self) -> u64 {
        self.received
    }

    pub(in super::super) fn is_complete(&self) -> bool {
        self.size == Some(self.received)
    }

    /// In hexadecimal.
    pub(super) fn sha256(&self) -> String {
        hex(&self.digest.clone().finalize())
    }

    /// Whether it begins as an MP4, MOV, AVI, MKV or WebM file does.
    pub(in super::super) fn is_video(&self) -> bool {
        let head = self.head.as_slice();
        let atom = head.get(4..8).unwrap_or_default();
        matches!(atom, b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip")
            || head.starts_with(b"\x1a\x45\xdf\xa3")
            || (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI "))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_whole() {
        let bytes = b"\0\0\0\x18ftypisom....";
        let mut pieces = Upload::of_size(bytes.len() as u64);
        for piece in bytes.chunks(5) {
            assert!(!pieces.is_complete());
            pieces.take(piece);
        }
        assert!(pieces.is_complete() && pieces.is_video());
        assert_eq!(pieces.sha256(), Upload::whole(bytes).sha256());
        assert!(!Upload::whole(b"plain text").is_video());
        assert!(pieces.declare(16) && !pieces.declare(17));
    }
}
