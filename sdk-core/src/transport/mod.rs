//! What carries a request to the server and its answer back.

mod fetch_failure;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;
#[cfg(target_arch = "wasm32")]
pub(crate) mod wasm;

use std::future::Future;
use std::sync::Arc;

/// The transports that ship with the crate: which ones depends on the target and on the features.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native as shipped;
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm as shipped;

pub use fetch_failure::FetchFailure;
pub(crate) use shipped::AbsoluteUrl;

use crate::Result;
use crate::request::Request;
use crate::response::Response;
use crate::runtime::BoxFuture;

/// Sends one request, once.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and returns as soon as status and headers of the answer are there, whatever the status. It
    /// neither retries nor follows redirects nor sets a timeout: the pipeline does.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect) when the request surely never left,
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) otherwise. The difference decides whether an operation
    /// that is not safe to repeat is repeated.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response>> + Send;
}

/// A [`Transport`] of any type, shared.
#[derive(Clone)]
pub(crate) struct SharedTransport(Arc<dyn DynTransport>);

impl SharedTransport {
    pub(crate) fn new(transport: impl Transport) -> Self {
        Self(Arc::new(transport))
    }

    pub(crate) fn default_for_target() -> Result<Self> {
        shipped::default_transport()
    }

    pub(crate) fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        self.0.send_dyn(request)
    }
}

trait DynTransport: Send + Sync {
    fn send_dyn(&self, request: Request) -> BoxFuture<'_, Result<Response>>;
}

impl<T: Transport> DynTransport for T {
    fn send_dyn(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.send(request))
    }
}
