//! npm packages as their users get them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Deserialize;

use crate::{error::Error, setup::Node, shell, workspace::Workspace};

/// Looks at archives as publint and Are The Types Wrong do, and for files and links that lead nowhere.
const CHECK: &str = "bindings/check";

/// What `npm pack` says of an archive.
#[derive(Debug, Deserialize)]
struct Packed {
    filename: String,
}

/// Packs what is built in `folder` into an archive in `into`.
pub(super) fn pack(folder: &Path, into: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(into).map_err(Error::file("create", into))?;
    let mut pack = shell::command("npm", folder);
    // It was built before, by the compiler that the lock file names.
    pack.args(["pack", "--ignore-scripts", "--json", "--pack-destination"]).arg(into);
    let unreadable = |detail| Error::Output { command: "npm pack".to_owned(), detail };
    let packed: Vec<Packed> =
        serde_json::from_str(&shell::read(&mut pack)?).map_err(|error| unreadable(error.to_string()))?;
    match packed.as_slice() {
        [one] => Ok(into.join(&one.filename)),
        other => Err(unreadable(format!("{} archives instead of one", other.len()))),
    }
}

/// An installation of archives and other packages into the project in `folder`, which is given none of their scripts.
pub(super) fn install(folder: &Path, archives: &[PathBuf]) -> std::process::Command {
    let mut install = shell::command("npm", folder);
    install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]).args(archives);
    install
}

/// Fails when an archive has something that its users would stumble over.
pub(super) fn check(workspace: &Workspace, node: &Node, archives: &[PathBuf]) -> Result<(), Error> {
    /// Whether the check has been tested itself, which once is enough for all parts of a run.
    static IS_TESTED: AtomicBool = AtomicBool::new(false);

    let folder = workspace.root.join(CHECK);
    if !IS_TESTED.load(Ordering::Relaxed) {
        node.install(&folder)?;
        shell::run(node.command(&folder).arg("--test"))?;
        IS_TESTED.store(true, Ordering::Relaxed);
    }
    shell::run(node.command(&folder).arg("check.mjs").args(archives))
}
