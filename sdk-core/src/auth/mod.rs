//! Who is calling.

#[cfg(feature = "token-file")]
mod file_store;
mod fixed;
mod memory_store;
mod refreshing;
mod store;
mod token;

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use http::HeaderMap;

#[cfg(feature = "token-file")]
pub use file_store::FileTokenStore;
pub use fixed::{Basic, Bearer, HeaderAuth};
pub use memory_store::MemoryTokenStore;
pub use refreshing::{RefreshOptions, RefreshingBearer, TokenProvider};
pub use store::{StoreLock, TokenStore};
pub use token::Token;

use crate::Result;
use crate::request::Request;
use crate::runtime::BoxFuture;

/// Puts credentials on a request. Asked once per attempt, so that a retry carries fresh ones.
pub trait Auth: Send + Sync + 'static {
    /// Adds the credentials, in headers only: a query ends up in logs.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when there are none to be had. The call is retried only
    /// if the error says that it is [retryable](crate::Error::with_retryable).
    fn apply(&self, request: &mut Request) -> impl Future<Output = Result<()>> + Send;

    /// Whether [`refused`](Self::refused) can do anything. Without it, which is the default, the pipeline keeps no copy of
    /// what it sent.
    fn is_renewable(&self) -> bool {
        false
    }

    /// Learns that the server answered 401 to a request with these headers, and says whether the next
    /// [`apply`](Self::apply) puts other credentials on. `true` makes the pipeline repeat the attempt at once, whatever
    /// the operation's [`Safety`](crate::Safety): a server that answers 401 has not applied the request
    /// ([RFC 9110 section 15.5.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2)). It is asked once per call.
    ///
    /// # Errors
    /// Why no other credentials could be had. The call fails with the 401, which has this error as its source.
    fn refused(&self, sent: &HeaderMap) -> impl Future<Output = Result<bool>> + Send {
        let _ = sent;
        ready(Ok(false))
    }
}

/// An [`Auth`] of any type, shared.
#[derive(Clone)]
pub(crate) struct SharedAuth(Arc<dyn DynAuth>);

impl SharedAuth {
    pub(crate) fn new(auth: impl Auth) -> Self {
        Self(Arc::new(auth))
    }

    pub(crate) async fn apply(&self, request: &mut Request) -> Result<()> {
        self.0.apply_dyn(request).await
    }

    pub(crate) fn is_renewable(&self) -> bool {
        self.0.is_renewable_dyn()
    }

    pub(crate) async fn refused(&self, sent: &HeaderMap) -> Result<bool> {
        self.0.refused_dyn(sent).await
    }
}

impl fmt::Debug for SharedAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

trait DynAuth: Send + Sync {
    fn apply_dyn<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<()>>;
    fn is_renewable_dyn(&self) -> bool;
    fn refused_dyn<'a>(&'a self, sent: &'a HeaderMap) -> BoxFuture<'a, Result<bool>>;
}

impl<A: Auth> DynAuth for A {
    fn apply_dyn<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.apply(request))
    }

    fn is_renewable_dyn(&self) -> bool {
        self.is_renewable()
    }

    fn refused_dyn<'a>(&'a self, sent: &'a HeaderMap) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.refused(sent))
    }
}
