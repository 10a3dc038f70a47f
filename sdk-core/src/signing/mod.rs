//! Signing of outgoing requests.

use std::fmt;
use std::sync::Arc;

use crate::Result;
use crate::request::Request;
use crate::runtime::Runtime;

/// Signs a request. It runs last before the transport, once for each attempt, so that it covers every header and so that
/// time and nonce are fresh.
pub trait Signer: Send + Sync + 'static {
    /// Adds the signature.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when the request cannot be signed as it is. Nothing is
    /// sent then.
    fn sign(&self, request: &mut Request, runtime: &Runtime) -> Result<()>;
}

/// A [`Signer`] of any type, shared.
#[derive(Clone)]
pub(crate) struct SharedSigner(Arc<dyn Signer>);

impl SharedSigner {
    pub(crate) fn new(signer: impl Signer) -> Self {
        Self(Arc::new(signer))
    }

    pub(crate) fn sign(&self, request: &mut Request, runtime: &Runtime) -> Result<()> {
        self.0.sign(request, runtime)
    }
}

impl fmt::Debug for SharedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}
