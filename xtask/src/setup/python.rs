//! Python, and virtual environments with pinned packages made by it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::packages::Packages;
use crate::{error::Error, shell};

pub(crate) const PACKAGES: Packages = Packages {
    apt: &["python3", "python3-venv"],
    brew: &["python3"],
    otherwise: "Install Python 3.10 or newer with its venv module and put python3 on PATH",
};

pub(crate) fn found() -> bool {
    // Debian splits ensurepip off, and without it venv fails half-way.
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    shell::read(shell::command("python3", Path::new("/")).args(["-c", check])).is_ok()
}

/// The folder of programs of a virtual environment in `folder` that holds exactly what `requirements` pins; made anew
/// when the pins changed.
pub(crate) fn environment(folder: &Path, requirements: &Path) -> Result<PathBuf, Error> {
    let wanted = fs::read_to_string(requirements).map_err(Error::file("read", requirements))?;
    let programs = folder.join("bin");
    // Written last, so that an interrupted installation is repeated.
    let stamp = folder.join("requirements.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    let root = Path::new("/");
    shell::run(shell::command("python3", root).args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut install = shell::command(programs.join("python"), root);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]);
    shell::run(install.arg(requirements))?;
    fs::write(&stamp, wanted).map_err(Error::file("write", stamp))?;
    Ok(programs)
}
