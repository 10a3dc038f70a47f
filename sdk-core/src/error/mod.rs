//! The one error of the clients: what failed, whether it may pass, and whether the server may have acted.

mod format;
mod kind;
mod problem;
mod view;

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

pub use kind::ErrorKind;
pub(crate) use kind::is_transient_status;
pub(crate) use problem::{excerpt, request_id};
pub use view::{AttemptView, ErrorView};

use crate::call::{Attempt, Attempts};
use crate::retry::GiveUp;
use problem::Problem;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Two questions matter after a failure, and each has its own answer here: [`is_retryable`](Self::is_retryable) says
/// whether the same call may succeed later, [`may_have_been_sent`](Self::may_have_been_sent) whether the server may have
/// acted already. `Display` is one line for a log; `Debug` is the long form with every attempt, for a person. Neither
/// shows a secret.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    code: Option<String>,
    detail: Option<String>,
    request_id: Option<String>,
    excerpt: Option<String>,
    body: Option<String>,
    json_path: Option<String>,
    retryable: Option<bool>,
    retry_after: Option<Duration>,
    maybe_sent: Option<bool>,
    stale_connection: bool,
    renewed_credentials: bool,
    gave_up: Option<GiveUp>,
    attempts: Attempts,
    elapsed: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error that a policy, a transport or a provider crate reports. `message` names the cause and the remedy in one
    /// line and holds no secret.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                operation: None,
                status: None,
                headers: HeaderMap::new(),
                code: None,
                detail: None,
                request_id: None,
                excerpt: None,
                body: None,
                json_path: None,
                retryable: None,
                retry_after: None,
                maybe_sent: None,
                stale_connection: false,
                renewed_credentials: false,
                gave_up: None,
                attempts: Attempts::new(),
                elapsed: None,
                source: None,
            }),
        }
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What happened, in one line, without the context that `Display` adds.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The name of the operation, such as `platform.keys.list`.
    pub fn operation(&self) -> Option<&'static str> {
        self.inner.operation
    }

    /// Whether the same call may succeed later. Says nothing about whether repeating it is harmless: for that, see the
    /// operation's [`Safety`](crate::Safety) and [`may_have_been_sent`](Self::may_have_been_sent).
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable.unwrap_or_else(|| match self.inner.status {
            Some(status) => kind::is_transient_status(status),
            None => self.inner.kind.is_transient(),
        })
    }

    /// How long the server asked to wait, as it said it; the pipeline has already waited if it retried.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Whether any attempt may have reached the server. `false` is certain, or the word of the server itself; after `true`, an operation that is not safe
    /// to repeat needs a look at the server's state first.
    pub fn may_have_been_sent(&self) -> bool {
        self.inner.attempts.iter().any(Attempt::may_have_been_sent)
            || self.inner.maybe_sent.unwrap_or(!self.inner.kind.is_before_sending())
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.status
    }

    /// The headers of the answer; empty when there was none.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.headers
    }

    /// The server's machine-readable code, such as `key_revoked`.
    pub fn code(&self) -> Option<&str> {
        self.inner.code.as_deref()
    }

    /// The server's explanation for people, redacted.
    pub fn detail(&self) -> Option<&str> {
        self.inner.detail.as_deref()
    }

    /// The server's id for the exchange, for its log.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// Where in a JSON document decoding failed, such as `data[1].cents`.
    pub fn json_path(&self) -> Option<&str> {
        self.inner.json_path.as_deref()
    }

    /// The beginning of the answer's body, cut to 512 characters and redacted.
    pub fn body_excerpt(&self) -> Option<&str> {
        self.inner.excerpt.as_deref()
    }

    /// The answer's body, at most its first 64 KiB, redacted: there only where a [`Classify`](crate::Classify) asked to
    /// [keep](crate::Verdict::keep_body) it.
    pub fn body(&self) -> Option<&str> {
        self.inner.body.as_deref()
    }

    /// What each attempt did and how long it took, in order.
    pub fn attempts(&self) -> &[Attempt] {
        &self.inner.attempts
    }

    /// The time from the call's start to its end, waits included.
    pub fn elapsed(&self) -> Option<Duration> {
        self.inner.elapsed
    }

    /// Why a failure that is retryable was not retried further.
    pub fn gave_up(&self) -> Option<GiveUp> {
        self.inner.gave_up
    }

    /// A serialisable copy for logs and language bindings.
    pub fn view(&self) -> ErrorView {
        ErrorView::of(self)
    }

    /// Sets the class, as a provider crate that knows its vendor's codes does: a throttling answer is not always a 429.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.inner.kind = kind;
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Sets the server's code, as a provider crate that knows its format does.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.inner.code = Some(code.into());
        self
    }

    /// Overrules the kind on whether the same call may succeed later: a provider's hint ranks above the status.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.inner.retryable = Some(retryable);
        self
    }

    /// Sets the status of the answer, as whoever made the exchange without this crate's pipeline knows it.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.inner.status = Some(status);
        self
    }

    /// Sets how long the server asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.inner.retry_after = Some(wait);
        self
    }

    /// Overrules the kind on whether the request may have reached the server.
    #[must_use]
    pub fn with_may_have_been_sent(mut self, maybe: bool) -> Self {
        self.inner.maybe_sent = Some(maybe);
        self
    }

    /// Marks that a kept-alive connection was found dead before an answer began, which a retry at once cures.
    #[must_use]
    pub fn with_stale_connection(mut self) -> Self {
        self.inner.stale_connection = true;
        self
    }

    pub(crate) fn is_stale_connection(&self) -> bool {
        self.inner.stale_connection
    }

    /// Marks a 401 after which the next attempt carries other credentials. The request was not applied.
    pub(crate) fn with_renewed_credentials(mut self) -> Self {
        self.inner.renewed_credentials = true;
        self.inner.maybe_sent = Some(false);
        self
    }

    pub(crate) fn has_renewed_credentials(&self) -> bool {
        self.inner.renewed_credentials
    }

    pub(crate) fn with_operation(mut self, name: &'static str) -> Self {
        self.inner.operation = Some(name);
        self
    }

    pub(crate) fn with_json_path(mut self, path: String) -> Self {
        self.inner.json_path = Some(path);
        self
    }

    pub(crate) fn with_gave_up(mut self, reason: GiveUp) -> Self {
        self.inner.gave_up = Some(reason);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: Attempts, elapsed: Duration) -> Self {
        self.inner.attempts = attempts;
        self.inner.elapsed = Some(elapsed);
        self
    }

    /// Adds the answer that was being read when the error arose.
    pub(crate) fn with_exchange(
        mut self,
        operation: Option<&'static str>,
        status: StatusCode,
        headers: HeaderMap,
        attempts: Attempts,
    ) -> Self {
        self.inner.operation = operation;
        self.inner.request_id = request_id(&headers).map(str::to_owned);
        // The server did what was asked, however little could be made of its answer: the status decides nothing here.
        self.inner.retryable = Some(self.is_retryable());
        self.inner.status = Some(status);
        self.inner.headers = headers;
        self.inner.attempts = attempts;
        self
    }

    /// Sets the server's id for the exchange, if there is none yet.
    pub(crate) fn with_request_id(mut self, id: String) -> Self {
        self.inner.request_id.get_or_insert(id);
        self
    }

    pub(crate) fn with_body(mut self, body: String) -> Self {
        self.inner.body = Some(body);
        self
    }

    pub(crate) fn map_request_id(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.inner.request_id = self.inner.request_id.map(change);
        self
    }

    /// The error that an answer other than a success means. `body` is what could be read of it, already redacted.
    pub(crate) fn from_answer(
        status: StatusCode,
        headers: HeaderMap,
        body: &[u8],
        redact: impl Fn(&str) -> String,
    ) -> Self {
        let problem = Problem::read(body);
        let mut error = Self::new(ErrorKind::from_status(status), format!("the server answered {status}"));
        let inner = &mut *error.inner;
        inner.status = Some(status);
        inner.request_id = request_id(&headers).map(str::to_owned).or(problem.request_id);
        inner.code = problem.code.map(|code| redact(&code));
        inner.detail = problem.detail.map(|detail| redact(&detail));
        inner.excerpt = excerpt(body, redact);
        inner.headers = headers;
        error
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Error {
        Error::from_answer(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.as_bytes(), str::to_owned)
    }

    #[test]
    fn the_status_decides_whether_an_answer_is_transient() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(answered(status, "").is_retryable(), "{status}");
        }
        for status in [301, 400, 401, 404, 409, 422, 501, 505] {
            assert!(!answered(status, "").is_retryable(), "{status}");
        }
        assert!(answered(400, "").with_retryable(true).is_retryable(), "a provider's hint ranks above the status");
    }

    #[test]
    fn only_failures_before_sending_are_surely_unsent() {
        assert!(!Error::new(ErrorKind::Connect, "refused").may_have_been_sent());
        assert!(Error::new(ErrorKind::Interrupted, "cut").may_have_been_sent());
        assert!(!Error::new(ErrorKind::Interrupted, "cut").with_may_have_been_sent(false).may_have_been_sent());
        assert!(answered(503, "").may_have_been_sent());
    }

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
