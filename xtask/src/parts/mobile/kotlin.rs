//! The Kotlin of the mobile library: compiled by Maven and tested on the JVM against a live server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use secrecy::ExposeSecret;

use super::{JWT_SECRET, Live, library::Library};
use crate::{error::Error, shell, workspace::Workspace};

const FOLDER: &str = "bindings/mobile/kotlin";
/// Where Maven builds, among what is made of the library.
const BUILD: &str = "maven";

pub(super) fn test(workspace: &Workspace, library: &Library, live: &Live) -> Result<(), Error> {
    let mut maven = maven(workspace, library, "test")?;
    maven
        .env("ACD_URL", &live.url)
        .env("ACD_WRITE_KEY", live.write_key.expose_secret())
        .env("ACD_OPERATOR_KEY", live.operator_key.expose_secret())
        .env("ACD_TEST_JWT_SECRET", JWT_SECRET)
        .env("META", &live.meta);
    shell::run(&mut maven)
}

/// Compiles the example for Android, as far as that can be without its kit.
pub(super) fn compile_example(workspace: &Workspace, library: &Library) -> Result<(), Error> {
    shell::run(maven(workspace, library, "test-compile")?.arg("-Pandroid"))
}

/// Packs the classes, untested, and gives the place of the archive.
pub(super) fn package(workspace: &Workspace, library: &Library) -> Result<PathBuf, Error> {
    shell::run(maven(workspace, library, "package")?.arg("-Dmaven.test.skip=true"))?;
    Ok(library.folder_of(BUILD).join(concat!("acd-mobile-", env!("CARGO_PKG_VERSION"), ".jar")))
}

/// Maven on the generated sources and those beside them.
fn maven(workspace: &Workspace, library: &Library, goal: &str) -> Result<Command, Error> {
    let generated = library.generate(workspace, "kotlin")?;
    let property = |name: &str, value: &Path| format!("-D{name}={}", value.display());
    let mut maven = shell::command("mvn", &workspace.root.join(FOLDER));
    maven
        .args(["--batch-mode", "--no-transfer-progress", goal])
        .arg(property("acd.generated", &generated))
        .arg(property("acd.library", &library.folder))
        .arg(property("acd.build", &library.folder_of(BUILD)));
    Ok(maven)
}

/// All packages share the workspace's version.
pub(super) fn version_is_the_workspaces(workspace: &Workspace) -> Result<(), Error> {
    let pom = workspace.root.join(FOLDER).join("pom.xml");
    let text = fs::read_to_string(&pom).map_err(Error::file("read", &pom))?;
    let version = concat!("<artifactId>acd-mobile</artifactId>\n  <version>", env!("CARGO_PKG_VERSION"), "</version>");
    if text.contains(version) {
        return Ok(());
    }
    let version = env!("CARGO_PKG_VERSION");
    Err(Error::Check(format!("{} has another version than the workspace's {version}", pom.display())))
}
