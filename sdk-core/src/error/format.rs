//! How an error is printed: one line for logs, the long form for people.

use std::error::Error as _;
use std::fmt;

use super::Error;

/// The longest text of each part in the one-line form, in characters. What a server writes has no bounds of its own.
const MESSAGE: usize = 500;
const CODE: usize = 100;
const DETAIL: usize = 300;
const REQUEST_ID: usize = 100;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}", OneLine(self.message(), MESSAGE))?;
        if let Some(code) = self.code() {
            write!(f, " ({})", OneLine(code, CODE))?;
        }
        if let Some(detail) = self.detail() {
            write!(f, ": {}", OneLine(detail, DETAIL))?;
        }
        if let Some(request_id) = self.request_id() {
            write!(f, "; request id {}", OneLine(request_id, REQUEST_ID))?;
        }
        if let Some(wait) = self.retry_after() {
            write!(f, "; retry after {wait:?}")?;
        }
        if let Some(reason) = self.gave_up() {
            write!(f, "; gave up: {reason}")?;
        }
        match (self.attempts().len(), self.elapsed()) {
            (0, _) | (_, None) => Ok(()),
            (1, Some(elapsed)) => write!(f, "; 1 attempt in {elapsed:.1?}"),
            (count, Some(elapsed)) => write!(f, "; {count} attempts in {elapsed:.1?}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{self}")?;
        writeln!(f, "  kind: {}", self.kind().as_str())?;
        writeln!(f, "  retryable: {}, may have been sent: {}", self.is_retryable(), self.may_have_been_sent())?;
        for attempt in self.attempts() {
            writeln!(f, "  {attempt}")?;
        }
        if let Some(path) = self.json_path() {
            writeln!(f, "  at: {}", OneLine(path, MESSAGE))?;
        }
        if let Some(excerpt) = self.body_excerpt() {
            writeln!(f, "  body: {}", OneLine(excerpt, usize::MAX))?;
        }
        causes(self).try_for_each(|cause| writeln!(f, "  caused by: {cause}"))
    }
}

/// The one-line form of each cause, the nearest first.
pub(super) fn causes(error: &Error) -> impl Iterator<Item = String> {
    std::iter::successors(error.source(), |&cause| cause.source())
        .map(|cause| OneLine(&cause.to_string(), 2 * MESSAGE).to_string())
}

/// Text from outside, cut to a number of characters and kept from starting a second line in a log or from turning its
/// direction around.
struct OneLine<'a>(&'a str, usize);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, c) in self.0.chars().enumerate() {
            if at == self.1 {
                return f.write_str("…");
            }
            let is_harmful = c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if is_harmful { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::call::Attempt;
    use crate::retry::GiveUp;

    fn unavailable() -> Error {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("r1"));
        let body = br#"{"code":"db_down","detail":"try\nlater"}"#;
        let mut attempt = Attempt::begin(1, Duration::ZERO);
        attempt.answered(StatusCode::SERVICE_UNAVAILABLE, Duration::from_millis(20));
        Error::from_answer(StatusCode::SERVICE_UNAVAILABLE, headers, body, str::to_owned)
            .with_operation("test.get")
            .with_retry_after(Duration::from_secs(2))
            .with_gave_up(GiveUp::Budget)
            .with_attempts([attempt].into_iter().collect(), Duration::from_millis(20))
            .with_source(std::io::Error::other("pool exhausted"))
    }

    #[test]
    fn display_is_one_line_that_tells_it_all() {
        assert_eq!(
            unavailable().to_string(),
            "test.get: the server answered 503 Service Unavailable (db_down): try\\nlater; request id r1; \
             retry after 2s; gave up: the retry budget is empty; 1 attempt in 20.0ms"
        );
    }

    #[test]
    fn debug_lists_attempts_body_and_causes() {
        let text = format!("{:?}", unavailable());
        for part in ["kind: server", "attempt 1: 503", "body: {", "caused by: pool exhausted"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn what_a_server_writes_neither_breaks_the_line_nor_runs_on() {
        let body = serde_json::json!({ "code": "c\u{2028}d\u{202e}", "detail": "x".repeat(1 << 16) }).to_string();
        let error = Error::from_answer(StatusCode::BAD_REQUEST, HeaderMap::new(), body.as_bytes(), str::to_owned);
        let line = error.to_string();
        assert!(line.contains("(c\\u{2028}d\\u{202e})") && line.ends_with("xxx…"), "{line}");
        assert!(line.chars().count() < 500);
        assert_eq!(error.detail().map(str::len), Some(1 << 16), "the accessor has all of it");
    }

    #[test]
    fn every_entry_of_debug_is_one_line() {
        let body = "first\n  kind: forged";
        let error = Error::from_answer(StatusCode::BAD_REQUEST, HeaderMap::new(), body.as_bytes(), str::to_owned);
        let text = format!("{:?}", error.with_source(std::io::Error::other("a\nb")));
        assert!(text.contains("body: first\\n") && text.contains("caused by: a\\nb"), "{text}");
        assert_eq!(text.matches("\n  kind:").count(), 1);
    }
}
