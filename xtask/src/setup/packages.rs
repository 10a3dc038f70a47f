//! The machine's package manager: apt on Debian and Ubuntu, Homebrew on macOS.

use std::{path::Path, process::Command};

use crate::shell;

/// What to install for one need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    /// Names on Debian and Ubuntu; empty when they have none.
    pub(crate) apt: &'static [&'static str],
    /// Names in Homebrew; empty when it has none.
    pub(crate) brew: &'static [&'static str],
    /// What to tell a person when neither helps.
    pub(crate) otherwise: &'static str,
}

/// Installs packages; fetches apt's lists once however many needs there are.
#[derive(Debug, Default)]
pub(crate) struct Manager {
    lists_fetched: bool,
}

impl Manager {
    /// Installs what one need asks for; the error is the remedy, in words.
    pub(crate) fn install(&mut self, packages: Packages) -> Result<(), String> {
        if !packages.apt.is_empty() && shell::which("apt-get").is_some() {
            self.apt(packages.apt).map_err(|reason| format!("{reason}. {}", packages.otherwise))
        } else if !packages.brew.is_empty() && shell::which("brew").is_some() {
            let mut command = shell::command("brew", Path::new("/"));
            command.arg("install").args(packages.brew);
            shell::run_quietly(&mut command).map_err(|error| format!("{error}. {}", packages.otherwise))
        } else {
            Err(packages.otherwise.to_owned())
        }
    }

    fn apt(&mut self, names: &[&str]) -> Result<(), String> {
        let root = is_root();
        if !root && !sudo_asks_nothing() {
            return Err(format!("Installing it takes root: sudo apt-get install {}", names.join(" ")));
        }
        if !self.lists_fetched {
            shell::run_quietly(apt_get(root).arg("update")).map_err(|error| error.to_string())?;
            self.lists_fetched = true;
        }
        // Packages that a person chose to have are not ours to remove, so a conflict is reported instead.
        let mut install = apt_get(root);
        install.args(["install", "--yes", "--no-remove", "--no-install-recommends"]).args(names);
        shell::run_quietly(&mut install).map_err(|error| error.to_string())
    }
}

fn apt_get(root: bool) -> Command {
    let here = Path::new("/");
    let mut command = if root {
        let mut command = shell::command("apt-get", here);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    } else {
        // sudo drops the environment, so the setting travels as an argument.
        let mut command = shell::command("sudo", here);
        command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    // A fresh machine is often still installing its own updates.
    command.args(["-q", "-o", "DPkg::Lock::Timeout=120"]);
    command
}

fn is_root() -> bool {
    shell::read(shell::command("id", Path::new("/")).arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

fn sudo_asks_nothing() -> bool {
    shell::which("sudo").is_some() && shell::read(shell::command("sudo", Path::new("/")).args(["-n", "true"])).is_ok()
}
