//! The Kotlin of the mobile library: compiled by Maven and tested on the JVM against a live server.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use secrecy::ExposeSecret;

use super::{JWT_SECRET, Live, library::Library};
use crate::{error::Error, setup::Need, shell, workspace::Workspace};

const FOLDER: &str = "bindings/mobile/kotlin";
/// Where Maven builds, among what is made of the library.
const BUILD: &str = "maven";

pub(super) fn test(workspace: &Workspace, library: &Library, live: &Live) -> Result<Compiled, Error> {
    let mut maven = maven(workspace, library, "test")?;
    maven
        .env("ACD_URL", &live.url)
        .env("ACD_WRITE_KEY", live.write_key.expose_secret())
        .env("ACD_OPERATOR_KEY", live.operator_key.expose_secret())
        .env("ACD_TEST_JWT_SECRET", JWT_SECRET)
        .env("META", &live.meta);
    compiled(maven, library)
}

/// Compiles the example for Android, as far as that can be without its kit.
pub(super) fn compile_example(workspace: &Workspace, library: &Library) -> Result<(), Error> {
    shell::run(maven(workspace, library, "test-compile")?.arg("-Pandroid"))
}

/// Classes, and what they need.
pub(super) struct Compiled {
    /// The folder of the library's classes.
    pub(super) classes: PathBuf,
    /// The class path without them.
    dependencies: String,
}

/// Compiles the library, untested.
pub(super) fn compile(workspace: &Workspace, library: &Library) -> Result<Compiled, Error> {
    compiled(maven(workspace, library, "compile")?, library)
}

/// Compiles the measurement, and gives the class path that it runs with.
pub(super) fn bench_class_path(workspace: &Workspace, library: &Library) -> Result<OsString, Error> {
    let mut maven = maven(workspace, library, "test-compile")?;
    maven.arg("-Pbench");
    let compiled = compiled(maven, library)?;
    let measurement = compiled.classes.with_file_name("test-classes");
    env::join_paths([compiled.classes, measurement].into_iter().chain(env::split_paths(&compiled.dependencies)))
        .map_err(|error| Error::Check(format!("the class path cannot be written: {error}")))
}

/// Runs Maven, which also says what the classes need.
fn compiled(mut maven: Command, library: &Library) -> Result<Compiled, Error> {
    let file = library.folder_of("class-path");
    maven.arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath");
    shell::run(maven.arg(format!("-Dmdep.outputFile={}", file.display())))?;
    let dependencies = fs::read_to_string(&file).map_err(Error::file("read", &file))?.trim().to_owned();
    Ok(Compiled { classes: library.folder_of(BUILD).join("classes"), dependencies })
}

/// The command that looks at an archive for Android. Behind it come the kinds of processors that the archive is for.
pub(super) fn check_archive(workspace: &Workspace, compiled: &Compiled, archive: &Path) -> Result<Command, Error> {
    let mut java = shell::command(java()?, &workspace.root.join(FOLDER));
    java.arg("-cp").arg(&compiled.dependencies).arg("CheckArchive.java").arg(archive);
    Ok(java)
}

/// The program of the Java that Maven runs on.
pub(super) fn java() -> Result<PathBuf, Error> {
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    home.or_else(|| shell::which("java")).ok_or_else(|| Need::Maven.missing())
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
