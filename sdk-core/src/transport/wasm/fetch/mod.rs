//! `fetch`. Dropping the future aborts the request.

mod abort;
mod answer;
mod failure;

use http::HeaderMap;
use js_sys::{Array, Promise, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, RequestRedirect};

use self::abort::AbortOnDrop;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::response::Response;
use crate::transport::Transport;

/// Bodies are sent whole, as `fetch` cannot stream them everywhere. More than this is refused rather than held.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

#[wasm_bindgen]
extern "C" {
    // Of whatever the global object is: a window's, a worker's or Node's.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> std::result::Result<Promise, JsValue>;
}

/// Sends requests with `fetch`, in browsers, workers and Node.
///
/// Redirects are not followed. Browsers do not tell a page where one leads, so that such a call fails with
/// [`ErrorKind::Redirect`] and without the answer's status.
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchTransport(());

impl FetchTransport {
    /// There is nothing to set: the host manages connections, and says who the user agent is.
    pub const fn new() -> Self {
        Self(())
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let (method, uri, headers, body) = request.into_parts();
        let body = body.collect(LARGEST_BODY).await.map_err(|error| error.with_may_have_been_sent(false))?;
        let exchange = async move {
            let abort = AbortOnDrop::new()?;
            let init = RequestInit::new();
            init.set_method(method.as_str());
            init.set_headers(&pairs(&headers)?);
            init.set_redirect(RequestRedirect::Manual);
            init.set_signal(Some(&abort.signal()));
            if !body.is_empty() {
                init.set_body(&Uint8Array::from(&body[..]));
            }
            let sent = fetch(&uri.to_string(), &init).map_err(|thrown| failure::of_sending(&thrown))?;
            let answer = JsFuture::from(sent).await.map_err(|thrown| failure::of_sending(&thrown))?;
            answer::read(&answer.unchecked_into(), abort)
        };
        SendWrapper::new(exchange).await
    }
}

/// Headers as `fetch` takes them.
fn pairs(headers: &HeaderMap) -> Result<JsValue> {
    let pairs = Array::new();
    for (name, value) in headers {
        let value = value.to_str().map_err(|cause| {
            let problem = format!("the header `{name}` has a value that is not ASCII, which fetch cannot send");
            Error::new(ErrorKind::Request, problem).with_source(cause)
        })?;
        pairs.push(&Array::of2(&name.as_str().into(), &value.into()));
    }
    Ok(pairs.into())
}
