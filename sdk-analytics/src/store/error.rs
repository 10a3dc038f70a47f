use std::sync::Arc;

use thiserror::Error;

/// Why a store could not do what it was asked.
#[derive(Clone, Debug, Error)]
#[error("the event store failed: {0}")]
pub struct StoreError(Arc<str>);

impl StoreError {
    /// With what the host says.
    pub fn new(cause: impl Into<Arc<str>>) -> Self {
        Self(cause.into())
    }
}
