//! Compilers for phones, as far as a type check needs one: without a kit nothing can be linked for them.

use std::{path::Path, process::Command};

use super::wasm::{DEBIAN_CARGO, DEBIAN_FOLDER, DEBIAN_RUSTC, debian_has_source, has_std};
use crate::{error::Error, shell, workspace::Workspace};

/// `cargo check` for the target of a phone: by the running toolchain when it has the target, otherwise by Debian's second
/// compiler, which ships the standard library's source.
pub(crate) fn check(workspace: &Workspace, target: &str) -> Result<Command, Error> {
    let mut command = if has_std(Path::new("rustc"), target) {
        let mut command = workspace.cargo();
        command.args(["check", "--target", target]);
        command
    } else if debian_has_source() {
        let mut command = shell::command(DEBIAN_CARGO, &workspace.root);
        command
            .env("RUSTC", DEBIAN_RUSTC)
            // -Zbuild-std is unstable, and this compiler is a stable one.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", workspace.target.join(DEBIAN_FOLDER))
            .args(["check", "--target", target, "-Zbuild-std=std,panic_unwind"]);
        command
    } else {
        return Err(Error::Missing {
            what: "a Rust standard library for phones",
            remedy: format!("Install with: rustup target add {target}"),
        });
    };
    // What is written in C and assembler is compiled when a kit is there; types do not depend on it.
    let name = target.replace('-', "_");
    for tool in ["CC", "CXX", "AR"] {
        command.env(format!("{tool}_{name}"), "true");
    }
    if !cfg!(target_os = "macos") {
        // Any folder: it is asked for only to be handed to the compiler.
        command.env("SDKROOT", &workspace.target);
    }
    Ok(command)
}
