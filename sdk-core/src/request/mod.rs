//! A request as plain data, before any I/O.

mod body;
mod multipart;
mod stream;
mod target;

use std::fmt;

use http::{HeaderMap, Method, Uri};

pub use body::Body;
pub use multipart::{FormPart, Multipart};
pub use stream::ByteStream;
pub(crate) use target::{BaseUrl, ENCODED, Target};

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::redact::AllowList;

/// Method, absolute URL, headers and body of one HTTP request.
pub struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
}

impl Request {
    /// A request without headers or body. `uri` is absolute: scheme, authority and path.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: HeaderMap::new(), body: Body::empty() }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The absolute URL.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Changes the URL.
    pub fn uri_mut(&mut self) -> &mut Uri {
        &mut self.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Changes the headers. Mark a secret's value with [`set_sensitive`](http::HeaderValue::set_sensitive): it is then
    /// kept out of logs even when the server echoes it.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Changes the body.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.body
    }

    /// Takes the request apart, as a transport does.
    pub fn into_parts(self) -> (Method, Uri, HeaderMap, Body) {
        (self.method, self.uri, self.headers, self.body)
    }

    /// A second request equal to this one, or `None` when the body is a stream that can be read only once.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            method: self.method.clone(),
            uri: self.uri.clone(),
            headers: self.headers.clone(),
            body: self.body.try_clone()?,
        })
    }

    /// Moves headers and body out for the transport; method and URL stay readable.
    ///
    /// A second call fails rather than send an empty body in the place of one that is gone.
    pub(crate) fn detach(&mut self) -> Result<Self> {
        if self.body.is_spent() {
            return Err(Error::new(
                ErrorKind::Request,
                "this request was already sent: a policy that sends twice puts a Request::try_clone back in between",
            ));
        }
        Ok(Self {
            method: self.method.clone(),
            uri: self.uri.clone(),
            headers: std::mem::take(&mut self.headers),
            body: self.body.take(),
        })
    }
}

/// Header and query values by the default allow-list, whatever the client's own shows: a request is printed without one.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = AllowList::default();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("uri", &format_args!("{}", list.uri(&self.uri)))
            .field("headers", &list.headers(&self.headers))
            .field("body", &self.body)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_no_value_that_could_be_a_secret() {
        let mut request = Request::new(Method::POST, Uri::from_static("http://localhost/v1?limit=5&code=hunter2"));
        request.headers_mut().insert("x-key", http::HeaderValue::from_static("hunter2"));
        let text = format!("{request:?}");
        assert!(text.contains("limit=5&code=[redacted]") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_request_is_sent_once() {
        let mut request = Request::new(Method::POST, Uri::from_static("http://localhost/v1"));
        *request.body_mut() = Body::from("payload");
        let copy = request.try_clone();
        let sent = request.detach().unwrap();
        assert_eq!(sent.body().as_bytes().map(AsRef::as_ref), Some(&b"payload"[..]));
        assert_eq!(request.detach().unwrap_err().kind(), ErrorKind::Request);
        assert!(request.try_clone().is_none(), "a spent body is not an empty one");
        assert!(copy.unwrap().detach().is_ok());
    }
}
