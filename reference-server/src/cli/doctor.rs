//! `acd doctor`: what this machine has, what is missing, and how to get it.

mod database;
mod tools;

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::output::say;
use super::{CliResult, Context};

/// How long to wait for anything that answers over a network.
const PATIENCE: Duration = Duration::from_secs(5);

/// One thing that was looked at.
struct Finding {
    name: &'static str,
    state: State,
    detail: String,
}

enum State {
    Ok,
    /// Nothing works without it.
    Missing(String),
    /// Only some features need it.
    Optional(String),
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Ok, detail: detail.into() }
    }

    fn missing(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Missing(remedy.into()), detail: detail.into() }
    }

    fn optional(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Optional(remedy.into()), detail: detail.into() }
    }

    fn print(&self) -> CliResult {
        let (word, remedy) = match &self.state {
            State::Ok => ("ok", None),
            State::Missing(remedy) => ("missing", Some(remedy)),
            State::Optional(remedy) => ("optional", Some(remedy)),
        };
        say!("{word:<9} {:<12} {}", self.name, self.detail);
        if let Some(remedy) = remedy {
            say!("{:<22} -> {remedy}", "");
        }
        Ok(())
    }
}

/// Looks at everything, prints a line for each, and fails when something is missing.
pub(super) async fn run(context: &Context) -> CliResult {
    let mut findings = database::look(context).await;
    findings.push(data_dir(&context.config.data_dir));
    findings.push(address(context).await);
    findings.extend(tools::look());
    findings.iter().try_for_each(Finding::print)?;
    match findings.iter().filter(|finding| matches!(finding.state, State::Missing(_))).count() {
        0 => Ok(()),
        1 => Err("one thing is missing; the line that begins with `missing` says how to get it".into()),
        count => {
            Err(format!("{count} things are missing; the lines that begin with `missing` say how to get them").into())
        }
    }
}

fn data_dir(folder: &Path) -> Finding {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let nearest = absolute.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let probe = nearest.join(format!(".acd-doctor-{}", std::process::id()));
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => Finding::ok("data folder", absolute.display().to_string()),
        Err(error) => Finding::missing(
            "data folder",
            format!("{} cannot be written: {error}", nearest.display()),
            "change its owner or mode, or set ACD_DATA_DIR to another folder",
        ),
    }
}

async fn address(context: &Context) -> Finding {
    let address = context.config.listen;
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok("address", format!("{address} is free")),
        Err(_)
            if tokio::time::timeout(PATIENCE, serves_acd(address))
                .await
                .is_ok_and(|answer| answer.unwrap_or(false)) =>
        {
            Finding::ok("address", format!("an acd serves on {address}"))
        }
        Err(error) => Finding::missing(
            "address",
            format!("{address} cannot be listened on: {error}"),
            "stop what uses it, or set ACD_LISTEN to another address",
        ),
    }
}

async fn serves_acd(address: std::net::SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(format!("GET /health/live HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut answer = Vec::new();
    stream.take(4_096).read_to_end(&mut answer).await?;
    Ok(answer.ends_with(b"live\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_yet_is_judged_by_its_parent() {
        let parent = tempfile::tempdir().unwrap();
        let finding = data_dir(&parent.path().join("a/b"));
        assert!(matches!(finding.state, State::Ok));
        assert!(!parent.path().join("a").exists());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
        // Nobody, not even root, makes files in /proc.
        assert!(matches!(data_dir(Path::new("/proc/acd")).state, State::Missing(_)) || !Path::new("/proc").exists());
    }
}
