//! `fetch`, by way of reqwest, whose part for native targets is not compiled here. Dropping the future aborts the request.

use std::task::Poll;

use futures_util::StreamExt as _;
use send_wrapper::SendWrapper;

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::{Body, ByteStream, Request};
use crate::response::Response;
use crate::transport::Transport;

/// Bodies are sent whole, as `fetch` cannot stream them everywhere. More than this is refused rather than held.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Sends requests with `fetch`, in browsers, workers and Node.
///
/// `fetch` follows redirects before they can be seen, custom headers included. The call then fails with
/// [`ErrorKind::Redirect`] like on native targets, but the request has gone to the other place.
#[derive(Clone, Debug, Default)]
pub struct FetchTransport {
    client: reqwest::Client,
}

impl FetchTransport {
    /// There is nothing to set: the host manages connections, and says who the user agent is.
    pub fn new() -> Self {
        Self { client: reqwest::Client::new() }
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let (method, uri, headers, body) = request.into_parts();
        let url = reqwest::Url::parse(&uri.to_string())
            .map_err(|cause| Error::new(ErrorKind::Request, "the request has no absolute URL").with_source(cause))?;
        let bytes = body.collect(LARGEST_BODY).await.map_err(|error| error.with_may_have_been_sent(false))?;
        let mut converted = reqwest::Request::new(method, url.clone());
        *converted.headers_mut() = headers;
        if !bytes.is_empty() {
            *converted.body_mut() = Some(bytes.into());
        }
        let mut response = SendWrapper::new(SendWrapper::new(self.client.clone()).take().execute(converted))
            .await
            .map_err(classify)?;
        // `fetch` follows redirects and reqwest cannot tell it not to. What came is another place's answer, to a request
        // that may have lost its method and body on the way.
        if *response.url() != url {
            return Err(Error::new(ErrorKind::Redirect, "the server redirected the request, and fetch followed"));
        }
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut chunks = SendWrapper::new(Box::pin(response.bytes_stream()));
        let stream = ByteStream::from_poll_fn(move |cx| match chunks.poll_next_unpin(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(chunk) => Poll::Ready(chunk.map(|chunk| chunk.map_err(broken_body))),
        });
        Ok(Response::new(status, headers, Body::stream(None, stream)))
    }
}

/// `fetch` does not tell a refused connection from a broken one, so every failure may have been sent.
fn classify(cause: reqwest::Error) -> Error {
    let error = if cause.is_builder() {
        Error::new(ErrorKind::Request, "the request cannot be sent as it is")
    } else {
        let remedy = "fetch failed: check the server's address, that it runs, and that it allows this origin (CORS)";
        Error::new(ErrorKind::Interrupted, remedy)
    };
    error.with_source(cause.without_url().to_string())
}

fn broken_body(cause: reqwest::Error) -> Error {
    Error::new(ErrorKind::Interrupted, "the answer broke off").with_source(cause.without_url().to_string())
}
