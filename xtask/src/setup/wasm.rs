//! A compiler for WebAssembly: the running toolchain when its target is installed, otherwise Debian's second compiler,
//! which ships the standard library's source.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::packages::Packages;
use crate::{shell, workspace::Workspace};

/// The target of the browser, Node and edge builds.
const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

// No linker among them: checking does not link. Ubuntu lacks these packages, and the other remedy is named there.
pub(crate) const PACKAGES: Packages = Packages {
    apt: &["rustc-web", "cargo-web", "rust-web-src"],
    brew: &[],
    otherwise: "Install with: rustup target add wasm32-unknown-unknown",
};

/// How WebAssembly is compiled on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The toolchain everything else is built with.
    Running,
    /// Debian's packages `rustc-web`, `cargo-web`, `rust-web-src`, building the standard library from source.
    Debian,
}

impl Compiler {
    /// The one to use, if any.
    pub(crate) fn find() -> Option<Self> {
        if has_std(Path::new("rustc")) {
            Some(Self::Running)
        } else if debian_has_source() && Path::new(DEBIAN_CARGO).is_file() {
            Some(Self::Debian)
        } else {
            None
        }
    }

    /// `cargo check` for the target; packages and features are the caller's to add.
    pub(crate) fn check(self, workspace: &Workspace) -> Command {
        match self {
            Self::Running => {
                let mut command = workspace.cargo();
                command.args(["check", "--target", TARGET]);
                command
            }
            Self::Debian => {
                let mut command = shell::command(DEBIAN_CARGO, &workspace.root);
                command
                    .env("RUSTC", DEBIAN_RUSTC)
                    .env("RUSTDOC", "/usr/bin/rustdoc")
                    // -Zbuild-std is unstable, and this compiler is a stable one.
                    .env("RUSTC_BOOTSTRAP", "1")
                    // Two compilers in one folder rebuild each other's work.
                    .env("CARGO_TARGET_DIR", workspace.target.join("web"))
                    .args(["check", "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
                command
            }
        }
    }
}

fn has_std(rustc: &Path) -> bool {
    let mut command = shell::command(rustc, Path::new("/"));
    let libraries = shell::read(command.args(["--print", "target-libdir", "--target", TARGET]));
    let Ok(entries) = libraries.map(|folder| fs::read_dir(folder.trim())) else { return false };
    entries.into_iter().flatten().flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn debian_has_source() -> bool {
    let sysroot = shell::read(shell::command(DEBIAN_RUSTC, Path::new("/")).args(["--print", "sysroot"]));
    sysroot.is_ok_and(|folder| PathBuf::from(folder.trim()).join("lib/rustlib/src/rust/library/std").is_dir())
}
