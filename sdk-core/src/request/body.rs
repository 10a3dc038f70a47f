//! What a request or a response carries.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::stream::{ByteStream, check_size};
use crate::Result;

/// A body: nothing, bytes in memory, or a stream.
///
/// Only what can be produced a second time can be retried, so a stream is best given by [`Body::replayable`].
pub struct Body(Repr);

enum Repr {
    Empty,
    Bytes(Bytes),
    Once { length: Option<u64>, stream: ByteStream },
    Replayable { length: Option<u64>, open: Arc<dyn Fn() -> ByteStream + Send + Sync> },
    Spent,
}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self(Repr::Empty)
    }

    /// A stream that can be read once. A call with such a body is never retried once reading may have begun.
    ///
    /// `length` is the number of bytes if it is known; without it the transport uses chunked encoding.
    pub fn stream(length: Option<u64>, stream: ByteStream) -> Self {
        Self(Repr::Once { length, stream })
    }

    /// A stream that `open` makes anew for every attempt, with the same bytes each time.
    pub fn replayable(length: Option<u64>, open: impl Fn() -> ByteStream + Send + Sync + 'static) -> Self {
        Self(Repr::Replayable { length, open: Arc::new(open) })
    }

    /// The length in bytes, if it is known before reading.
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Repr::Empty => Some(0),
            Repr::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Repr::Once { length, .. } | Repr::Replayable { length, .. } => *length,
            Repr::Spent => None,
        }
    }

    /// Whether the body can be sent more than once.
    pub fn is_replayable(&self) -> bool {
        !matches!(self.0, Repr::Once { .. } | Repr::Spent)
    }

    /// The bytes, when they are all in memory. An empty body has none.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Repr::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A second body with the same content, or `None` when this one can be read only once.
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Repr::Empty => Some(Self(Repr::Empty)),
            Repr::Bytes(bytes) => Some(Self(Repr::Bytes(bytes.clone()))),
            Repr::Replayable { length, open } => {
                Some(Self(Repr::Replayable { length: *length, open: Arc::clone(open) }))
            }
            Repr::Once { .. } | Repr::Spent => None,
        }
    }

    /// Reads the body as a stream, whatever it is made of.
    pub fn into_stream(self) -> ByteStream {
        match self.0 {
            Repr::Empty | Repr::Spent => ByteStream::from_chunks([]),
            Repr::Bytes(bytes) => ByteStream::from_chunks([bytes]),
            Repr::Once { stream, .. } => stream,
            Repr::Replayable { open, .. } => open(),
        }
    }

    /// Reads the whole body into memory.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) when it holds more than `limit` bytes, and whatever its
    /// source reports.
    pub async fn collect(self, limit: usize) -> Result<Bytes> {
        match self.0 {
            Repr::Empty | Repr::Spent => Ok(Bytes::new()),
            Repr::Bytes(bytes) => check_size(bytes.len(), limit).map(|()| bytes),
            Repr::Once { stream, .. } => stream.collect(limit).await,
            Repr::Replayable { open, .. } => open().collect(limit).await,
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        matches!(self.0, Repr::Spent)
    }

    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self(Repr::Spent))
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::empty() } else { Self(Repr::Bytes(bytes)) }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from(text).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Repr::Empty => "empty",
            Repr::Bytes(_) => "bytes",
            Repr::Once { .. } => "stream",
            Repr::Replayable { .. } => "replayable stream",
            Repr::Spent => "spent",
        };
        f.debug_struct("Body").field("kind", &kind).field("length", &self.length()).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_factory_gives_the_same_bytes_to_every_copy() {
        let body = Body::replayable(Some(2), || ByteStream::from_chunks([Bytes::from_static(b"hi")]));
        for copy in [body.try_clone().unwrap(), body.try_clone().unwrap(), body] {
            assert!(copy.is_replayable());
            assert_eq!(copy.length(), Some(2));
            assert_eq!(copy.collect(2).now_or_never().unwrap().unwrap(), "hi");
        }
    }

    #[test]
    fn a_single_use_stream_has_no_copy() {
        let body = Body::stream(None, ByteStream::from_chunks([Bytes::from_static(b"hi")]));
        assert!(!body.is_replayable());
        assert!(body.try_clone().is_none());
    }

    #[test]
    fn printing_shows_the_size_and_nothing_of_the_content() {
        let text = format!("{:?}", Body::from("hunter2"));
        assert!(text.contains('7') && !text.contains("hunter2"), "{text}");
    }
}
