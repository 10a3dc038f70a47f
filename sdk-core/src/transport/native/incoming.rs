//! An answer's body in our own terms.

use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::Bytes;
use http_body::Body as HttpBody;

use crate::error::Error;
use crate::request::{Body, ByteStream};

/// The body, with its errors as `explain` puts them. Trailers are left out.
pub(super) fn incoming<B>(mut body: B, explain: impl Fn(B::Error) -> Error + Send + 'static) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    if body.is_end_stream() {
        return Body::empty();
    }
    let stream = ByteStream::from_poll_fn(move |cx| {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut body).poll_frame(cx)) {
                None => None,
                Some(Err(cause)) => Some(Err(explain(cause))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_trailers) => continue,
                },
            });
        }
    });
    Body::stream(None, stream)
}
