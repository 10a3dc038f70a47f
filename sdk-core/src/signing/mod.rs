//! Signatures on calls between services: [`MessageSigner`] puts them on, [`MessageVerifier`] checks them.
//!
//! The scheme is [RFC 9421](https://www.rfc-editor.org/rfc/rfc9421) with the body's digest after
//! [RFC 9530](https://www.rfc-editor.org/rfc/rfc9530), narrowed to one profile, of which nothing can be left out: what must
//! be covered, how long a signature is valid, and that it is accepted once.

mod base;
mod components;
mod digest;
mod keys;
mod profile;
mod signer;
mod structured;
#[cfg(test)]
mod vectors;
mod verifier;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use digest::ContentDigest;
pub use keys::{Algorithm, SigningKey, VerifyingKey};
pub use signer::MessageSigner;
pub use verifier::{KeyResolver, MessageVerifier, SignedHead, StaticKeys, VerifiedService, VerifyError};

use crate::Result;
use crate::request::Request;
use crate::runtime::Runtime;

/// Signs a request. It runs last before the transport, once for each attempt, so that it covers every header and so that
/// time and nonce are fresh.
pub trait Signer: Send + Sync + 'static {
    /// Adds the signature.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when the request cannot be signed as it is,
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when the key is not to be had. Nothing is sent then.
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

/// Whole seconds since 1970; a clock set before then counts as 1970.
fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
