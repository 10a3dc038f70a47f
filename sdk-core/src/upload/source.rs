//! Where the bytes come from.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::checksum::{Checksum as _, Sha256};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::BoxFuture;

/// What tells one content of a source from another. Two equal fingerprints mean that an upload may go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The number of bytes.
    pub size: u64,
    /// Whatever changes when the content does: a checksum, or the time of the last change.
    pub version: String,
}

/// Bytes that can be read at any place, again and again. [`Bytes`] is one; [`FileSource`](super::FileSource) another.
pub trait UploadSource: Send + Sync + 'static {
    /// The source as it is now. Asked for when an upload begins or goes on, and once more before it ends.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when it cannot be found out.
    fn fingerprint(&self) -> impl Future<Output = Result<Fingerprint>> + Send;

    /// Reads `length` bytes from `offset` on; fewer only at the source's end.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when reading fails.
    fn read_at(&self, offset: u64, length: usize) -> impl Future<Output = Result<Bytes>> + Send;
}

impl UploadSource for Bytes {
    async fn fingerprint(&self) -> Result<Fingerprint> {
        let mut sum = Sha256::default();
        sum.update(self);
        let version = sum.finish().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Fingerprint { size: u64::try_from(self.len()).unwrap_or(u64::MAX), version })
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        let start = usize::try_from(offset).map_or(self.len(), |offset| offset.min(self.len()));
        Ok(self.slice(start..start.saturating_add(length).min(self.len())))
    }
}

/// An [`UploadSource`] of any type, shared.
#[derive(Clone)]
pub(super) struct SharedSource(Arc<dyn DynSource>);

impl SharedSource {
    pub(super) fn new(source: impl UploadSource) -> Self {
        Self(Arc::new(source))
    }

    pub(super) async fn fingerprint(&self) -> Result<Fingerprint> {
        self.0.fingerprint_dyn().await
    }

    /// Reads exactly `length` bytes.
    pub(super) async fn read_exact(&self, offset: u64, length: usize) -> Result<Bytes> {
        let piece = self.0.read_at_dyn(offset, length).await?;
        if piece.len() == length {
            return Ok(piece);
        }
        let end = offset.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        Err(Error::new(ErrorKind::Integrity, format!("the source ends at byte {end}: it shrank while it was uploaded")))
    }
}

trait DynSource: Send + Sync {
    fn fingerprint_dyn(&self) -> BoxFuture<'_, Result<Fingerprint>>;
    fn read_at_dyn(&self, offset: u64, length: usize) -> BoxFuture<'_, Result<Bytes>>;
}

impl<S: UploadSource> DynSource for S {
    fn fingerprint_dyn(&self) -> BoxFuture<'_, Result<Fingerprint>> {
        Box::pin(self.fingerprint())
    }

    fn read_at_dyn(&self, offset: u64, length: usize) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(self.read_at(offset, length))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn bytes_are_read_up_to_their_end() {
        let source = Bytes::from_static(b"abcdef");
        let read = |offset, length| source.read_at(offset, length).now_or_never().unwrap().unwrap();
        assert_eq!(read(1, 3), "bcd");
        assert_eq!(read(4, 10), "ef");
        assert_eq!(read(u64::MAX, 10), "");
        let short = SharedSource::new(source.clone()).read_exact(4, 3).now_or_never().unwrap().unwrap_err();
        assert_eq!(short.kind(), ErrorKind::Integrity);
    }

    #[test]
    fn other_bytes_have_another_fingerprint() {
        let of =
            |text: &'static str| Bytes::from_static(text.as_bytes()).fingerprint().now_or_never().unwrap().unwrap();
        assert_eq!(of("abc"), of("abc"));
        assert_ne!(of("abc"), of("abd"));
        assert_eq!(of("abc").size, 3);
    }
}
