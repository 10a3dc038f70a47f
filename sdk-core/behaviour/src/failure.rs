//! Why a case failed. A panic would take the whole WebAssembly module with it, so cases answer instead.

use std::fmt;

/// What was expected and did not happen.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl From<acd_core::Error> for Failure {
    fn from(error: acd_core::Error) -> Self {
        Self(format!("{error:?}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A failure unless it holds.
pub(crate) fn expect(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::new(what)) }
}

/// A failure that shows both sides unless they are equal.
pub(crate) fn expect_eq<A: PartialEq<B> + fmt::Debug, B: fmt::Debug>(
    actual: A,
    expected: B,
    what: &str,
) -> Result<(), Failure> {
    if actual == expected { Ok(()) } else { Err(Failure::new(format!("{what}: {actual:?} instead of {expected:?}"))) }
}

/// The error of a call that had to fail.
pub(crate) fn expect_error<T>(result: acd_core::Result<T>) -> Result<acd_core::Error, Failure> {
    result.err().ok_or_else(|| Failure::new("the call succeeded"))
}
