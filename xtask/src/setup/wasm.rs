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

pub(super) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
pub(super) const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld";

/// Where it builds, in the target folder: two compilers in one folder rebuild each other's work.
pub(super) const DEBIAN_FOLDER: &str = "web";

// Ubuntu lacks these packages, and the other remedy is named there.
pub(crate) const PACKAGES: Packages = Packages {
    apt: &["rustc-web", "cargo-web", "rust-web-src", "lld"],
    brew: &[],
    otherwise: "Install with: rustup target add wasm32-unknown-unknown",
};

/// How WebAssembly is compiled on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The toolchain everything else is built with.
    Running,
    /// Debian's packages `rustc-web`, `cargo-web`, `rust-web-src` and `lld`, building the standard library from source.
    Debian,
}

impl Compiler {
    /// The one to use, if any.
    pub(crate) fn find() -> Option<Self> {
        if has_std(Path::new("rustc"), TARGET) {
            Some(Self::Running)
        } else if debian_has_source() && [DEBIAN_CARGO, DEBIAN_LINKER].iter().all(|file| Path::new(file).is_file()) {
            Some(Self::Debian)
        } else {
            None
        }
    }

    /// `cargo check` or `cargo build` for the target; packages and features are the caller's to add.
    pub(crate) fn cargo(self, workspace: &Workspace, verb: &str) -> Command {
        match self {
            Self::Running => {
                let mut command = workspace.cargo();
                command.args([verb, "--target", TARGET]);
                command
            }
            Self::Debian => {
                let mut command = shell::command(DEBIAN_CARGO, &workspace.root);
                command
                    .env("RUSTC", DEBIAN_RUSTC)
                    .env("RUSTDOC", "/usr/bin/rustdoc")
                    // -Zbuild-std is unstable, and this compiler is a stable one.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_DIR", self.target(workspace))
                    // The compiler's own copy of it is not packaged.
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER)
                    .args([verb, "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
                command
            }
        }
    }

    /// `cargo build` of what is downloaded. With the standard library's source at hand that is made small too: without what
    /// panics print, and of code that takes less room where there is a choice.
    pub(crate) fn build_small(self, workspace: &Workspace) -> Command {
        let mut command = self.cargo(workspace, "build");
        if self.has_source() {
            command
                .env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none")
                .arg("-Zbuild-std-features=optimize_for_size");
        }
        command
    }

    /// Whether the standard library is compiled here.
    pub(crate) fn has_source(self) -> bool {
        self == Self::Debian
    }

    /// Where `cargo build` puts the module of a library; `profile` is the folder of cargo's profile.
    pub(crate) fn module(self, workspace: &Workspace, profile: &str, library: &str) -> PathBuf {
        self.target(workspace).join(TARGET).join(profile).join(library).with_extension("wasm")
    }

    fn target(self, workspace: &Workspace) -> PathBuf {
        match self {
            Self::Running => workspace.target.clone(),
            Self::Debian => workspace.target.join(DEBIAN_FOLDER),
        }
    }
}

pub(super) fn has_std(rustc: &Path, target: &str) -> bool {
    let mut command = shell::command(rustc, Path::new("/"));
    let libraries = shell::read(command.args(["--print", "target-libdir", "--target", target]));
    let Ok(entries) = libraries.map(|folder| fs::read_dir(folder.trim())) else { return false };
    entries.into_iter().flatten().flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

pub(super) fn debian_has_source() -> bool {
    let sysroot = shell::read(shell::command(DEBIAN_RUSTC, Path::new("/")).args(["--print", "sysroot"]));
    sysroot.is_ok_and(|folder| PathBuf::from(folder.trim()).join("lib/rustlib/src/rust/library/std").is_dir())
}
