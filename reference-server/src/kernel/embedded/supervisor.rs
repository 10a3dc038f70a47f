//! The thread that looks after the server for as long as the handle lives.
//!
//! One process owns the server (it holds the lock file) and restarts it when it dies. Others only watch the lock: when
//! the owner goes, one of them takes over.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::home::{self, Home};
use super::{Binaries, EmbeddedError, EmbeddedOptions, initdb, postmaster};

const POLL: Duration = Duration::from_millis(100);
const WHILE_STARTING: Duration = Duration::from_millis(20);
/// How long to wait for the server of another process: its recovery may take as long as ours.
const OTHER_READY_WITHIN: Duration = Duration::from_secs(300);
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// A server that ran this long was healthy: the next restart is immediate again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Asks the thread to end the server and to report when that is done. Dropping the sender asks the same.
pub(super) type Stop = oneshot::Sender<Result<(), EmbeddedError>>;

enum Role {
    /// Another process owns the server.
    Attached,
    /// The server is our child.
    Owner { child: Child, since: Instant, delay: Duration },
    /// Ours died and is due again.
    Down { retry_at: Instant, delay: Duration },
}

pub(super) struct Supervisor {
    options: EmbeddedOptions,
    home: Home,
    binaries: Binaries,
    lock: File,
    role: Role,
}

impl Supervisor {
    /// Starts or joins the server. Reports where it is, then watches it until told to stop.
    pub(super) fn run(
        options: EmbeddedOptions,
        ready: oneshot::Sender<Result<PathBuf, EmbeddedError>>,
        requests: &Receiver<Stop>,
    ) {
        let mut supervisor = match Self::establish(options) {
            Ok(supervisor) => supervisor,
            Err(error) => {
                // Nobody waits for the answer any more: then nobody needs it.
                let _ = ready.send(Err(error));
                return;
            }
        };
        // Whoever gave up waiting also dropped the sender, so the loop ends at once.
        let _ = ready.send(Ok(supervisor.home.socket_dir().to_path_buf()));
        loop {
            match requests.recv_timeout(POLL) {
                Ok(reply) => {
                    let _ = reply.send(supervisor.stop());
                    return;
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => supervisor.watch(),
            }
        }
        if let Err(error) = supervisor.stop() {
            tracing::error!(%error, "the embedded PostgreSQL did not stop");
        }
    }

    fn establish(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let data_dir = &options.data_dir;
        fs::create_dir_all(data_dir).map_err(EmbeddedError::file("make the folder", data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(EmbeddedError::file("open", data_dir))?;
        let path = data_dir.join("postgres.lock");
        let mut open = File::options();
        open.read(true).write(true).create(true).truncate(false);
        let lock = open.open(&path).map_err(EmbeddedError::file("open", &path))?;
        let deadline = Instant::now() + OTHER_READY_WITHIN;
        loop {
            if take_lock(&lock, &options)? {
                let home = Home::prepare(&data_dir)?;
                let binaries = binaries_of(&home)?;
                let home = home.make_reachable(&data_dir, &binaries)?;
                let mut supervisor = Self { options, home, binaries, lock, role: Role::Attached };
                supervisor.start(FIRST_DELAY)?;
                return Ok(supervisor);
            }
            // Looked up each time: the owner may move the cluster to where its account can reach it.
            let home = Home::find(&data_dir)?;
            if let Some(home) = &home
                && postmaster::is_ready(home)?
            {
                let binaries = binaries_of(home)?;
                return Ok(Self { options, home: home.clone(), binaries, lock, role: Role::Attached });
            }
            if Instant::now() >= deadline {
                let log = home.map_or_else(|| data_dir.join("postgres/postgres.log"), |home| home.log());
                let seconds = OTHER_READY_WITHIN.as_secs();
                return Err(EmbeddedError::NotReady { seconds, tail: postmaster::tail(&log, 0), log });
            }
            thread::park_timeout(WHILE_STARTING);
        }
    }

    fn start(&mut self, delay: Duration) -> Result<(), EmbeddedError> {
        initdb::ensure(&self.home, &self.binaries, self.options.durability)?;
        let child = postmaster::start(&self.home, &self.binaries, self.options.durability)?;
        tracing::info!(
            pid = child.id(),
            version = self.binaries.version,
            folder = %self.home.root().display(),
            "embedded PostgreSQL is ready"
        );
        self.role = Role::Owner { child, since: Instant::now(), delay };
        Ok(())
    }

    fn watch(&mut self) {
        match &mut self.role {
            Role::Attached => match take_lock(&self.lock, &self.options) {
                Ok(true) => {
                    tracing::info!("the acd that owned the embedded PostgreSQL is gone: taking it over");
                    self.start_or_wait(FIRST_DELAY);
                }
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "cannot watch the embedded PostgreSQL"),
            },
            Role::Owner { child, since, delay } => match child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => {
                    let delay = if since.elapsed() >= HEALTHY_AFTER { FIRST_DELAY } else { *delay };
                    let tail = postmaster::tail(&self.home.log(), 0);
                    tracing::error!(%status, log = tail, "the embedded PostgreSQL ended by itself: restarting it");
                    self.role = Role::Down { retry_at: Instant::now() + delay, delay: longer(delay) };
                }
                Err(error) => tracing::error!(%error, "cannot watch the embedded PostgreSQL"),
            },
            Role::Down { retry_at, delay } if Instant::now() >= *retry_at => {
                let delay = *delay;
                self.start_or_wait(delay);
            }
            Role::Down { .. } => {}
        }
    }

    fn start_or_wait(&mut self, delay: Duration) {
        if let Err(error) = self.start(delay) {
            tracing::error!(%error, retry_in = ?delay, "the embedded PostgreSQL does not start");
            self.role = Role::Down { retry_at: Instant::now() + delay, delay: longer(delay) };
        }
    }

    /// Ends the server when it is ours and gives up the lock.
    fn stop(mut self) -> Result<(), EmbeddedError> {
        match &mut self.role {
            Role::Owner { child, .. } => {
                postmaster::stop(child, &self.home)?;
                self.home.remove_socket_dir()
            }
            Role::Attached | Role::Down { .. } => Ok(()),
        }
    }
}

fn take_lock(lock: &File, options: &EmbeddedOptions) -> Result<bool, EmbeddedError> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(EmbeddedError::file("lock", options.data_dir.join("postgres.lock"))(error))
        }
    }
}

fn binaries_of(home: &Home) -> Result<Binaries, EmbeddedError> {
    Binaries::find(home::data_major(&home.data())?, &home.data())
}

fn longer(delay: Duration) -> Duration {
    (delay * 2).min(LONGEST_DELAY)
}
