//! One part on its way.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};

use bytes::Bytes;

use super::checksum::{Running, compare};
use super::plan::Span;
use super::progress::{Meter, Reading};
use super::source::SharedSource;
use crate::Result;
use crate::error::Error;
use crate::request::{Body, ByteStream};
use crate::runtime::BoxFuture;

/// How many bytes are read from a source at a time: 128 KiB.
pub const PIECE: usize = 128 * 1024;

/// A part that an [`UploadTarget`](super::UploadTarget) is asked to send.
pub struct Part {
    span: Span,
    total: u64,
    checksum: Option<Vec<u8>>,
    reader: Reader,
}

impl Part {
    pub(super) fn new(span: Span, total: u64, checksum: Option<Vec<u8>>, reader: Reader) -> Self {
        Self { span, total, checksum, reader }
    }

    /// The number, from 1.
    pub fn number(&self) -> u64 {
        self.span.number
    }

    /// The first byte's place in the source.
    pub fn offset(&self) -> u64 {
        self.span.offset
    }

    /// The number of bytes.
    pub fn length(&self) -> u64 {
        self.span.length
    }

    /// The place of the first byte behind the part.
    pub fn end(&self) -> u64 {
        self.span.end()
    }

    /// The source's size in bytes.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether the source ends with this part.
    pub fn is_last(&self) -> bool {
        self.end() == self.total
    }

    /// The value of the header `Content-Range`, as in `bytes 0-9/100`
    /// ([RFC 9110, section 14.4](https://www.rfc-editor.org/rfc/rfc9110#section-14.4)).
    pub fn content_range(&self) -> String {
        format!("bytes {}-{}/{}", self.offset(), self.end().saturating_sub(1), self.total)
    }

    /// The part's checksum, when the target asks for one.
    pub fn checksum(&self) -> Option<&[u8]> {
        self.checksum.as_deref()
    }

    /// Compares the checksum that the server reports with ours, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Integrity`](crate::ErrorKind::Integrity) with the part's number and both sums.
    pub fn verify(&self, reported: &[u8]) -> Result<()> {
        let Some(ours) = self.checksum() else { return Ok(()) };
        compare(format_args!("part {} ({})", self.number(), self.content_range()), ours, reported)
    }

    /// The bytes, read from the source while they are sent, in pieces of [`PIECE`]. The body is replayable.
    pub fn body(&self) -> Body {
        let (reader, span) = (self.reader.clone(), self.span);
        Body::replayable(Some(span.length), move || reader.stream(span))
    }

    /// Why the source could not be read, which a transport only knows as a body that broke off.
    pub(super) fn source_failure(&self) -> Option<Error> {
        self.reader.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("span", &self.span).field("total", &self.total).finish_non_exhaustive()
    }
}

/// Reads parts of one source, and lets checksum and progress look on.
#[derive(Clone)]
pub(super) struct Reader {
    source: SharedSource,
    meter: Meter,
    checksum: Option<Running>,
    failure: Arc<Mutex<Option<Error>>>,
}

impl Reader {
    pub(super) fn new(source: SharedSource, meter: Meter, checksum: Option<Running>) -> Self {
        Self { source, meter, checksum, failure: Arc::default() }
    }

    /// A reader whose failures are its own.
    pub(super) fn for_part(&self) -> Self {
        Self { failure: Arc::default(), ..self.clone() }
    }

    fn stream(&self, span: Span) -> ByteStream {
        let reader = self.clone();
        let mut reading = self.meter.reading();
        let (mut at, mut left) = (span.offset, span.length);
        let mut pending: Option<BoxFuture<'static, Result<Bytes>>> = None;
        ByteStream::from_poll_fn(move |cx| {
            if left == 0 {
                return Poll::Ready(None);
            }
            let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let future = pending.get_or_insert_with(|| {
                let source = reader.source.clone();
                Box::pin(async move { source.read_exact(at, length).await })
            });
            let piece = ready!(future.as_mut().poll(cx));
            pending = None;
            Poll::Ready(Some(match piece {
                Ok(piece) => {
                    reader.saw(at, &piece, &mut reading);
                    let taken = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                    (at, left) = (at.saturating_add(taken), left.saturating_sub(taken));
                    Ok(piece)
                }
                Err(error) => Err(reader.keep(error)),
            }))
        })
    }

    fn saw(&self, at: u64, piece: &[u8], reading: &mut Reading) {
        if let Some(checksum) = &self.checksum {
            checksum.observe(at, piece);
        }
        reading.add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
    }

    /// Keeps the error for [`Part::source_failure`] and gives the transport one that says the same.
    fn keep(&self, error: Error) -> Error {
        let told = Error::new(error.kind(), error.message().to_owned());
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        told
    }
}
