//! The server as a process of its own, so that it can be killed.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Error = Box<dyn std::error::Error + Send + Sync>;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running `acd serve`.
pub(super) struct Server {
    child: Child,
    /// Where it serves.
    pub(super) url: String,
    address: SocketAddr,
    log: std::path::PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Server {
    /// Starts it with the settings of this process and these, and waits until it is ready.
    pub(super) async fn start(
        address: SocketAddr,
        data_dir: &Path,
        settings: Vec<(&'static str, String)>,
    ) -> Result<Self, Error> {
        let log = data_dir.join("demo-server.log");
        let output = OpenOptions::new().create(true).append(true).open(&log)?;
        let child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .env("ACD_LISTEN", address.to_string())
            .env("ACD_LOG_FORMAT", "json")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()?;
        let mut server = Self { child, url: format!("http://{address}"), address, log, settings };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let client = acd_core::Client::builder(&self.url).build()?;
        let until = Instant::now() + READY_WITHIN;
        loop {
            if client.call(&READY).send().await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status}; see {}", self.log.display()).into());
            }
            if Instant::now() > until {
                return Err(format!("the server is not ready after a minute; see {}", self.log.display()).into());
            }
            #[expect(clippy::disallowed_methods, reason = "another process starts in real time")]
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// kill -9, then a new process at the same address. Returns the time without a server.
    pub(super) async fn kill_and_restart(self, data_dir: &Path) -> Result<(Self, Duration), Error> {
        let mut server = self;
        server.child.kill()?;
        server.child.wait()?;
        let down = Instant::now();
        let restarted = Self::start(server.address, data_dir, std::mem::take(&mut server.settings)).await?;
        Ok((restarted, down.elapsed()))
    }

    /// Asks it to stop and waits for it.
    pub(super) async fn stop(self) -> Result<(), Error> {
        ask_to_stop(self.child.id());
        self.ended().await
    }

    /// Waits until this process is asked to stop, or the server ends by itself.
    pub(super) async fn wait(self) -> Result<(), Error> {
        let pid = self.child.id();
        let ended = self.ended();
        tokio::pin!(ended);
        tokio::select! {
            ended = &mut ended => return ended,
            () = crate::cli::asked_to_stop() => {}
        }
        // On Ctrl-C the terminal has asked it too; being asked twice changes nothing.
        ask_to_stop(pid);
        ended.await
    }

    async fn ended(mut self) -> Result<(), Error> {
        let status = tokio::task::spawn_blocking(move || {
            let server = &mut self;
            server.child.wait()
        })
        .await??;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) }
    }
}

fn ask_to_stop(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        // Fails only when it has ended already, which waiting for it shows.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

/// A demo that fails half-way leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
    }
}

const READY: acd_core::Operation =
    acd_core::Operation::new("platform.health.ready", http::Method::GET, "/health/ready").safe();
