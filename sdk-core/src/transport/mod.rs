//! What carries a request to the server and its answer back.

#[cfg(feature = "reqwest")]
mod reqwest;

use std::future::Future;
use std::sync::Arc;

#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestTransport, TransportOptions};

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

    #[cfg(feature = "reqwest")]
    pub(crate) fn default_for_target() -> Result<Self> {
        ReqwestTransport::new(&TransportOptions::default()).map(Self::new)
    }

    #[cfg(not(feature = "reqwest"))]
    pub(crate) fn default_for_target() -> Result<Self> {
        Err(crate::Error::new(
            crate::ErrorKind::Configuration,
            "the client has no transport: pass one to ClientBuilder::transport, or switch on acd-core's feature `reqwest`",
        ))
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
