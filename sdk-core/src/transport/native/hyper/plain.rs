//! Connections without TLS.

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Intercept;
use tower_service::Service as _;

use super::connection::Connection;
use super::connector::BoxError;
use super::resolver::Tcp;
use crate::Result;

/// Opens connections without TLS.
pub(super) struct Dialer(Tcp);

impl Dialer {
    pub(super) fn new(mut tcp: Tcp, _user_agent: HeaderValue) -> Result<Self> {
        // Of a proxy too.
        tcp.enforce_http(true);
        Ok(Self(tcp))
    }

    pub(super) async fn dial(&self, server: Uri, proxy: Option<Intercept>) -> Result<Connection, BoxError> {
        let mut tcp = self.0.clone();
        match proxy {
            None => Ok(Connection::direct(tcp.call(server).await?)),
            Some(proxy) => Ok(Connection::forwarded(tcp.call(proxy.uri().clone()).await?)),
        }
    }
}
