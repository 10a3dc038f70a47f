//! A way to a database that can be cut and mended.

use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use super::cluster::cluster;

/// Passes connections on to the cluster of the tests.
pub(crate) struct Proxy {
    folder: tempfile::TempDir,
    server: PathBuf,
    running: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let server = cluster().await.socket_dir().join(SOCKET);
        let folder = tempfile::Builder::new().prefix("acd-proxy").tempdir_in("/tmp").unwrap();
        let mut proxy = Self { folder, server, running: None };
        proxy.mend();
        proxy
    }

    /// The same database, reached through the proxy.
    pub(crate) fn through(&self, options: &PgConnectOptions) -> PgConnectOptions {
        options.clone().socket(self.folder.path())
    }

    /// Ends all connections; new ones are refused.
    pub(crate) async fn cut(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // Once it has ended, the connections that it held are closed.
            assert!(running.await.unwrap_err().is_cancelled());
            std::fs::remove_file(self.folder.path().join(SOCKET)).unwrap();
        }
    }

    /// Takes connections again.
    pub(crate) fn mend(&mut self) {
        let listener = UnixListener::bind(self.folder.path().join(SOCKET)).unwrap();
        self.running = Some(tokio::spawn(serve(listener, self.server.clone())));
    }
}

/// As PostgreSQL names it on its usual port.
const SOCKET: &str = ".s.PGSQL.5432";

async fn serve(listener: UnixListener, server: PathBuf) {
    // Dropped with this task, and every connection in it.
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(pass_on(client, server.clone()));
    }
}

async fn pass_on(mut client: UnixStream, server: impl AsRef<Path>) -> std::io::Result<()> {
    let mut server = UnixStream::connect(server).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
