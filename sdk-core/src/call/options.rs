//! What a caller may override for one call.

use std::time::Duration;

use http::HeaderValue;

use crate::auth::SharedAuth;
use crate::retry::RetryConfig;
use crate::signing::SharedSigner;

/// Overrides of the client's settings. `None` keeps the client's.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryConfig>,
    /// The inner `None` sends the call without credentials.
    pub(crate) auth: Option<Option<SharedAuth>>,
    /// The inner `None` sends the call unsigned.
    pub(crate) signer: Option<Option<SharedSigner>>,
    pub(crate) max_response_bytes: Option<usize>,
    pub(crate) idempotency_key: Option<HeaderValue>,
    pub(crate) streaming: bool,
}
