//! One request and its answer, by way of the host's `fetch`.
//!
//! What lies between `fetch` and the module is JavaScript, which is at home there: a request leaves in one call and its answer
//! comes back in one, however many promises, headers and pieces of a body there are between. A promise that is awaited from
//! here would cost two closures with a finaliser each.

mod kept;
mod running;

use std::pin::Pin;
use std::task::{Context, Poll};

use acd_core::{Body, ByteStream, Error, ErrorKind, FetchFailure, Request, Response, Result, Transport};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

pub(crate) use kept::take;

use crate::headers;
use crate::host::Host;

/// Bodies are sent whole, as `fetch` cannot stream them everywhere. More than this is refused rather than held.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// How much of an answer is read at most.
pub(crate) const LARGEST_ANSWER: u32 = 16 * 1024 * 1024;

/// Sends requests with the host's `fetch`. Answers are read whole; redirects are not followed, and where a browser hides
/// where one leads, the call fails with [`ErrorKind::Redirect`] and without the answer's status.
#[derive(Clone)]
pub(crate) struct HostTransport {
    host: SendWrapper<Host>,
    keeps: bool,
}

impl HostTransport {
    /// With `keeps` the bodies of successes stay in JavaScript, which wants their text again. In the place of one that is
    /// not empty the pipeline carries what [`take`] gives the text for, so that it is for clients without a classifier,
    /// which would read it.
    pub(crate) fn new(host: Host, keeps: bool) -> Self {
        Self { host: SendWrapper::new(host), keeps }
    }
}

impl Transport for HostTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let (method, uri, headers, body) = request.into_parts();
        let body = body.collect(LARGEST_BODY).await.map_err(|error| error.with_may_have_been_sent(false))?;
        let head = head(&method, &uri, &headers)?;
        let exchange = Exchange { number: running::begin(), host: &self.host };
        // May call back into the module, so that nothing of it is borrowed here.
        self.host.send(exchange.number, &head, &body, self.keeps, LARGEST_ANSWER);
        exchange.await
    }
}

/// Method, URL, then name and value of each header: lines, as none of them can hold a line break.
fn head(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<String> {
    let mut head = format!("{method}\n{uri}");
    for (name, value) in headers {
        let value = value.to_str().map_err(|cause| {
            let problem = format!("the header `{name}` has a value that is not ASCII, which fetch cannot send");
            Error::new(ErrorKind::Request, problem).with_source(cause)
        })?;
        head.extend(["\n", name.as_str(), "\n", value]);
    }
    Ok(head)
}

/// Waits for the answer. Dropped before, it aborts the request.
struct Exchange<'h> {
    number: u32,
    host: &'h SendWrapper<Host>,
}

impl Future for Exchange<'_> {
    type Output = Result<Response>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        running::poll(self.number, cx)
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if running::give_up(self.number) {
            self.host.abandon(self.number);
        }
    }
}

/// A request was answered. `headers` are lines of name, colon and value, `body` is all of it, of an error its beginning.
/// A status of zero is that of a redirect which a browser hides.
#[wasm_bindgen]
pub fn answered(number: u32, status: u16, headers: &str, body: Vec<u8>) {
    running::end(number, answer(status, headers, Body::from(body)));
}

/// A request was answered with a success whose text stays in JavaScript; `undefined` for what is not text.
#[wasm_bindgen]
pub fn kept(number: u32, status: u16, headers: &str, text: JsValue) {
    running::end(number, answer(status, headers, Body::from(kept::keep(number, text))));
}

/// An answer has a head and no whole body: it broke off for the reason that the host has words for, or it is too large.
#[wasm_bindgen]
pub fn broke(number: u32, status: u16, headers: &str, too_large: bool, words: Option<String>) {
    let mut error = Some(if too_large {
        Error::new(ErrorKind::TooLarge, format!("the answer exceeds the limit of {LARGEST_ANSWER} bytes"))
    } else {
        FetchFailure::new(None, words).within_the_answer()
    });
    // Told in the place of the body, so that status and headers are known of the error.
    let body = ByteStream::from_poll_fn(move |_| Poll::Ready(error.take().map(Err::<Bytes, _>)));
    running::end(number, answer(status, headers, Body::stream(None, body)));
}

/// A request has no answer; what the host knows of the reason is the system's code and a few words.
#[wasm_bindgen]
pub fn failed(number: u32, code: Option<String>, words: Option<String>) {
    running::end(number, Err(FetchFailure::new(code, words).before_the_answer()));
}

fn answer(status: u16, lines: &str, body: Body) -> Result<Response> {
    if status == 0 {
        return Err(Error::new(ErrorKind::Redirect, "the server redirected the request, and a browser hides where to"));
    }
    let status = StatusCode::from_u16(status)
        .map_err(|cause| Error::new(ErrorKind::Decode, "the answer has a status that is not one").with_source(cause))?;
    Ok(Response::new(status, headers::from_lines(lines), body))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    fn outcome(number: u32) -> Option<Result<Response>> {
        std::future::poll_fn(|cx| running::poll(number, cx)).now_or_never()
    }

    #[test]
    fn an_answer_reaches_the_one_who_waits_for_it_and_nobody_else() {
        let [first, second] = [running::begin(), running::begin()];
        assert!(outcome(first).is_none() && outcome(second).is_none());
        answered(second, 404, "x-request-id:req_1\n", b"gone".to_vec());
        assert!(outcome(first).is_none());
        let response = outcome(second).unwrap().unwrap();
        assert_eq!((response.status().as_u16(), response.request_id()), (404, Some("req_1")));
        assert_eq!(response.body().unwrap(), "gone");
        assert!(running::give_up(first), "its request is to be aborted");
        answered(first, 200, "", Vec::new());
        assert!(!running::give_up(first) && !running::give_up(second));
    }

    #[test]
    fn a_body_that_breaks_off_keeps_what_came_before_it() {
        for (too_large, kind) in [(false, ErrorKind::Interrupted), (true, ErrorKind::TooLarge)] {
            let number = running::begin();
            broke(number, 200, "x-request-id:req_1\n", too_large, None);
            let response = outcome(number).unwrap().unwrap();
            assert_eq!(response.request_id(), Some("req_1"));
            let error = response.bytes().now_or_never().unwrap().unwrap_err();
            assert_eq!((error.kind(), error.status()), (kind, Some(StatusCode::OK)));
        }
    }

    #[test]
    fn a_hidden_redirect_and_a_refused_connection_are_told_apart() {
        let [hidden, refused] = [running::begin(), running::begin()];
        answered(hidden, 0, "", Vec::new());
        failed(refused, Some("ECONNREFUSED".to_owned()), Some("fetch failed".to_owned()));
        let kind = |number| outcome(number).unwrap().unwrap_err().kind();
        assert_eq!((kind(hidden), kind(refused)), (ErrorKind::Redirect, ErrorKind::Connect));
    }

    #[test]
    fn a_head_is_lines_of_ascii() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer k"));
        let uri = Uri::from_static("http://x.test/v1?a=b");
        assert_eq!(head(&Method::GET, &uri, &headers).unwrap(), "GET\nhttp://x.test/v1?a=b\nauthorization\nBearer k");
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes("Bearer é".as_bytes()).unwrap());
        assert_eq!(head(&Method::GET, &uri, &headers).unwrap_err().kind(), ErrorKind::Request);
    }
}
