//! rustfmt and clippy: in rustup's default profile, absent from its minimal one.

use std::path::Path;

use crate::{error::Error, shell};

pub(crate) const REMEDY: &str = "Install with: rustup component add rustfmt clippy";

pub(crate) fn found() -> bool {
    ["fmt", "clippy"].iter().all(|name| shell::read(shell::cargo(Path::new("/")).args([name, "--version"])).is_ok())
}

pub(crate) fn install() -> Result<(), Error> {
    shell::run(shell::command("rustup", Path::new("/")).args(["component", "add", "rustfmt", "clippy"]))
}
