//! Connections with and without TLS.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue, USER_AGENT};
use http::uri::{Scheme, Uri};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};
use tower_service::Service as _;

use super::connection::Connection;
use super::connector::BoxError;
use super::resolver::Tcp;
use crate::Result;
use crate::error::{Error, ErrorKind};

/// Opens connections, with TLS where the URL says so.
pub(super) struct Dialer {
    server: HttpsConnector<Tcp>,
    proxy: HttpsConnector<Tcp>,
    config: Arc<ClientConfig>,
    user_agent: HeaderValue,
}

impl Dialer {
    pub(super) fn new(tcp: Tcp, user_agent: HeaderValue) -> Result<Self> {
        let to_proxy = config()?;
        let mut config = to_proxy.clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        Ok(Self {
            server: (tcp.clone(), Arc::clone(&config)).into(),
            proxy: (tcp, to_proxy).into(),
            config,
            user_agent,
        })
    }

    pub(super) async fn dial(&self, server: Uri, proxy: Option<Intercept>) -> Result<Connection, BoxError> {
        match proxy {
            None => Ok(Connection::direct(self.server.clone().call(server).await?)),
            Some(proxy) if server.scheme() == Some(&Scheme::HTTPS) => {
                let mut tunnel = HttpsConnector::from((self.tunnel(&proxy), Arc::clone(&self.config)));
                Ok(Connection::direct(tunnel.call(server).await?))
            }
            Some(proxy) => Ok(Connection::forwarded(self.proxy.clone().call(proxy.uri().clone()).await?)),
        }
    }

    /// A way through the proxy that it cannot look into.
    fn tunnel(&self, proxy: &Intercept) -> Tunnel<HttpsConnector<Tcp>> {
        let headers = HeaderMap::from_iter([(USER_AGENT, self.user_agent.clone())]);
        let tunnel = Tunnel::new(proxy.uri().clone(), self.proxy.clone()).with_headers(headers);
        match proxy.basic_auth() {
            Some(credentials) => tunnel.with_auth(credentials.clone()),
            None => tunnel,
        }
    }
}

/// Certificates are judged as the system does, on Android by Mozilla's list of authorities. A provider of cryptography that the application chose for the whole process
/// is kept; otherwise ring is used here, and the process left without one.
fn config() -> Result<ClientConfig> {
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(judged)
        .map_err(|cause| {
            let problem = "TLS cannot be set up: check that root certificates are installed";
            Error::new(ErrorKind::Configuration, problem).with_source(cause)
        })?;
    Ok(builder.with_no_client_auth())
}

type Builder<State> = ConfigBuilder<ClientConfig, State>;

#[cfg(not(target_os = "android"))]
fn judged(builder: Builder<WantsVerifier>) -> std::result::Result<Builder<WantsClientCert>, rustls::Error> {
    builder.try_with_platform_verifier()
}

/// Android's own judge is a class of Java, and a library that is called from C has no JVM to find it in.
#[cfg(target_os = "android")]
fn judged(builder: Builder<WantsVerifier>) -> std::result::Result<Builder<WantsClientCert>, rustls::Error> {
    Ok(builder.with_webpki_roots())
}
