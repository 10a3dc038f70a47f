//! The frameworks for Apple's systems, put where the Swift package looks for them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{aar::clear, library, swift};
use crate::{error::Error, shell, workspace::Workspace};

/// The systems: their name, and Rust's targets that make one library. The Mac is there for the package's own tests.
const SYSTEMS: [(&str, &[&str]); 3] = [
    ("ios", &["aarch64-apple-ios"]),
    ("simulator", &["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
    ("macos", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];

/// Makes the framework, generates the Swift beside it, and gives its place.
pub(super) fn make(workspace: &Workspace) -> Result<PathBuf, Error> {
    if shell::which("xcodebuild").is_none() {
        return Err(Error::Missing { what: "Xcode", remedy: "Run this on a Mac with Xcode 15 or newer".to_owned() });
    }
    let library = library::build(workspace)?;
    let generated = library.generate(workspace, "swift")?;
    let package = workspace.root.join(swift::FOLDER);
    let sources = package.join("Sources/AcdMobile/Generated");
    clear(&sources)?;
    copy(&generated.join("AcdMobile.swift"), &sources.join("AcdMobile.swift"))?;
    let headers = library.folder_of("headers");
    clear(&headers)?;
    copy(&generated.join("AcdMobileFFI.h"), &headers.join("AcdMobileFFI.h"))?;
    copy(&generated.join("AcdMobileFFI.modulemap"), &headers.join("module.modulemap"))?;
    let framework = package.join("AcdMobileFFI.xcframework");
    if framework.exists() {
        fs::remove_dir_all(&framework).map_err(Error::file("remove", &framework))?;
    }
    let mut create = shell::command("xcodebuild", &workspace.root);
    create.arg("-create-xcframework");
    for (system, targets) in SYSTEMS {
        let joined = library.folder_of(system).join("libacd_mobile.a");
        clear(&library.folder_of(system))?;
        let mut join = shell::command("lipo", &workspace.root);
        join.arg("-create").arg("-output").arg(&joined);
        for target in targets {
            shell::run(&mut library::cargo_rustc_for(workspace, "staticlib", target))?;
            join.arg(library::folder_of_target(workspace, target).join("libacd_mobile.a"));
        }
        shell::run(&mut join)?;
        create.arg("-library").arg(&joined).arg("-headers").arg(&headers);
    }
    shell::run(create.arg("-output").arg(&framework))?;
    Ok(framework)
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::copy(from, to).map(drop).map_err(Error::file("write", to))
}
