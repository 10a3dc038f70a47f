//! What can go wrong: the error of every call, and what Meta says about it.

mod api;
mod class;
mod classify;
mod table;

pub use acd_core::{Error, ErrorKind, Result};
pub use api::ApiError;
pub use class::ErrorClass;
pub(crate) use classify::MetaErrors;

/// What Meta says about a failed call.
pub trait MetaError {
    /// Meta's own account of the failure; `None` when the failure is not Meta's answer.
    fn api(&self) -> Option<ApiError>;

    /// Whether Meta found the answer too large or too slow to make: ask for fewer rows, days or fields, as waiting does
    /// not help. Lists read by `list_all` halve their pages by themselves.
    fn asks_for_less(&self) -> bool {
        self.api().is_some_and(|error| error.class() == ErrorClass::Shrink)
    }
}

impl MetaError for Error {
    fn api(&self) -> Option<ApiError> {
        let body = self.body()?;
        let mut error = ApiError::read(body.as_bytes())?;
        // The body is redacted, and a trace id looks like a key.
        error.trace_id = self.request_id().map(str::to_owned);
        Some(error)
    }
}
