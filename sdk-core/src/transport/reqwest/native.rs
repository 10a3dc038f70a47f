//! reqwest over TCP and rustls.

use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Uri;
use http_body::{Body as HttpBody, Frame, SizeHint};
use reqwest::redirect;

use super::TransportOptions;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::{Body, ByteStream, Request};
use crate::response::Response;
use crate::transport::Transport;

/// Sends requests with reqwest. Needs a running tokio runtime.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when TLS cannot be set up, for want of trusted root certificates say.
    pub fn new(options: &TransportOptions) -> Result<Self> {
        #[cfg(feature = "rustls-ring")]
        install_ring();
        let client = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(options.idle_timeout)
            .user_agent(&options.user_agent)
            .redirect(redirect::Policy::none())
            // The pipeline alone decides what is sent twice.
            .retry(reqwest::retry::never())
            .build()
            .map_err(|cause| {
                Error::new(
                    ErrorKind::Configuration,
                    "the HTTP client cannot be set up: check the user agent, and that root certificates are installed",
                )
                .with_source(cause)
            })?;
        Ok(Self { client })
    }
}

/// rustls has no provider of its own in this build. An application that installed one before keeps it.
#[cfg(feature = "rustls-ring")]
fn install_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing the race to another thread leaves a provider installed, which is all that is wanted.
        let _installed_by_another = rustls::crypto::ring::default_provider().install_default().is_err();
    }
}

impl Transport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let response = self.client.execute(convert(request)?).await.map_err(classify)?;
        let (parts, mut body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let stream = ByteStream::from_poll_fn(move |cx| {
            loop {
                return Poll::Ready(match ready!(Pin::new(&mut body).poll_frame(cx)) {
                    None => None,
                    Some(Err(cause)) => Some(Err(broken_body(cause))),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => Some(Ok(data)),
                        Err(_trailers) => continue,
                    },
                });
            }
        });
        Ok(Response::new(parts.status, parts.headers, Body::stream(None, stream)))
    }
}

fn convert(request: Request) -> Result<reqwest::Request> {
    let (method, uri, headers, body) = request.into_parts();
    let mut converted = reqwest::Request::new(method, url(&uri)?);
    *converted.headers_mut() = headers;
    *converted.body_mut() = match (body.as_bytes(), body.length()) {
        (Some(bytes), _) => Some(bytes.clone().into()),
        (None, Some(0)) => None,
        (None, length) => Some(reqwest::Body::wrap(Upload { stream: body.into_stream(), left: length })),
    };
    Ok(converted)
}

fn url(uri: &Uri) -> Result<reqwest::Url> {
    // Put together by hand: `Uri` prints itself piece by piece, and each piece would grow the string.
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut text = String::with_capacity(authority.len() + path.len() + 8);
    text.push_str(uri.scheme_str().unwrap_or_default());
    text.push_str("://");
    text.push_str(authority);
    text.push_str(path);
    reqwest::Url::parse(&text)
        .map_err(|cause| Error::new(ErrorKind::Request, "the request has no absolute URL").with_source(cause))
}

/// A streamed request body in the terms of hyper.
struct Upload {
    stream: ByteStream,
    left: Option<u64>,
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        let chunk = ready!(self.stream.poll_chunk(cx));
        if let (Some(Ok(bytes)), Some(left)) = (&chunk, &mut self.left) {
            *left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Tells failures before sending from those after which the server may have acted.
fn classify(cause: reqwest::Error) -> Error {
    // reqwest prints the URL with its query, which our own message leaves out.
    let cause = cause.without_url();
    let error = if cause.is_builder() {
        Error::new(ErrorKind::Request, "the request cannot be sent as it is")
    } else if cause.is_connect() {
        let message = if cause.is_timeout() {
            "the server did not accept a connection in time"
        } else {
            "no connection to the server: check its address, that it runs, and the certificate"
        };
        Error::new(ErrorKind::Connect, message)
    } else if never_written(&cause) {
        Error::new(ErrorKind::Interrupted, "the connection closed before the request was written")
            .with_may_have_been_sent(false)
            .with_stale_connection()
    } else if closed_without_answer(&cause) {
        Error::new(ErrorKind::Interrupted, "the connection closed before an answer began").with_stale_connection()
    } else {
        Error::new(ErrorKind::Interrupted, "the exchange broke off")
    };
    error.with_source(cause)
}

fn broken_body(cause: reqwest::Error) -> Error {
    Error::new(ErrorKind::Interrupted, "the answer broke off").with_source(cause.without_url())
}

fn never_written(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
}

fn closed_without_answer(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message)
        || find::<io::Error>(error)
            .is_some_and(|cause| matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset))
}

fn find<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    std::iter::successors(error.source(), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
}
