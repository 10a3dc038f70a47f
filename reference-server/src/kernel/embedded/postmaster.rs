//! The server process: its pid file, its start and its end.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::home::Home;
use super::{Binaries, Durability, EmbeddedError, settings};

/// Recovery after a crash replays at most `max_wal_size`; this leaves room for a slow disk.
const READY_WITHIN: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(10);
/// A log beyond this is set aside (one generation) when the server starts.
const LARGEST_LOG: u64 = 16 << 20;
const LINES_SHOWN: usize = 20;

/// What `postmaster.pid` says. Its layout is fixed by `src/include/utils/pidfile.h` of PostgreSQL.
#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: u32,
    ready: bool,
}

impl PidFile {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(Self { pid, ready: lines.nth(6).is_some_and(|status| status.trim() == "ready") })
    }

    /// None when there is no such file, or one that is just being written.
    fn read(home: &Home) -> Result<Option<Self>, EmbeddedError> {
        let path = home.pid_file();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EmbeddedError::file("read", &path)(error)),
        }
    }
}

/// Whether a server of this cluster, started by whomever, takes connections.
pub(super) fn is_ready(home: &Home) -> Result<bool, EmbeddedError> {
    Ok(PidFile::read(home)?.is_some_and(|file| file.ready && serves(file.pid, home)))
}

/// Starts the server and waits until it takes connections.
pub(super) fn start(home: &Home, binaries: &Binaries, durability: Durability) -> Result<Child, EmbeddedError> {
    clear_the_way(home)?;
    home.make_socket_dir()?;
    let log = home.log();
    let begin = rotate(&log)?;
    let file = fs::File::options().create(true).append(true).open(&log).map_err(EmbeddedError::file("open", &log))?;
    let error_file = file.try_clone().map_err(EmbeddedError::file("open", &log))?;
    let program = binaries.program("postgres");
    let mut command = bound_to_this_thread(home, binaries, &program);
    command.args(settings::arguments(home, durability)).stdout(file).stderr(error_file);
    let mut child = command.spawn().map_err(EmbeddedError::run(&program))?;
    let deadline = Instant::now() + READY_WITHIN;
    while Instant::now() < deadline {
        if PidFile::read(home)?.is_some_and(|file| file.pid == child.id() && file.ready) {
            return Ok(child);
        }
        if let Some(status) = child.try_wait().map_err(EmbeddedError::run(&program))? {
            return Err(EmbeddedError::Ended { status: status.to_string(), tail: tail(&log, begin), log });
        }
        thread::park_timeout(POLL);
    }
    stop(&mut child, home)?;
    Err(EmbeddedError::NotReady { seconds: READY_WITHIN.as_secs(), tail: tail(&log, begin), log })
}

/// Ends the server that we started: connections are cut, what is committed is safe.
pub(super) fn stop(child: &mut Child, home: &Home) -> Result<(), EmbeddedError> {
    let pid = child.id();
    end(pid, || Ok(child.try_wait().map_err(EmbeddedError::run(home.root()))?.is_none()))
}

/// A command that ends together with this thread where the system can do that (Linux with setpriv of util-linux).
/// Elsewhere a server whose parent was killed lives on, and the next start replaces it.
pub(super) fn bound_to_this_thread(home: &Home, binaries: &Binaries, program: &Path) -> Command {
    let setpriv = Path::new("setpriv");
    let bind = ["--pdeathsig", "INT"];
    let mut probe = home.command(setpriv);
    probe.args(bind).arg(binaries.program("postgres")).arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        let mut command = home.command(setpriv);
        command.args(bind).arg(program);
        command
    } else {
        home.command(program)
    }
}

/// The last lines of a text, for an error message.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LINES_SHOWN)..).unwrap_or_default().join("\n")
}

/// The last lines that the server wrote to its log since the offset `begin`.
pub(super) fn tail(log: &Path, begin: u64) -> String {
    match fs::read(log) {
        Ok(bytes) => {
            let begin = usize::try_from(begin).unwrap_or(usize::MAX).min(bytes.len());
            last_lines(&String::from_utf8_lossy(bytes.get(begin..).unwrap_or_default()))
        }
        Err(error) => format!("({} cannot be read: {error})", log.display()),
    }
}

/// Makes sure that nothing stops a new server: ends one whose parent was killed, removes a pid file that names a
/// process of something else (after a restart of the machine or container, numbers are given out again).
fn clear_the_way(home: &Home) -> Result<(), EmbeddedError> {
    let path = home.pid_file();
    let Some(file) = PidFile::read(home)? else { return Ok(()) };
    if serves(file.pid, home) {
        tracing::warn!(pid = file.pid, "replacing a PostgreSQL that outlived the acd that started it");
        end(file.pid, || Ok(serves(file.pid, home)))?;
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EmbeddedError::file("remove", &path)(error)),
        _ => Ok(()),
    }
}

/// Whether the process is a server of this cluster, and not one that was given the same number.
fn serves(pid: u32, home: &Home) -> bool {
    if cfg!(target_os = "linux") {
        // The server changes into its data folder before it writes the pid file.
        return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == home.data());
    }
    let listed = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&home.data().display().to_string()))
}

/// Asks ever more firmly: SIGINT rolls back and writes a checkpoint, SIGQUIT leaves recovery to the next start.
fn end(pid: u32, mut alive: impl FnMut() -> Result<bool, EmbeddedError>) -> Result<(), EmbeddedError> {
    let steps = [(Signal::INT, 30), (Signal::QUIT, 10), (Signal::KILL, 5)];
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    for (signal, seconds) in steps {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        // A process that is gone already refuses the signal: the check below tells.
        if let Err(error) = kill_process(process, signal) {
            tracing::debug!(pid, %error, "PostgreSQL took no signal");
        }
        loop {
            if !alive()? {
                return Ok(());
            }
            if Instant::now() >= deadline {
                break;
            }
            thread::park_timeout(POLL);
        }
    }
    Err(EmbeddedError::NotStopped { pid })
}

/// Sets a large log aside and says where the new lines will begin.
fn rotate(log: &Path) -> Result<u64, EmbeddedError> {
    let length = match fs::metadata(log) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(EmbeddedError::file("look at", log)(error)),
    };
    if length <= LARGEST_LOG {
        return Ok(length);
    }
    fs::rename(log, log.with_extension("log.1")).map_err(EmbeddedError::file("rename", log))?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_tells_process_and_readiness() {
        let starting = "4711\n/data\n1700000000\n5432\n/run\n\n  1234 5678\nstarting\n";
        assert_eq!(PidFile::parse(starting), Some(PidFile { pid: 4711, ready: false }));
        assert_eq!(PidFile::parse(&starting.replace("starting", "ready   ")), Some(PidFile { pid: 4711, ready: true }));
        assert_eq!(PidFile::parse("4711\n"), Some(PidFile { pid: 4711, ready: false }));
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn only_the_last_lines_of_this_start_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("postgres.log");
        let old = "old\n";
        let new: String = (1..=30).map(|line| format!("line {line}\n")).collect();
        fs::write(&log, format!("{old}{new}")).unwrap();
        let shown = tail(&log, u64::try_from(old.len()).unwrap());
        assert!(shown.starts_with("line 11\n") && shown.ends_with("line 30"), "{shown}");
        assert!(!tail(&log, 0).contains("old"));
    }
}
