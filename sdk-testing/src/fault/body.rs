//! Bodies that arrive badly.

use std::task::Poll;
use std::time::Duration;

use acd_core::{ByteStream, Error, ErrorKind, Runtime};
use bytes::Bytes;

/// The first `keep` bytes, and then the end of the connection.
pub(super) fn truncated(mut body: ByteStream, keep: usize) -> ByteStream {
    let mut left = keep;
    ByteStream::from_poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(Some(Err(Error::new(ErrorKind::Interrupted, "the answer was cut on purpose"))));
        }
        body.poll_chunk(cx).map(|chunk| match chunk {
            Some(Ok(bytes)) => {
                let bytes = bytes.slice(..bytes.len().min(left));
                left -= bytes.len();
                Some(Ok(bytes))
            }
            Some(Err(error)) => Some(Err(error)),
            // Shorter than what was to be kept: it breaks off at its end.
            None => Some(Err(Error::new(ErrorKind::Interrupted, "the answer was cut on purpose"))),
        })
    })
}

/// At most `chunk` bytes after each `pause`.
pub(super) fn slow(mut body: ByteStream, chunk: usize, pause: Duration, runtime: Runtime) -> ByteStream {
    let mut held = Bytes::new();
    let mut timer = None;
    ByteStream::from_poll_fn(move |cx| {
        while held.is_empty() {
            match body.poll_chunk(cx) {
                Poll::Ready(Some(Ok(bytes))) => held = bytes,
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => return Poll::Pending,
            }
        }
        let waiting = timer.get_or_insert_with(|| runtime.sleep(pause));
        waiting.as_mut().poll(cx).map(|()| {
            timer = None;
            Some(Ok(held.split_to(chunk.max(1).min(held.len()))))
        })
    })
}
