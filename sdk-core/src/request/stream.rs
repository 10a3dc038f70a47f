//! Bytes that arrive in pieces.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::future::poll_fn;

use super::body::Body;
use crate::Result;
use crate::error::{Error, ErrorKind};

type PollChunk = dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes>>> + Send;

/// A sequence of chunks, read once. It stands in for the `Stream` traits, none of which is in the standard library yet.
pub struct ByteStream {
    // Never locked: the mutex only makes the stream `Sync`, which lets a policy hold `&Call` over an await.
    poll: Mutex<Box<PollChunk>>,
}

impl ByteStream {
    /// A stream that asks `poll` for each chunk; `Ready(None)` ends it and is not followed by another question.
    ///
    /// A `futures::Stream` fits in one line:
    /// `ByteStream::from_poll_fn(move |cx| stream.as_mut().poll_next(cx))`.
    pub fn from_poll_fn(
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes>>> + Send + 'static,
    ) -> Self {
        let mut ended = false;
        Self {
            poll: Mutex::new(Box::new(move |cx| {
                if ended {
                    return Poll::Ready(None);
                }
                let chunk = poll(cx);
                ended = matches!(chunk, Poll::Ready(None | Some(Err(_))));
                chunk
            })),
        }
    }

    /// A stream of chunks that are at hand.
    pub fn from_chunks<I>(chunks: I) -> Self
    where
        I: IntoIterator<Item = Bytes>,
        I::IntoIter: Send + 'static,
    {
        let mut chunks = chunks.into_iter();
        Self::from_poll_fn(move |_| Poll::Ready(chunks.next().map(Ok)))
    }

    /// What these bodies hold, one after the other. Each is opened when its turn comes.
    pub(super) fn chain(bodies: Vec<Body>) -> Self {
        let mut bodies = bodies.into_iter();
        let mut current: Option<Self> = None;
        Self::from_poll_fn(move |cx| {
            loop {
                let stream = match &mut current {
                    Some(stream) => stream,
                    None => match bodies.next() {
                        Some(body) => current.insert(body.into_stream()),
                        None => return Poll::Ready(None),
                    },
                };
                match ready!(stream.poll_chunk(cx)) {
                    Some(chunk) => return Poll::Ready(Some(chunk)),
                    None => current = None,
                }
            }
        })
    }

    /// Asks for the next chunk. After the end or an error only `None` follows.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.poll.get_mut().unwrap_or_else(PoisonError::into_inner)(cx)
    }

    /// The next chunk, or `None` at the end. Dropping the future loses no chunk.
    ///
    /// # Errors
    /// Whatever the source reports; the stream ends with it.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_chunk(cx)).await.transpose()
    }

    /// Everything up to the end, joined.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] as soon as more than `limit` bytes have come, and whatever the source reports.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        check_size(first.len(), limit)?;
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            check_size(all.len().saturating_add(chunk.len()), limit)?;
            all.extend_from_slice(&chunk);
            next = self.chunk().await?;
        }
        Ok(all.freeze())
    }
}

pub(super) fn check_size(size: usize, limit: usize) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TooLarge,
        format!("the body exceeds the limit of {limit} bytes: read it as a stream, or raise max_response_bytes"),
    ))
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn chunks(parts: &[&'static str]) -> ByteStream {
        ByteStream::from_chunks(parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect::<Vec<_>>())
    }

    #[test]
    fn chunks_are_joined_in_order() {
        let all = chunks(&["a", "", "bc", "d"]).collect(4).now_or_never().unwrap().unwrap();
        assert_eq!(all, "abcd");
        assert!(chunks(&[]).collect(0).now_or_never().unwrap().unwrap().is_empty());
    }

    #[test]
    fn one_byte_over_the_limit_is_refused() {
        for parts in [&["abcde"][..], &["ab", "cde"]] {
            let error = chunks(parts).collect(4).now_or_never().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge);
        }
    }

    #[test]
    fn nothing_follows_an_error() {
        let mut stream =
            ByteStream::from_poll_fn(|_| Poll::Ready(Some(Err(Error::new(ErrorKind::Interrupted, "cut")))));
        assert!(stream.chunk().now_or_never().unwrap().is_err());
        assert!(stream.chunk().now_or_never().unwrap().unwrap().is_none());
    }
}
