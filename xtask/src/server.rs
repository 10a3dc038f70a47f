//! A live `acd serve` for one part of the tests: its own port, its own data, gone afterwards.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    ops::Range,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use serde::Deserialize;
use tempfile::TempDir;

use crate::{error::Error, shell, workspace::Workspace};

/// From start to ready, a new cluster and all migrations included; a busy machine takes a tenth of it.
const START_LIMIT: Duration = Duration::from_secs(300);
/// From the request to stop until the process is gone, its drain and the cluster's shutdown included.
const STOP_LIMIT: Duration = Duration::from_secs(120);
/// Between two questions whether it is ready.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// Builds the `acd` program and gives its place.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf, Error> {
    // With the features that the tests were built with, so that nothing is compiled a second time.
    shell::run(workspace.cargo().args(["build", "--workspace", "--all-features", "--bin", "acd"]))?;
    Ok(workspace.target.join("debug/acd"))
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    acd: PathBuf,
    data: TempDir,
    address: SocketAddr,
    log: PathBuf,
    pid: u32,
    exit: Receiver<io::Result<ExitStatus>>,
    is_running: bool,
}

#[derive(Deserialize)]
struct CreatedKey {
    secret: SecretString,
}

impl Server {
    /// Starts `acd` on a free port with an empty data folder and waits until it is ready.
    pub(crate) fn start(workspace: &Workspace, name: &str) -> Result<Self, Error> {
        Self::start_with(workspace, name, &[])
    }

    /// Starts it with settings besides the address and the folder.
    pub(crate) fn start_with(workspace: &Workspace, name: &str, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let acd = build(workspace)?;
        // The cluster runs as another account when this runs as root, and has to reach its files through this folder.
        let data = tempfile::Builder::new()
            .prefix("acd-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .map_err(Error::file("create a folder in", std::env::temp_dir()))?;
        let address = free_address()?;
        let log = workspace.target.join(format!("xtask-{name}.log"));
        let file = File::create(&log).map_err(Error::file("create", &log))?;
        let copy = file.try_clone().map_err(Error::file("open", &log))?;
        let mut command = acd_command(&acd, data.path(), address);
        command.arg("serve").envs(settings.iter().copied()).stdout(Stdio::from(file)).stderr(Stdio::from(copy));
        let mut child =
            command.spawn().map_err(|source| Error::Start { program: acd.display().to_string(), source })?;
        let pid = child.id();
        let (sender, exit) = mpsc::channel();
        thread::spawn(move || {
            // Nobody listens any more only when this program is ending.
            let _ = sender.send(child.wait());
        });
        let mut server = Self { acd, data, address, log, pid, exit, is_running: true };
        server.wait_until_ready()?;
        println!("acd serve is ready at {}, its log is {}", server.url(), server.log.display());
        Ok(server)
    }

    /// Where it listens, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes an API key of a product with the given scopes.
    pub(crate) fn key(&self, product: &str, scopes: &[&str]) -> Result<SecretString, Error> {
        self.create_key(Some(product), scopes)
    }

    /// Makes an administrator's API key.
    pub(crate) fn admin_key(&self) -> Result<SecretString, Error> {
        self.create_key(None, &["admin"])
    }

    fn create_key(&self, product: Option<&str>, scopes: &[&str]) -> Result<SecretString, Error> {
        let mut command = acd_command(&self.acd, self.data.path(), self.address);
        command.args(["keys", "create", "--json"]);
        command.args(product.iter().flat_map(|product| ["--product", product]));
        for scope in scopes {
            command.args(["--scope", scope]);
        }
        let text = shell::read(&mut command)?;
        // The output holds a secret, so the error repeats nothing of it.
        let created: CreatedKey = serde_json::from_str(&text).map_err(|error| Error::Output {
            command: shell::describe(&command),
            detail: format!("not the expected JSON (line {}, column {})", error.line(), error.column()),
        })?;
        Ok(created.secret)
    }

    /// Stops it as an operator would; an error when it does not end by itself, or not well.
    pub(crate) fn stop(mut self) -> Result<(), Error> {
        match self.terminate()? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.failure(format!("acd serve ended with {status} when asked to stop"))),
            None => Err(self.failure(format!("acd serve did not stop within {} s", STOP_LIMIT.as_secs()))),
        }
    }

    fn wait_until_ready(&mut self) -> Result<(), Error> {
        let start = Instant::now();
        loop {
            match self.exit.recv_timeout(PROBE_INTERVAL) {
                Err(RecvTimeoutError::Timeout) if is_ready(self.address) => return Ok(()),
                Err(RecvTimeoutError::Timeout) if start.elapsed() < START_LIMIT => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.failure(format!("acd serve was not ready within {} s", START_LIMIT.as_secs())));
                }
                Ok(Ok(status)) => {
                    self.is_running = false;
                    return Err(self.failure(format!("acd serve ended with {status} instead of becoming ready")));
                }
                Ok(Err(error)) => return Err(self.failure(format!("cannot wait for acd serve: {error}"))),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.failure("cannot wait for acd serve: its watcher is gone".to_owned()));
                }
            }
        }
    }

    /// Asks it to stop; kills it and gives none when it does not.
    fn terminate(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.is_running = false;
        self.signal("-TERM")?;
        if let Ok(Ok(status)) = self.exit.recv_timeout(STOP_LIMIT) {
            return Ok(Some(status));
        }
        self.signal("-KILL")?;
        Ok(None)
    }

    fn signal(&self, signal: &str) -> Result<(), Error> {
        shell::read(shell::command("kill", Path::new("/")).args([signal, &self.pid.to_string()])).map(drop)
    }

    fn failure(&self, detail: String) -> Error {
        let text = fs::read_to_string(&self.log).unwrap_or_else(|error| format!("(cannot be read: {error})"));
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        Error::Server { detail, log: self.log.clone(), tail }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.is_running
            && let Err(error) = self.terminate()
        {
            eprintln!("acd serve (process {}) could not be stopped: {error}", self.pid);
        }
    }
}

/// `acd` with settings of its own: none of the developer's reach it.
fn acd_command(acd: &Path, data: &Path, address: SocketAddr) -> Command {
    let mut command = shell::command(acd, data);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ACD_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command.env("ACD_DATA_DIR", data).env("ACD_LISTEN", address.to_string());
    command
}

/// Ports that a system gives to nobody who does not ask for them by number, so that nobody has one before the server does.
const PORTS: Range<u16> = 17_000..22_000;

/// An address nobody listens on.
fn free_address() -> Result<SocketAddr, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Other runs begin elsewhere.
    let first = std::process::id().wrapping_mul(50).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
    let places = PORTS.cycle().skip(first as usize % PORTS.len()).take(PORTS.len());
    places
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .ok_or_else(|| Error::Check(format!("no free port of {PORTS:?} on 127.0.0.1")))
}

fn is_ready(address: SocketAddr) -> bool {
    probe(address).is_ok_and(|reply| reply.starts_with("HTTP/1.1 200"))
}

/// The beginning of the reply to `GET /health/ready`; written by hand to keep an HTTP client out of this program.
fn probe(address: SocketAddr) -> io::Result<String> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut reply = Vec::new();
    stream.take(4096).read_to_end(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(status: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let _ = stream.read(&mut request).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        address
    }

    #[test]
    fn ready_means_200() {
        assert!(is_ready(answering("200 OK")));
        assert!(!is_ready(answering("503 Service Unavailable")));
    }

    #[test]
    fn nobody_listening_is_not_ready() {
        assert!(!is_ready(free_address().unwrap()));
    }
}
