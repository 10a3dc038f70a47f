//! The package in Bun, Deno and a worker of Cloudflare's.

use std::{fs, path::Path};

use super::npm;
use crate::{
    error::Error,
    setup::{self, Node},
    shell,
    workspace::Workspace,
};

/// What names the hosts, each at one release, whose packages name the programs of every platform.
const HOSTS: &str = "tests/hosts/package.json";
const TEST: &str = "tests/hosts.test.mjs";

/// Runs the test with the package as it is installed in `project`.
pub(super) fn run(workspace: &Workspace, node: &Node, folder: &Path, project: &Path) -> Result<(), Error> {
    let hosts = setup::tools_folder(workspace).join("hosts");
    install(&folder.join(HOSTS), &hosts)?;
    let mut test = node.command(folder);
    // What hangs in a host of another's would hang for ever.
    test.args(["--test", "--test-timeout=600000", TEST]);
    shell::run(test.env("ACD_PROJECT", project).env("ACD_HOSTS", hosts))
}

/// Installs the hosts under `target`, unless that was done before. Without a lock file: each package names its builds exactly,
/// and a machine installs its own alone.
fn install(wanted: &Path, target: &Path) -> Result<(), Error> {
    let wanted = fs::read_to_string(wanted).map_err(Error::file("read", wanted))?;
    // Written last, so that an interrupted installation is repeated.
    let stamp = target.join("node_modules/.installed.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    fs::create_dir_all(target).map_err(Error::file("create", target))?;
    let manifest = target.join("package.json");
    fs::write(&manifest, &wanted).map_err(Error::file("write", manifest))?;
    shell::run(&mut npm::install(target, &[]))?;
    fs::write(&stamp, wanted).map_err(Error::file("write", stamp))
}
