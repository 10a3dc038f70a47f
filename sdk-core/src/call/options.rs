//! What a caller may override for one call.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::auth::SharedAuth;
use crate::error::Error;
use crate::hedge::Hedge;
use crate::limits::{OnLimit, Priority};
use crate::response::Response;
use crate::retry::RetryConfig;
use crate::secret::Secret;
use crate::signing::SharedSigner;

/// What answers in the place of a server that the breaker keeps calls from.
pub(crate) type Fallback = dyn Fn(&Error) -> Option<Response> + Send + Sync;

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
    /// The inner `None` switches hedging off.
    pub(crate) hedge: Option<Option<Hedge>>,
    pub(crate) on_limit: Option<OnLimit>,
    /// Neither asks the breaker nor tells it the outcome.
    pub(crate) without_breaker: bool,
    pub(crate) caller: Option<Arc<str>>,
    pub(crate) priority: Priority,
    pub(crate) pool_scopes: Vec<(&'static str, Box<str>)>,
    pub(crate) pool_costs: Vec<(&'static str, u32)>,
    pub(crate) fallback: Option<Arc<Fallback>>,
    /// Secrets that travel in the body or the URL.
    pub(crate) hidden: Vec<Secret>,
}
