//! `cargo xtask release --dry-run`: what a release would publish.

use crate::{error::Error, shell, workspace::Workspace};

/// Packs every published crate in the order of their dependencies and shows the files; compiles and uploads nothing.
pub(crate) fn dry_run(workspace: &Workspace) -> Result<(), Error> {
    let names: Vec<&str> = workspace.published().map(|package| package.name.as_str()).collect();
    let mut packing = workspace.cargo();
    // cargo orders the crates, and refuses a dependency that has no version or is not published with them.
    packing.args(["publish", "--dry-run", "--no-verify", "--allow-dirty"]);
    for name in &names {
        packing.args(["-p", name]);
    }
    shell::run(&mut packing)?;
    for name in names {
        shell::run(workspace.cargo().args(["package", "--list", "--allow-dirty", "-p", name]))?;
    }
    Ok(())
}
