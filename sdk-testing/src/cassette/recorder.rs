//! Writing down what a real transport does.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use acd_core::{Body, Request, Response, Result, Transport};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::exchange::Exchange;
use super::{Cassette, Sanitiser, refused};

/// How much of a request's body is read into memory at most.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Passes requests on to a real transport and writes down what comes back, sanitised on the way in. Clones share the
/// recording: give one to the client and keep another.
///
/// Bodies are read whole, up to 16 MiB. What was not answered is not written down: let a
/// [`FaultTransport`](crate::FaultTransport) around the replay cut connections.
pub struct Recorder<T> {
    inner: Arc<T>,
    sanitiser: Arc<Sanitiser>,
    /// In the order of the requests, however long each takes. `None` is one without an answer, so far or for good.
    exchanges: Arc<Mutex<Vec<Option<Exchange>>>>,
}

impl<T: Transport> Recorder<T> {
    /// A recorder in front of `transport`.
    pub fn new(transport: T, sanitiser: Sanitiser) -> Self {
        Self { inner: Arc::new(transport), sanitiser: Arc::new(sanitiser), exchanges: Arc::default() }
    }

    /// What has been answered so far.
    pub fn cassette(&self) -> Cassette {
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        Cassette::new(exchanges.iter().flatten().cloned().collect())
    }

    fn begin(&self) -> usize {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.push(None);
        exchanges.len() - 1
    }

    fn end(&self, place: usize, exchange: Exchange) {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = exchanges.get_mut(place) {
            *slot = Some(exchange);
        }
    }
}

impl<T: Transport> Transport for Recorder<T> {
    async fn send(&self, request: Request) -> Result<Response> {
        let place = self.begin();
        let (method, uri, headers, body) = request.into_parts();
        let body = body.collect(LARGEST_BODY).await.map_err(|error| error.with_may_have_been_sent(false))?;
        refuse_encoded(&headers)?;
        let stored = self.sanitiser.request(&method, &uri, &headers, &body);
        let known = self.sanitiser.known(&headers);
        let mut copy = Request::new(method, uri);
        *copy.headers_mut() = headers;
        *copy.body_mut() = Body::from(body);
        let response = self.inner.send(copy).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        refuse_encoded(&headers)?;
        let body = response.bytes().await?;
        let answer = self.sanitiser.answer(status, &headers, &body, &known);
        self.end(place, Exchange { request: stored, answer });
        Ok(Response::new(status, headers, body))
    }
}

/// In a compressed body no secret can be found.
fn refuse_encoded(headers: &HeaderMap) -> Result<()> {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(refused("a body with Content-Encoding cannot be searched for secrets: record without compression"));
    }
    Ok(())
}

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            sanitiser: Arc::clone(&self.sanitiser),
            exchanges: Arc::clone(&self.exchanges),
        }
    }
}

impl<T> fmt::Debug for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("sanitiser", &self.sanitiser).finish_non_exhaustive()
    }
}
