//! What `fetch` says when it fails, as errors. A transport of one's own over `fetch` tells failures apart as this crate's does.

use std::fmt;

use crate::error::{Error, ErrorKind};

/// What Node and Bun say when no connection was made. Browsers say nothing of the kind.
const NEVER_CONNECTED: [&str; 5] =
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused"];

/// What was thrown by [`fetch`](https://fetch.spec.whatwg.org/#fetch-method), or while the body of its answer was read.
#[derive(Clone, Default)]
pub struct FetchFailure {
    code: Option<String>,
    message: Option<String>,
}

impl FetchFailure {
    /// What is known of it: the system's code, which Node has at the error's cause, and the error's message.
    pub fn new(code: Option<String>, message: Option<String>) -> Self {
        Self { code, message }
    }

    /// Why there is no answer: [`ErrorKind::Connect`] when the request surely never left, [`ErrorKind::Interrupted`]
    /// otherwise, and wherever a host does not tell the two apart.
    pub fn before_the_answer(self) -> Error {
        let never_left = self.code.as_deref().is_some_and(|code| NEVER_CONNECTED.contains(&code));
        let kind = if never_left { ErrorKind::Connect } else { ErrorKind::Interrupted };
        let remedy = "check the server's address, that it runs, and that it allows this origin (CORS)";
        let code = self.code.as_ref().map_or(String::new(), |code| format!(" ({code})"));
        self.explain(Error::new(kind, format!("fetch failed{code}: {remedy}")))
    }

    /// Why an answer that had begun has no end.
    pub fn within_the_answer(self) -> Error {
        self.explain(Error::new(ErrorKind::Interrupted, "the answer broke off"))
    }

    /// The error with the message as its cause.
    pub(super) fn explain(self, error: Error) -> Error {
        match self.message {
            // Some hosts put the URL there, whose query is not to be repeated.
            Some(message) if !message.contains("://") => error.with_source(message),
            _ => error,
        }
    }
}

impl fmt::Debug for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchFailure").field("code", &self.code).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn only_a_connection_that_surely_was_not_made_leaves_no_doubt() {
        let kind = |code: &str| FetchFailure::new(Some(code.to_owned()), None).before_the_answer().kind();
        assert_eq!(kind("ECONNREFUSED"), ErrorKind::Connect);
        assert_eq!(kind("ECONNRESET"), ErrorKind::Interrupted);
        assert_eq!(FetchFailure::default().before_the_answer().kind(), ErrorKind::Interrupted);
        assert_eq!(FetchFailure::default().within_the_answer().kind(), ErrorKind::Interrupted);
    }

    #[test]
    fn the_message_is_kept_unless_it_may_hold_the_url() {
        let explained = |message: &str| FetchFailure::new(None, Some(message.to_owned())).before_the_answer();
        assert_eq!(explained("terminated").source().unwrap().to_string(), "terminated");
        let failure = FetchFailure::new(None, Some("cannot load http://x.test/?code=hunter2".to_owned()));
        assert!(!format!("{failure:?}").contains("hunter2"));
        let quoting = explained("cannot load http://x.test/?code=hunter2");
        assert!(!format!("{quoting} {quoting:?}").contains("hunter2"));
    }
}
