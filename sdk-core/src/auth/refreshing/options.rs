//! The settings of the token source.

use std::time::Duration;

use http::HeaderName;
use http::header::AUTHORIZATION;

use crate::runtime::Runtime;

/// How and where a [`RefreshingBearer`](super::RefreshingBearer) renews its token.
#[derive(Clone, Debug)]
pub struct RefreshOptions {
    pub(super) early: Duration,
    pub(super) header: HeaderName,
    pub(super) runtime: Runtime,
}

impl RefreshOptions {
    /// Sets how long before the expiry the token is refreshed at the earliest. Default 5 minutes; zero waits for the
    /// expiry, which makes calls wait too.
    #[must_use]
    pub const fn with_early(mut self, early: Duration) -> Self {
        self.early = early;
        self
    }

    /// Sends the bare token in this header instead of `Authorization: Bearer <token>`, as some services have it.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName) -> Self {
        self.header = name;
        self
    }

    /// Replaces clock, sleep, randomness and executor: those of the client, if it has others than the system's.
    #[must_use]
    pub fn with_runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// What stands before the token in the header.
    pub(super) fn scheme(&self) -> &'static str {
        if self.header == AUTHORIZATION { "Bearer " } else { "" }
    }
}

impl Default for RefreshOptions {
    fn default() -> Self {
        Self { early: Duration::from_secs(300), header: AUTHORIZATION, runtime: Runtime::system() }
    }
}
