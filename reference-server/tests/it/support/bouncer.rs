//! A real pgbouncer that gives each transaction another connection.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::cluster::{TestDatabase, cluster};
use super::wait::until;

const PORT: u16 = 6432;

/// A running pgbouncer in front of the cluster of the tests. Ends when dropped.
pub(crate) struct Bouncer {
    folder: tempfile::TempDir,
    process: Child,
}

impl Bouncer {
    /// Starts it; `None` on a machine that has none, unless it is one that must (CI).
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = program() else {
            assert!(std::env::var_os("CI").is_none(), "pgbouncer is missing: apt-get install pgbouncer");
            return None;
        };
        let server = cluster().await.socket_dir();
        // Only the account of the cluster may enter the folder of its socket, and pgbouncer does not run as root.
        let account = fs::metadata(server).unwrap();
        let folder = tempfile::Builder::new().prefix("acd-bouncer").tempdir_in("/tmp").unwrap();
        let settings = folder.path().join("pgbouncer.ini");
        let users = folder.path().join("users.txt");
        fs::write(&users, "\"acd\" \"\"\n").unwrap();
        let text = format!(
            "[databases]\n* = host={} port=5432\n[pgbouncer]\npool_mode = transaction\nlisten_port = {PORT}\n\
             unix_socket_dir = {}\nauth_type = trust\nauth_file = {}\ndefault_pool_size = 3\n\
             ignore_startup_parameters = extra_float_digits\n",
            server.display(),
            folder.path().display(),
            users.display(),
        );
        fs::write(&settings, text).unwrap();
        for path in [folder.path(), &settings, &users] {
            chown(path, Some(account.uid()), Some(account.gid())).unwrap();
        }
        let mut command = Command::new(program);
        command.arg(&settings).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if account.uid() != rustix::process::geteuid().as_raw() {
            command.uid(account.uid()).gid(account.gid());
        }
        let mut bouncer = Self { folder, process: command.spawn().unwrap() };
        let socket = bouncer.folder.path().join(format!(".s.PGSQL.{PORT}"));
        until("pgbouncer listens", async || {
            assert!(bouncer.process.try_wait().unwrap().is_none(), "pgbouncer ended by itself");
            socket.exists().then_some(())
        })
        .await;
        Some(bouncer)
    }

    /// The URL of a database, through pgbouncer.
    pub(crate) fn url(&self, database: &TestDatabase) -> String {
        let name = database.options.get_database().unwrap();
        format!("postgresql://acd@localhost/{name}?host={}&port={PORT}", self.folder.path().display())
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps it where only root's PATH looks.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}
