//! The transports of native targets: hyper, and reqwest for who has it in use anyway.

#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod failure;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod incoming;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod options;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod outgoing;
#[cfg(feature = "reqwest")]
mod reqwest;
mod url;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::url::AbsoluteUrl;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub use options::TransportOptions;

use super::SharedTransport;
use crate::Result;

#[cfg(feature = "hyper")]
pub(super) fn default_transport() -> Result<SharedTransport> {
    HyperTransport::new(&TransportOptions::default()).map(SharedTransport::new)
}

#[cfg(all(feature = "reqwest", not(feature = "hyper")))]
pub(super) fn default_transport() -> Result<SharedTransport> {
    ReqwestTransport::new(&TransportOptions::default()).map(SharedTransport::new)
}

#[cfg(not(any(feature = "hyper", feature = "reqwest")))]
pub(super) fn default_transport() -> Result<SharedTransport> {
    Err(crate::Error::new(
        crate::ErrorKind::Configuration,
        "the client has no transport: pass one to ClientBuilder::transport, or switch on acd-core's feature `hyper` or `reqwest`",
    ))
}
