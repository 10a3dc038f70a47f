//! What came back.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::Result;
use crate::call::{Attempt, Attempts};
use crate::error::{Error, ErrorKind, request_id};
use crate::json::Json;
use crate::redact::AllowList;
use crate::request::{Body, ByteStream};

/// How much [`Response::bytes`] reads at most unless told otherwise: 16 MiB.
pub(crate) const DEFAULT_LIMIT: usize = 16 * 1024 * 1024;

/// Status, headers and body of an answer.
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    limit: usize,
    operation: Option<&'static str>,
    attempts: Attempts,
}

impl Response {
    /// An answer as a transport gives it.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Body>) -> Self {
        Self { status, headers, body: body.into(), limit: DEFAULT_LIMIT, operation: None, attempts: Attempts::new() }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The server's id for this exchange, for its log.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    /// The body as far as it is in memory: whole after a plain `send`, `None` for an empty body or after
    /// [`send_streaming`](crate::CallBuilder::send_streaming).
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_bytes()
    }

    /// What each attempt did, the successful one last. Empty until the pipeline has ended.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The whole body.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] when it holds more than the call's `max_response_bytes` (16 MiB by default), and
    /// [`ErrorKind::Interrupted`] or [`ErrorKind::Timeout`] when a streamed body breaks off or stalls.
    pub async fn bytes(self) -> Result<Bytes> {
        let Self { status, headers, body, limit, operation, attempts } = self;
        body.collect(limit).await.map_err(|error| error.with_exchange(operation, status, headers, attempts))
    }

    /// The body as JSON. Fields that `T` does not know are ignored.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and [`ErrorKind::Decode`] with the path of the offending value.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        let Self { status, headers, body, limit, operation, attempts } = self;
        match body.collect(limit).await.and_then(|bytes| decode(&bytes)) {
            Ok(value) => Ok(value),
            Err(error) => Err(error.with_exchange(operation, status, headers, attempts)),
        }
    }

    /// Looks into a JSON body, where reading it into a type would bring along a reader of every type.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and [`ErrorKind::Decode`] for a body that is not JSON or in which `look` finds not what
    /// it looks for.
    pub async fn look<T>(self, look: impl FnOnce(Json<'_>) -> Option<T>) -> Result<T> {
        let Self { status, headers, body, limit, operation, attempts } = self;
        let found = body.collect(limit).await.and_then(|bytes| {
            let unexpected = || Error::new(ErrorKind::Decode, "the answer is not the JSON that was expected");
            Json::read(&bytes).and_then(look).ok_or_else(unexpected)
        });
        found.map_err(|error| error.with_exchange(operation, status, headers, attempts))
    }

    /// The body as a stream.
    pub fn into_stream(self) -> ByteStream {
        self.body.into_stream()
    }

    /// Replaces the body, as a policy that decrypts or unpacks does.
    #[must_use]
    pub fn map_body(mut self, change: impl FnOnce(Body) -> Body) -> Self {
        self.body = change(self.body);
        self
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(crate) fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    pub(crate) fn with_call(mut self, operation: &'static str, attempts: Attempts) -> Self {
        self.operation = Some(operation);
        self.attempts = attempts;
        self
    }

    pub(crate) fn into_parts(self) -> (StatusCode, HeaderMap, Body) {
        (self.status, self.headers, self.body)
    }
}

/// Header values by the default allow-list: cookies and tokens come in headers too.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &AllowList::default().headers(&self.headers))
            .field("body", &self.body)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // To know the path costs a string for each key on the way, so that only what fails is read again for it.
    serde_json::from_slice(bytes).or_else(|_| decode_by_path(bytes))
}

/// The same, whose error names the path of the offending value.
fn decode_by_path<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        // serde's messages quote the offending value, which may be a secret; the position tells as much.
        let what = match cause.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Syntax => "it is not JSON",
            _ => "a value is missing or has another type than expected",
        };
        let place = format!("at `{path}`, line {} column {}", cause.line(), cause.column());
        Error::new(ErrorKind::Decode, format!("the body was not understood {place}: {what}")).with_json_path(path)
    })?;
    json.end().map_err(|_| Error::new(ErrorKind::Decode, "the body holds more than one JSON document"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Page {
        data: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        cents: u32,
    }

    fn page(body: &'static str) -> Result<Page> {
        Response::new(StatusCode::OK, HeaderMap::new(), body).json().now_or_never().unwrap()
    }

    #[test]
    fn unknown_fields_are_tolerated() {
        assert_eq!(page(r#"{"data":[{"cents":1,"new":true}],"next":null}"#).unwrap().data[0].cents, 1);
    }

    #[test]
    fn a_decode_error_names_the_path_and_not_the_value() {
        let error = page(r#"{"data":[{"cents":1},{"cents":"hunter2"}]}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.json_path(), Some("data[1].cents"));
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn trailing_text_is_an_error() {
        assert_eq!(page(r#"{"data":[]} {}"#).unwrap_err().kind(), ErrorKind::Decode);
    }
}
