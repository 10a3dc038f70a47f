//! The answer as `fetch` gives it, read as the pipeline wants it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use js_sys::{Array, JsString, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult, ResponseType};

use super::abort::AbortOnDrop;
use super::failure;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::{Body, ByteStream};
use crate::response::Response;

pub(super) fn read(answer: &web_sys::Response, mut abort: AbortOnDrop) -> Result<Response> {
    if answer.type_() == ResponseType::Opaqueredirect {
        return Err(Error::new(ErrorKind::Redirect, "the server redirected the request, and a browser hides where to"));
    }
    let status = StatusCode::from_u16(answer.status())
        .map_err(|cause| Error::new(ErrorKind::Decode, "the answer has a status that is not one").with_source(cause))?;
    let headers = headers(answer)?;
    let Some(body) = answer.body() else {
        abort.over();
        return Ok(Response::new(status, headers, Body::empty()));
    };
    let reader = ReadableStreamDefaultReader::new(&body).map_err(|thrown| failure::of_the_host(&thrown))?;
    let mut chunks = SendWrapper::new(Chunks { reader, abort, pending: None });
    let stream = ByteStream::from_poll_fn(move |cx| chunks.poll(cx));
    Ok(Response::new(status, headers, Body::stream(None, stream)))
}

/// Every header that can be read; a browser shows those alone that the server allows it to.
fn headers(answer: &web_sys::Response) -> Result<HeaderMap> {
    let mut read = HeaderMap::new();
    let entries = js_sys::try_iter(&answer.headers()).map_err(|thrown| failure::of_the_host(&thrown))?;
    for entry in entries.into_iter().flatten() {
        let entry: Array = entry.map_err(|thrown| failure::of_the_host(&thrown))?.unchecked_into();
        let [name, value] = [0, 1].map(|place| entry.get(place).dyn_into::<JsString>().map(String::from));
        if let (Ok(name), Ok(value)) = (name, value)
            // What HTTP itself could not carry is nothing a server said.
            && let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            read.append(name, value);
        }
    }
    Ok(read)
}

/// The body, chunk by chunk. Dropped before its end, it aborts the request.
struct Chunks {
    reader: ReadableStreamDefaultReader,
    abort: AbortOnDrop,
    pending: Option<JsFuture>,
}

impl Chunks {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let pending = self.pending.get_or_insert_with(|| JsFuture::from(self.reader.read()));
        let read = ready!(Pin::new(pending).poll(cx));
        self.pending = None;
        Poll::Ready(match read {
            Ok(read) => {
                let read: ReadableStreamReadResult = read.unchecked_into();
                if read.get_done() == Some(true) {
                    self.abort.over();
                    None
                } else {
                    Some(Ok(read.get_value().unchecked_into::<Uint8Array>().to_vec().into()))
                }
            }
            Err(thrown) => {
                self.abort.over();
                Some(Err(failure::of_the_answer(&thrown)))
            }
        })
    }
}
