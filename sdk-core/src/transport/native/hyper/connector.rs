//! Opens connections: by itself, or through a proxy.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Uri};
use tower_service::Service;

use super::connection::Connection;
#[cfg(not(feature = "rustls-ring"))]
use super::plain::Dialer;
use super::proxies::Proxies;
use super::resolver::{Resolver, Tcp};
#[cfg(feature = "rustls-ring")]
use super::tls::Dialer;
use crate::Result;
use crate::runtime::BoxFuture;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// How long a connection is silent before it is asked whether it still lives, and how long between the questions.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How many of them may go unanswered.
const KEEPALIVE_QUESTIONS: u32 = 3;
/// How long sent bytes may go unacknowledged before the connection is given up, where the system lets one say so.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Cheap to clone, as the client does for every request.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    dialer: Dialer,
    proxies: Proxies,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(
        timeout: Duration,
        resolver: Resolver,
        proxies: Proxies,
        user_agent: HeaderValue,
    ) -> Result<Self> {
        let mut tcp = Tcp::new_with_resolver(resolver);
        // The schemes are looked at before a request comes here.
        tcp.enforce_http(false);
        // For each address of a host its share, so that one that swallows packets leaves time for the next.
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_QUESTIONS));
        #[cfg(any(target_os = "android", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let dialer = Dialer::new(tcp, user_agent)?;
        Ok(Self(Arc::new(Inner { dialer, proxies, timeout })))
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Connection, BoxError>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let proxy = inner.proxies.find(&server);
            let connecting = inner.dialer.dial(server, proxy);
            tokio::time::timeout(inner.timeout, connecting).await.unwrap_or_else(|_elapsed| {
                let problem = format!("no connection within {:?}", inner.timeout);
                Err(io::Error::new(io::ErrorKind::TimedOut, problem).into())
            })
        })
    }
}
