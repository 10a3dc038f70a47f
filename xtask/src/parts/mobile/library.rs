//! The native library as phones load it, and the code that is generated from it.

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{error::Error, setup, shell, workspace::Workspace};

pub(super) const CRATE: &str = "acd-mobile";
const NAME: &str = "acd_mobile";
const GENERATOR: &str = "acd-uniffi-bindgen";
/// The profile of the workspace that makes it small.
pub(super) const PROFILE: &str = "mobile";

/// Each architecture of an app carries the library once, and stores show the sum. The guides promise under 6 MB on any; this
/// machine's has to stay further below, so that growth is noticed.
const MOST_BYTES: u64 = 4_000_000;

/// A library that was built.
#[derive(Debug)]
pub(super) struct Library {
    /// With its symbols: the generator reads what there is to generate from them.
    whole: PathBuf,
    /// The folder of the one without symbols, which is what is shipped and tested.
    pub(super) folder: PathBuf,
    stripped: PathBuf,
    made: PathBuf,
}

/// Builds the library and strips a copy of it.
pub(super) fn build(workspace: &Workspace) -> Result<Library, Error> {
    shell::run(&mut cargo_rustc(workspace, "cdylib"))?;
    let file = format!("{DLL_PREFIX}{NAME}{DLL_SUFFIX}");
    let whole = workspace.target.join(PROFILE).join(&file);
    let made = workspace.target.join("mobile-bindings");
    let folder = made.join("native");
    fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    let stripped = folder.join(file);
    let mut strip = shell::command("strip", &workspace.root);
    // What the system's loader needs stays, on both systems.
    strip.arg(if cfg!(target_os = "macos") { "-x" } else { "--strip-unneeded" });
    shell::run(strip.arg("-o").arg(&stripped).arg(&whole))?;
    Ok(Library { whole, folder, stripped, made })
}

/// The command that builds one kind of library, `cdylib` or `staticlib`: of one kind alone, as several at once are not
/// optimised as a whole.
fn cargo_rustc(workspace: &Workspace, kind: &str) -> Command {
    let mut build = workspace.cargo();
    build.args(["rustc", "-p", CRATE, "--lib", "--profile", PROFILE, "--crate-type", kind]);
    build
}

/// The same for another system than this one.
pub(super) fn cargo_rustc_for(workspace: &Workspace, kind: &str, target: &str) -> Command {
    let mut build = cargo_rustc(workspace, kind);
    build.args(["--target", target]);
    build
}

/// Where that command puts it.
pub(super) fn folder_of_target(workspace: &Workspace, target: &str) -> PathBuf {
    workspace.target.join(target).join(PROFILE)
}

/// Its types hold on what phones have, which differs from this machine where the system is asked for something.
pub(super) fn check_for_phones(workspace: &Workspace) -> Result<(), Error> {
    for target in ["aarch64-linux-android", "aarch64-apple-ios"] {
        shell::run(setup::check_for_phone(workspace, target)?.args(["-p", CRATE]))?;
    }
    Ok(())
}

impl Library {
    pub(super) fn check_size(&self) -> Result<(), Error> {
        let bytes = fs::metadata(&self.stripped).map_err(Error::file("read", &self.stripped))?.len();
        println!("{} has {bytes} bytes", self.stripped.display());
        if bytes <= MOST_BYTES {
            return Ok(());
        }
        Err(Error::Check(format!(
            "the mobile library has {bytes} bytes, more than {MOST_BYTES}: find out what came in"
        )))
    }

    /// Generates the code of a language from nothing and gives its folder.
    pub(super) fn generate(&self, workspace: &Workspace, language: &str) -> Result<PathBuf, Error> {
        let folder = self.folder_of(language);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::file("remove", &folder))?;
        }
        let mut generate = workspace.cargo();
        generate.args(["run", "--quiet", "-p", GENERATOR, "--", "generate", "--no-format", "--language", language]);
        shell::run(generate.arg("--out-dir").arg(&folder).arg(&self.whole))?;
        Ok(folder)
    }

    /// The library as it is shipped.
    pub(super) fn file(&self) -> &Path {
        &self.stripped
    }

    /// Its name, which the generated code looks for.
    pub(super) fn file_name(&self) -> String {
        format!("{DLL_PREFIX}{NAME}{DLL_SUFFIX}")
    }

    /// Where what is made for a language goes.
    pub(super) fn folder_of(&self, name: &str) -> PathBuf {
        self.made.join(name)
    }
}
