//! The real `acd` in a process of its own.

use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use acd_core::Secret;
use acd_platform::keys::NewApiKey;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::http::Http;
use super::wait::until;

/// A data folder, where and as the embedded cluster needs it.
pub(crate) fn data_dir() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("acd-process").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Ports that a system gives to nobody who does not ask for them by number.
const PORTS: Range<u16> = 27_000..32_000;
/// So many are this process's to begin with.
const PORTS_A_PROCESS: usize = 50;

/// A port for a server that comes back where it was. Of those that the system gives away another socket could have it meanwhile.
pub(crate) async fn free_address() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = std::process::id() as usize * PORTS_A_PROCESS;
    loop {
        let next = first + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = format!("127.0.0.1:{}", usize::from(PORTS.start) + next % PORTS.len());
        if TcpListener::bind(&address).await.is_ok() {
            return address;
        }
    }
}

/// The settings under which an `acd` runs, and nothing else from the environment but what any program needs.
#[derive(Clone)]
pub(crate) struct Settings(Vec<(&'static str, OsString)>);

impl Settings {
    /// An embedded database in this folder.
    pub(crate) fn embedded(data_dir: &Path) -> Self {
        Self(vec![("ACD_DATA_DIR", data_dir.into())])
    }

    /// An outside database.
    pub(crate) fn outside(url: &str) -> Self {
        Self(vec![
            ("DATABASE_URL", url.into()),
            ("ACD_KEY_SECRET", "dGVzdC1vbmx5LXNlY3JldC1vZi0zMi1ieXRlcy1vay4=".into()),
        ])
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Where it is told to listen.
    pub(crate) fn address(&self) -> &str {
        let listen = self.0.iter().find(|(name, _)| *name == "ACD_LISTEN");
        listen.and_then(|(_, address)| address.to_str()).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acd"));
        // Not where an acd.toml may lie.
        command.args(arguments).current_dir("/").env_clear().envs(self.0.iter().cloned());
        command.envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "LLVM_PROFILE_FILE"));
        command.env("ACD_LOG_FORMAT", "json").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end, which must be a success, and gives what it printed.
    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments).output().await.unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success(), "acd {arguments:?}: {told}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// A new key of a product, or an administrator's.
    pub(crate) async fn key(&self, product: Option<&str>, scopes: &[&str]) -> Secret {
        let mut arguments = vec!["keys", "create", "--json"];
        arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
        arguments.extend(product.iter().flat_map(|product| ["--product", product]));
        let made: NewApiKey = serde_json::from_str(&self.run(&arguments).await).unwrap();
        Secret::new(made.secret.unwrap())
    }

    /// Starts a server and waits until it listens.
    pub(crate) async fn serve(&self) -> Server {
        let mut process = self.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().unwrap().push(line);
            }
        });
        let mut server = Server { url: String::new(), process, log };
        let serving = until("the server listens", async || {
            if let Some(status) = server.process.try_wait().unwrap() {
                panic!("it ended with {status}: {:#?}", server.log.lock().unwrap());
            }
            server.logged(|line| line["address"].is_string())
        });
        let serving = serving.await;
        server.url = format!("http://{}", serving["address"].as_str().unwrap());
        server
    }
}

/// A running `acd serve`. Killed when dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn http(&self) -> Http {
        Http::new(&self.url)
    }

    /// The first line of its log that is like this.
    pub(crate) fn logged(&self, like: impl Fn(&Value) -> bool) -> Option<Value> {
        let log = self.log.lock().unwrap();
        log.iter().filter_map(|line| serde_json::from_str(line).ok()).find(like)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.process.wait().await.unwrap()
    }

    /// Ends it as a power cut would: without a word.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}
