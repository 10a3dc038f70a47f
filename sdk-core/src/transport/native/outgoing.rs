//! A request's body in the terms of hyper.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::error::Error;
use crate::request::{Body, ByteStream};

/// What is still to be sent. Bytes in memory need no box.
pub(super) enum Outgoing {
    Nothing,
    Whole(Bytes),
    Streamed { stream: ByteStream, left: Option<u64> },
}

impl From<Body> for Outgoing {
    fn from(body: Body) -> Self {
        match (body.as_bytes(), body.length()) {
            (Some(bytes), _) => Self::Whole(bytes.clone()),
            (None, Some(0)) => Self::Nothing,
            (None, left) => Self::Streamed { stream: body.into_stream(), left },
        }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Nothing => Poll::Ready(None),
            Self::Whole(bytes) => {
                let bytes = mem::take(bytes);
                *self = Self::Nothing;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Streamed { stream, left } => {
                let chunk = ready!(stream.poll_chunk(cx));
                if let (Some(Ok(bytes)), Some(left)) = (&chunk, left) {
                    *left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                }
                Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Whole(bytes) => u64::try_from(bytes.len()).map_or_else(|_| SizeHint::default(), SizeHint::with_exact),
            Self::Streamed { left, .. } => left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use futures_util::future::poll_fn;

    use super::*;

    fn next(body: &mut Outgoing) -> Option<Bytes> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).now_or_never().unwrap();
        frame.map(|frame| frame.unwrap().into_data().unwrap())
    }

    #[test]
    fn the_length_that_is_left_is_exact_while_it_is_known() {
        let parts = || ByteStream::from_chunks(["ab", "cde"].map(Bytes::from));
        let mut known = Outgoing::from(Body::stream(Some(5), parts()));
        let mut unknown = Outgoing::from(Body::stream(None, parts()));
        for left in [5, 3, 0] {
            assert_eq!(known.size_hint().exact(), Some(left));
            assert_eq!(unknown.size_hint().exact(), None);
            assert_eq!(next(&mut known), next(&mut unknown));
        }
    }

    #[test]
    fn bytes_in_memory_are_one_piece_and_nothing_is_none() {
        let mut whole = Outgoing::from(Body::from("abc"));
        assert_eq!((whole.size_hint().exact(), whole.is_end_stream()), (Some(3), false));
        assert_eq!(next(&mut whole).unwrap(), "abc");
        for mut end in [whole, Outgoing::from(Body::empty())] {
            assert_eq!((end.size_hint().exact(), end.is_end_stream()), (Some(0), true));
            assert_eq!(next(&mut end), None);
        }
    }
}
