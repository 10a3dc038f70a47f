//! The Android archive: the library for each kind of processor, and the compiled Kotlin.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    kotlin::{self, Compiled},
    library::{self, Library},
};
use crate::{error::Error, shell, workspace::Workspace};

/// The oldest Android that has the `java.time` of the generated code.
const OLDEST_API: u32 = 26;

/// A kind of processor: Rust's target, Clang's, and the archive's folder.
const PROCESSORS: [(&str, &str, &str); 3] = [
    ("aarch64-linux-android", "aarch64-linux-android", "arm64-v8a"),
    ("armv7-linux-androideabi", "armv7a-linux-androideabi", "armeabi-v7a"),
    ("x86_64-linux-android", "x86_64-linux-android", "x86_64"),
];

/// What a shrinker must leave alone: JNA finds functions, fields and callbacks by their names.
const KEPT: &str = "-keep class com.sun.jna.** { *; }\n-keep class io.github.acdplatform.mobile.** { *; }\n\
    -dontwarn java.awt.**\n";

/// The kind of processor whose place this machine's library takes when only the packing is tried.
const STAND_IN: &str = if cfg!(target_arch = "aarch64") { "arm64-v8a" } else { "x86_64" };
/// One that it is not for.
const STRANGER: &str = if cfg!(target_arch = "aarch64") { "x86_64" } else { "arm64-v8a" };
/// What a library is called in the archive.
const LIBRARY: &str = "libacd_mobile.so";

/// Makes the archive and gives its place.
pub(super) fn make(workspace: &Workspace) -> Result<PathBuf, Error> {
    let tools = kit()?;
    let library = library::build(workspace)?;
    let content = library.folder_of("aar");
    clear(&content)?;
    for (target, clang, processor) in PROCESSORS {
        let compiler = tools.join(format!("{clang}{OLDEST_API}-clang"));
        let mut build = library::cargo_rustc_for(workspace, "cdylib", target);
        shell::run(with_compiler(&mut build, target, &compiler, &tools))?;
        let built = library::folder_of_target(workspace, target).join(LIBRARY);
        let mut strip = shell::command(tools.join("llvm-strip"), &workspace.root);
        shell::run(strip.args(["--strip-unneeded", "-o"]).arg(place_of(processor, &content)?).arg(&built))?;
    }
    let compiled = kotlin::compile(workspace, &library)?;
    let archive = library.folder_of(concat!("acd-mobile-", env!("CARGO_PKG_VERSION"), ".aar"));
    pack(workspace, &content, &compiled, &archive)?;
    let processors = PROCESSORS.map(|(_, _, processor)| processor);
    shell::run(kotlin::check_archive(workspace, &compiled, &archive)?.args(processors))?;
    Ok(archive)
}

/// Packs this machine's library in the place of a phone's and looks at the archive: what can be tried of it without the NDK. That
/// the look finds what is wrong is tried too.
pub(super) fn try_packing(workspace: &Workspace, library: &Library, compiled: &Compiled) -> Result<(), Error> {
    let packed = |processor: &str| {
        let content = library.folder_of("aar-of-this-machine");
        clear(&content)?;
        let place = place_of(processor, &content)?;
        fs::copy(library.file(), &place).map_err(Error::file("write", &place))?;
        let archive = content.with_extension("zip");
        pack(workspace, &content, compiled, &archive)?;
        kotlin::check_archive(workspace, compiled, &archive)
    };
    shell::run(packed(STAND_IN)?.args(["--load", STAND_IN]))?;
    refuses(packed(STAND_IN)?.args([STAND_IN, STRANGER]), "instead of")?;
    refuses(packed(STRANGER)?.arg(STRANGER), "of another processor")
}

/// Fails unless the check refuses its archive for this reason.
fn refuses(check: &mut Command, reason: &str) -> Result<(), Error> {
    let shown = shell::describe(check);
    match shell::read(check) {
        Err(Error::FailedWithOutput { output, .. }) if output.contains(reason) => Ok(()),
        Err(other) => Err(other),
        Ok(_) => Err(Error::Check(format!("{shown} takes an archive that it should refuse"))),
    }
}

/// Where the archive has the library of a kind of processor.
fn place_of(processor: &str, content: &Path) -> Result<PathBuf, Error> {
    let folder = content.join("jni").join(processor);
    fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    Ok(folder.join(LIBRARY))
}

/// Adds to the libraries what else an archive has, and packs it all.
fn pack(workspace: &Workspace, content: &Path, compiled: &Compiled, archive: &Path) -> Result<(), Error> {
    zip(workspace, &content.join("classes.jar"), &compiled.classes)?;
    let manifest = format!(
        "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" \
         package=\"io.github.acdplatform.mobile\">\n  <uses-sdk android:minSdkVersion=\"{OLDEST_API}\" />\n  \
         <uses-permission android:name=\"android.permission.INTERNET\" />\n</manifest>\n"
    );
    for (name, text) in [("AndroidManifest.xml", manifest.as_str()), ("proguard.txt", KEPT), ("R.txt", "")] {
        let path = content.join(name);
        fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    zip(workspace, archive, content)
}

/// Packs what a folder holds.
fn zip(workspace: &Workspace, file: &Path, content: &Path) -> Result<(), Error> {
    let mut jar = shell::command("jar", &workspace.root);
    shell::run(jar.args(["--create", "--no-manifest", "--file"]).arg(file).arg("-C").arg(content).arg("."))
}

/// The folder of the NDK's programs.
fn kit() -> Result<PathBuf, Error> {
    let missing = || Error::Missing {
        what: "the Android NDK",
        remedy: "Install release 27 or newer with Android Studio's SDK manager and set ANDROID_NDK_HOME to its folder"
            .to_owned(),
    };
    let home = ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT"].into_iter().find_map(env::var_os).ok_or_else(missing)?;
    let hosts = Path::new(&home).join("toolchains/llvm/prebuilt");
    let entries = fs::read_dir(&hosts).map_err(|_| missing())?;
    let host = entries.filter_map(Result::ok).map(|entry| entry.path().join("bin")).find(|path| path.is_dir());
    host.ok_or_else(missing)
}

fn with_compiler<'a>(build: &'a mut Command, target: &str, compiler: &Path, tools: &Path) -> &'a mut Command {
    let (lower, upper) = (target.replace('-', "_"), target.replace('-', "_").to_uppercase());
    build
        .env(format!("CC_{lower}"), compiler)
        .env(format!("AR_{lower}"), tools.join("llvm-ar"))
        .env(format!("CARGO_TARGET_{upper}_LINKER"), compiler)
        // Devices with pages of 16 KB load no library that is aligned for less; older kits do not do it by themselves.
        .env(format!("CARGO_TARGET_{upper}_RUSTFLAGS"), "-Clink-arg=-Wl,-z,max-page-size=16384")
}

pub(super) fn clear(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file("remove", folder))?;
    }
    fs::create_dir_all(folder).map_err(Error::file("create", folder))
}
