//! How an error is printed: one line for logs, the long form for people.

use std::error::Error as _;
use std::fmt;

use super::Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}", OneLine(self.message()))?;
        if let Some(code) = self.code() {
            write!(f, " ({})", OneLine(code))?;
        }
        if let Some(detail) = self.detail() {
            write!(f, ": {}", OneLine(detail))?;
        }
        if let Some(request_id) = self.request_id() {
            write!(f, "; request id {}", OneLine(request_id))?;
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
            writeln!(f, "  at: {path}")?;
        }
        if let Some(excerpt) = self.body_excerpt() {
            writeln!(f, "  body: {excerpt}")?;
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            writeln!(f, "  caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Text from outside, kept from starting a second line in a log.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|c| if c.is_control() { write!(f, "{}", c.escape_default()) } else { write!(f, "{c}") })
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
}
