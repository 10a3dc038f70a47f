//! PgBouncer in front of the test cluster, giving each transaction another connection.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};

use super::cluster::{TestDatabase, cluster};
use super::wait::until;

/// A running pooler; it ends when this is dropped.
pub(crate) struct Pooler {
    folder: tempfile::TempDir,
    process: Child,
}

impl Pooler {
    /// Starts `pgbouncer` (Debian's package of that name) on a socket of its own.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("acd-pooler").tempdir_in("/tmp").unwrap();
        let cluster = cluster().await.socket_dir();
        // Like PostgreSQL it refuses to run as root.
        let owner = fs::metadata(cluster).unwrap();
        chown(folder.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let (socket, settings) = (folder.path().display(), folder.path().join("pgbouncer.ini"));
        let text = format!(
            "[databases]\n* = host={} port=5432 user=acd\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
             unix_socket_dir = {socket}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n",
            cluster.display(),
        );
        fs::write(&settings, text).unwrap();
        // Debian installs it where only root's PATH leads.
        let debian = Path::new("/usr/sbin/pgbouncer");
        let mut command = Command::new(if debian.exists() { debian } else { Path::new("pgbouncer") });
        command.arg("-q").arg(settings).uid(owner.uid()).gid(owner.gid());
        let process = command.stderr(Stdio::null()).spawn().expect("pgbouncer is installed: apt-get install pgbouncer");
        let pooler = Self { folder, process };
        let options = pooler.over_database("postgres");
        until("the pooler answers", async || PgConnection::connect_with(&options).await.ok()).await;
        pooler
    }

    /// How to reach a test's database through it.
    pub(crate) fn over(&self, database: &TestDatabase) -> PgConnectOptions {
        self.over_database(database.options.get_database().unwrap_or_default())
    }

    /// The same as a URL.
    pub(crate) fn url(&self, database: &TestDatabase) -> String {
        let name = database.options.get_database().unwrap_or_default();
        format!("postgresql://acd@localhost/{name}?host={}&port=6432", self.folder.path().display())
    }

    fn over_database(&self, name: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder.path())
            .port(6432)
            .username("acd")
            .database(name)
            .ssl_mode(PgSslMode::Disable)
            .extra_float_digits(None)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended by itself, then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
