//! The transport of browsers, workers and Node.

#[cfg(feature = "fetch")]
mod fetch;
mod url;

#[cfg(feature = "fetch")]
pub use self::fetch::FetchTransport;
pub(crate) use self::url::AbsoluteUrl;

use super::SharedTransport;
use crate::Result;

#[cfg(feature = "fetch")]
pub(super) fn default_transport() -> Result<SharedTransport> {
    Ok(SharedTransport::new(FetchTransport::new()))
}

#[cfg(not(feature = "fetch"))]
pub(super) fn default_transport() -> Result<SharedTransport> {
    Err(crate::Error::new(
        crate::ErrorKind::Configuration,
        "the client has no transport: pass one to ClientBuilder::transport, or switch on acd-core's feature `fetch`",
    ))
}
