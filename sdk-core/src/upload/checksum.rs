//! Checksums of parts and of whole sources, computed while reading.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::Digest as _;

use super::part::PIECE;
use super::source::{SharedSource, UploadSource};
use crate::Result;
use crate::error::{Error, ErrorKind};

/// An algorithm that takes bytes in order and gives a checksum at the end.
pub trait Checksum: Send + 'static {
    /// Takes the next bytes.
    fn update(&mut self, bytes: &[u8]);

    /// The checksum of everything taken. The value is of no use afterwards.
    fn finish(&mut self) -> Vec<u8>;
}

/// SHA-256, FIPS 180-4.
#[derive(Clone, Debug, Default)]
pub struct Sha256(sha2::Sha256);

impl Checksum for Sha256 {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&mut self) -> Vec<u8> {
        self.0.finalize_reset().to_vec()
    }
}

/// The checksum of a whole source, for a server that wants it before the first byte.
///
/// # Errors
/// As the source's, and [`ErrorKind::Integrity`] when it shrinks meanwhile.
pub async fn checksum_of(source: impl UploadSource, sum: impl Checksum) -> Result<Vec<u8>> {
    let source = SharedSource::new(source);
    let size = source.fingerprint().await?.size;
    checksum_of_range(&source, 0, size, Box::new(sum)).await
}

/// The checksum of `length` bytes from `offset` on.
pub(super) async fn checksum_of_range(
    source: &SharedSource,
    offset: u64,
    length: u64,
    sum: Box<dyn Checksum>,
) -> Result<Vec<u8>> {
    let running = Running::new(sum, offset);
    running.catch_up(source, offset.saturating_add(length)).await?;
    Ok(running.finish())
}

/// Fails unless both are the same. `what` names what was summed: `part 3 (bytes 0-9)`.
pub(super) fn compare(what: fmt::Arguments<'_>, ours: &[u8], theirs: &[u8]) -> Result<()> {
    if ours == theirs {
        return Ok(());
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (ours, theirs) = (hex(ours), hex(theirs));
    Err(Error::new(
        ErrorKind::Integrity,
        format!(
            "{what} arrived with the checksum {theirs} instead of {ours}: it was damaged on the way, upload it again"
        ),
    ))
}

/// A checksum that looks on while parts are read for sending, in whatever order and however often. What it could not
/// see in order, it reads itself.
#[derive(Clone)]
pub(super) struct Running(Arc<Mutex<State>>);

struct State {
    sum: Box<dyn Checksum>,
    summed_to: u64,
    finished: Option<Vec<u8>>,
}

impl Running {
    pub(super) fn new(sum: Box<dyn Checksum>, from: u64) -> Self {
        Self(Arc::new(Mutex::new(State { sum, summed_to: from, finished: None })))
    }

    /// Takes the piece that was read at `offset`, as far as it is the continuation.
    pub(super) fn observe(&self, offset: u64, piece: &[u8]) {
        let mut state = self.lock();
        let Some(known) = state.summed_to.checked_sub(offset).and_then(|known| usize::try_from(known).ok()) else {
            return;
        };
        if let Some(new) = piece.get(known..) {
            state.sum.update(new);
            state.summed_to = state.summed_to.saturating_add(u64::try_from(new.len()).unwrap_or(u64::MAX));
        }
    }

    /// Reads what is missing before `end`.
    pub(super) async fn catch_up(&self, source: &SharedSource, end: u64) -> Result<()> {
        loop {
            let from = self.lock().summed_to;
            let left = usize::try_from(end.saturating_sub(from)).unwrap_or(PIECE);
            if left == 0 {
                return Ok(());
            }
            let piece = source.read_exact(from, left.min(PIECE)).await?;
            self.observe(from, &piece);
        }
    }

    /// The checksum of what was summed up, the same each time: an upload's end may have to be told twice.
    pub(super) fn finish(&self) -> Vec<u8> {
        let State { sum, finished, .. } = &mut *self.lock();
        finished.get_or_insert_with(|| sum.finish()).clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    fn sha256(bytes: &[u8]) -> Vec<u8> {
        sha2::Sha256::digest(bytes).to_vec()
    }

    #[test]
    fn the_checksum_of_a_source_is_that_of_its_bytes() {
        // FIPS 180-4's own example.
        let sum = checksum_of(Bytes::from_static(b"abc"), Sha256::default()).now_or_never().unwrap().unwrap();
        assert_eq!(sum[..4], [0xba, 0x78, 0x16, 0xbf]);
        let large = Bytes::from(vec![7; PIECE * 2 + 1]);
        let sum = checksum_of(large.clone(), Sha256::default()).now_or_never().unwrap().unwrap();
        assert_eq!(sum, sha256(&large));
    }

    #[test]
    fn a_difference_is_told_with_both_sums() {
        let error = compare(format_args!("part 3"), &[0xab], &[0xcd]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        let text = error.to_string();
        assert!(text.contains("part 3") && text.contains("ab") && text.contains("cd"), "{text}");
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_and_number_sum_up_alike(
            content in prop::collection::vec(any::<u8>(), 1..200),
            looks in prop::collection::vec((0_usize..200, 0_usize..80), 0..20),
        ) {
            let running = Running::new(Box::new(Sha256::default()), 0);
            for (offset, length) in looks {
                let start = offset.min(content.len());
                let end = (start + length).min(content.len());
                running.observe(start as u64, &content[start..end]);
            }
            let source = SharedSource::new(Bytes::from(content.clone()));
            running.catch_up(&source, content.len() as u64).now_or_never().unwrap().unwrap();
            prop_assert_eq!(running.finish(), sha256(&content));
        }
    }
}
