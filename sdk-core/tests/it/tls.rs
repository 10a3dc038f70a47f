//! HTTPS to a server whose certificate the machine trusts, or not.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use acd_core::testing::Harness;
use acd_core::{ErrorKind, RetryConfig, TransportOptions};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::server::{Server, ok};
use crate::wire::{Wire, over_each_transport};

over_each_transport![
    a_server_that_the_machine_trusts_is_talked_to,
    a_stranger_is_sent_nothing,
    the_limit_for_connecting_is_for_the_handshake_too,
];

/// Who a server says it is.
#[derive(Clone)]
pub(crate) struct Identity {
    acceptor: TlsAcceptor,
    folder: Arc<TempDir>,
}

impl Identity {
    /// A certificate of these names that was signed by nobody else.
    pub(crate) fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("trusted.pem"), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.into()], key)
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), folder: Arc::new(folder) }
    }

    /// The file of certificates that a process must trust to trust this one.
    pub(crate) fn trusted(&self) -> String {
        self.folder.path().join("trusted.pem").display().to_string()
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await.ok()
    }
}

async fn a_server_that_the_machine_trusts_is_talked_to(wire: Wire) {
    let identity = Identity::of(&["127.0.0.1"]);
    let server = Server::start_as(Some(identity.clone()), [ok("first"), ok("second")]).await;
    let url = format!("https://127.0.0.1:{}", server.port());
    let told = wire.elsewhere(&url, &[("SSL_CERT_FILE", &identity.trusted())]).await;
    assert!(told.contains("first") && told.contains("second"), "{told}");
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0], "the connection is kept");
}

async fn a_stranger_is_sent_nothing(wire: Wire) {
    let server = Server::start_as(Some(Identity::of(&["127.0.0.1"])), [ok("never")]).await;
    let url = format!("https://127.0.0.1:{}", server.port());
    let client = wire.client(url).retry(RetryConfig::disabled()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
    assert!(server.requests().is_empty());
}

async fn the_limit_for_connecting_is_for_the_handshake_too(wire: Wire) {
    // The system accepts the connection, and nobody ever answers.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let mut options = TransportOptions::default();
    options.connect_timeout = Duration::from_millis(20);
    let client = wire.client_with(url, &options).retry(RetryConfig::disabled()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
    assert!(error.to_string().contains("in time"), "{error}");
}
