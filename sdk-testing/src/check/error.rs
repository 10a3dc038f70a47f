//! Assertions about the error of a call.

use acd_core::{Error, ErrorKind, GiveUp};

/// Begins assertions about an error. Each panics with the whole error when it does not hold.
///
/// ```
/// use acd_core::ErrorKind;
/// use acd_testing::{Harness, answer, check_error};
///
/// let harness = Harness::new([answer(409).body(r#"{"code":"taken"}"#)]);
/// let client = harness.client().build()?;
/// let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
/// check_error(&error).kind(ErrorKind::Conflict).status(409).code("taken").attempts(1).not_retryable();
/// # Ok::<(), acd_core::Error>(())
/// ```
pub const fn check_error(error: &Error) -> ErrorCheck<'_> {
    ErrorCheck(error)
}

/// Assertions about one error, from [`check_error`].
#[derive(Clone, Copy, Debug)]
pub struct ErrorCheck<'e>(&'e Error);

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty)?) { $actual:expr => $expected:expr })+) => {
        impl ErrorCheck<'_> {
            $(
                $(#[$doc])*
                ///
                /// # Panics
                /// When it does not hold.
                #[track_caller]
                #[allow(clippy::must_use_candidate, reason = "each assertion may be the last")]
                pub fn $name(self, $($argument: $type)?) -> Self {
                    let actual = $actual(self.0);
                    let expected = $expected;
                    assert!(actual == expected, "{}: {actual:?} instead of {expected:?} in\n{:?}", stringify!($name), self.0);
                    self
                }
            )+
        }
    };
}

checks! {
    /// Asserts the class of the failure.
    kind(kind: ErrorKind) { Error::kind => kind }
    /// Asserts the status of the answer.
    status(status: u16) { |error: &Error| error.status().map(|status| status.as_u16()) => Some(status) }
    /// Asserts that there was no answer.
    unanswered() { Error::status => None }
    /// Asserts the server's code.
    code(code: &str) { |error: &Error| error.code().map(str::to_owned) => Some(code.to_owned()) }
    /// Asserts how many attempts were made.
    attempts(count: usize) { |error: &Error| error.attempts().len() => count }
    /// Asserts why it was not retried further.
    gave_up(reason: GiveUp) { Error::gave_up => Some(reason) }
    /// Asserts that the same call may succeed later.
    retryable() { Error::is_retryable => true }
    /// Asserts that the same call will fail again.
    not_retryable() { Error::is_retryable => false }
    /// Asserts that the server may have acted.
    maybe_sent() { Error::may_have_been_sent => true }
    /// Asserts that the server surely did not act.
    surely_unsent() { Error::may_have_been_sent => false }
    /// Asserts where in a JSON document decoding failed.
    json_path(path: &str) { |error: &Error| error.json_path().map(str::to_owned) => Some(path.to_owned()) }
}

impl ErrorCheck<'_> {
    /// Searches everything that the error prints for planted secrets.
    ///
    /// # Panics
    /// When one is found.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "each assertion may be the last")]
    pub fn free_of(self, secrets: &[&str]) -> Self {
        let printed = format!("{} {:?} {:?}", self.0, self.0, self.0.view());
        for secret in secrets {
            assert!(!printed.contains(secret), "`{secret}` was printed: {printed}");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "kind: Connect instead of Timeout in\nrefused")]
    fn a_check_that_fails_shows_both_sides_and_the_error() {
        check_error(&Error::new(ErrorKind::Connect, "refused")).surely_unsent().kind(ErrorKind::Timeout);
    }

    #[test]
    #[should_panic(expected = "`planted` was printed")]
    fn a_secret_in_the_message_is_found() {
        check_error(&Error::new(ErrorKind::Connect, "planted")).free_of(&["planted"]);
    }
}
