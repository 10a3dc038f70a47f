//! What an answer means, where a vendor says it in another way than by the status.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::{Error, ErrorKind};

/// Reads a vendor's own signs of failure. What it says ranks above the status: a code in the body that means throttling,
/// an error inside a 200, a header that forbids to retry.
pub trait Classify: Send + Sync + 'static {
    /// What the answer means; `None` leaves it to the general rules. Asked for every answer that is read whole: a streamed
    /// success is not.
    fn classify(&self, answer: &Answer<'_>) -> Option<Verdict>;
}

/// An answer to be classified.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body: whole for a success, at most its first 64 KiB for an error.
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// An answer that came inside another one, for [`Client::learn`](crate::Client::learn).
    pub const fn new(status: StatusCode, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }
}

/// The meaning of an answer that is a failure. Everything left out follows from the status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    kind: Option<ErrorKind>,
    code: Option<String>,
    retryable: Option<bool>,
    retry_after: Option<Duration>,
    acted: Option<bool>,
    request_id: Option<String>,
    keep_body: bool,
}

impl Verdict {
    /// A failure of which nothing more is known than the status says.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the class. [`ErrorKind::Throttled`] makes the wait longer and the retry cheaper.
    #[must_use]
    pub fn kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets the vendor's code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Says whether the same call may succeed later.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = Some(retryable);
        self
    }

    /// Says how long to wait before it may.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Says whether the vendor may have acted. One that refuses a call before it looks at it, by its limits say, has
    /// surely not, and even an [`Unsafe`](crate::Safety::Unsafe) call may be repeated.
    #[must_use]
    pub fn may_have_acted(mut self, acted: bool) -> Self {
        self.acted = Some(acted);
        self
    }

    /// Sets the vendor's id for the exchange, where no header of the answer has it.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Keeps the whole body with the error, redacted, for [`Error::body`]: where a provider crate reads more of it than
    /// code and explanation.
    #[must_use]
    pub fn keep_body(mut self) -> Self {
        self.keep_body = true;
        self
    }

    pub(crate) fn keeps_body(&self) -> bool {
        self.keep_body
    }

    /// The class, where the vendor's word decides it.
    pub(crate) fn known_kind(&self) -> Option<ErrorKind> {
        self.kind
    }

    /// How long to wait, where the vendor says it.
    pub(crate) fn known_wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Adds what the vendor says. What is text may quote what was sent, and is redacted.
    pub(crate) fn apply(self, mut error: Error, redact: impl Fn(&str) -> String) -> Error {
        if let Some(kind) = self.kind {
            error = error.with_kind(kind).with_retryable(kind.is_transient());
        }
        if let Some(code) = self.code {
            error = error.with_code(redact(&code));
        }
        if let Some(id) = self.request_id {
            error = error.with_request_id(redact(&id));
        }
        if let Some(retryable) = self.retryable {
            error = error.with_retryable(retryable);
        }
        if let Some(wait) = self.retry_after {
            error = error.with_retry_after(wait);
        }
        match self.acted {
            Some(acted) => error.with_may_have_been_sent(acted),
            None => error,
        }
    }
}

/// A [`Classify`] of any type, shared.
pub(crate) type SharedClassify = Arc<dyn Classify>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Harness, answer};
    use crate::{GiveUp, RetryConfig};

    /// A vendor that answers 200 to everything and says the rest in its body.
    struct CodeInBody;

    impl Classify for CodeInBody {
        fn classify(&self, answer: &Answer<'_>) -> Option<Verdict> {
            let body: serde_json::Value = serde_json::from_slice(answer.body).ok()?;
            match body.get("code")?.as_i64()? {
                0 => None,
                17 => Some(Verdict::new().kind(ErrorKind::Throttled).may_have_acted(false).code("17")),
                code => Some(Verdict::new().code(code.to_string())),
            }
        }
    }

    #[test]
    fn an_error_inside_a_success_is_an_error() {
        let harness =
            Harness::new([answer(200).body(r#"{"code":5,"message":"no"}"#), answer(200).body(r#"{"code":0}"#)]);
        let client = harness.client().classify(CodeInBody).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!((error.kind(), error.code(), error.detail()), (ErrorKind::Rejected, Some("5"), Some("no")));
        assert!(error.may_have_been_sent());
        assert!(harness.run(client.call(&Harness::GET).send()).is_ok());
    }

    struct Quoting;

    impl Classify for Quoting {
        fn classify(&self, answer: &Answer<'_>) -> Option<Verdict> {
            let text = String::from_utf8_lossy(answer.body);
            Some(Verdict::new().code(text.clone()).request_id(text))
        }
    }

    #[test]
    fn what_a_vendor_quotes_of_a_secret_is_not_repeated() {
        let harness = Harness::new([answer(400).body("bad hunter2hunter2")]);
        let auth = crate::Bearer::new(&crate::Secret::from("hunter2hunter2")).unwrap();
        let client = harness.client().classify(Quoting).auth(auth).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!((error.code(), error.request_id()), (Some("bad [redacted]"), Some("bad [redacted]")));
    }

    struct Whole;

    impl Classify for Whole {
        fn classify(&self, _: &Answer<'_>) -> Option<Verdict> {
            Some(Verdict::new().keep_body())
        }
    }

    #[test]
    fn a_body_is_kept_whole_and_redacted_where_it_is_asked_for() {
        let body = format!(r#"{{"note":"{}","token":"hunter2","end":1}}"#, "n".repeat(600));
        let harness = Harness::new([answer(400).body(body.clone()), answer(400).body(body)]);
        let plain = harness.run(harness.client().build().unwrap().call(&Harness::GET).send()).unwrap_err();
        assert_eq!(plain.body(), None);
        let client = harness.client().classify(Whole).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        let kept: serde_json::Value = serde_json::from_str(error.body().unwrap()).unwrap();
        assert_eq!((&kept["token"], &kept["end"]), (&"[redacted]".into(), &1.into()));
    }

    #[test]
    fn a_vendors_word_ranks_above_the_status_and_the_safety() {
        let throttled = || answer(400).body(r#"{"code":17}"#);
        let harness = Harness::new([throttled(), answer(200).body(r#"{"code":0}"#), throttled()]);
        let client = harness.client().classify(CodeInBody).build().unwrap();
        let response = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap();
        assert!(!response.attempts()[0].may_have_been_sent(), "the vendor did not act on the first");
        let call = client.call(&Harness::POST_UNSAFE).retry(RetryConfig::disabled());
        let error = harness.run(call.send()).unwrap_err();
        assert_eq!((error.kind(), error.gave_up()), (ErrorKind::Throttled, Some(GiveUp::Attempts)));
        assert!(!error.may_have_been_sent());
    }
}
