//! The Android archive: the library for each kind of processor, and the compiled Kotlin.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{kotlin, library};
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

/// Makes the archive and gives its place.
pub(super) fn make(workspace: &Workspace) -> Result<PathBuf, Error> {
    let tools = kit()?;
    let library = library::build(workspace)?;
    let archive = library.folder_of("aar");
    clear(&archive)?;
    for (target, clang, folder) in PROCESSORS {
        let compiler = tools.join(format!("{clang}{OLDEST_API}-clang"));
        let mut build = library::cargo_rustc_for(workspace, "cdylib", target);
        shell::run(with_compiler(&mut build, target, &compiler, &tools))?;
        let folder = archive.join("jni").join(folder);
        fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let built = library::folder_of_target(workspace, target).join("libacd_mobile.so");
        let mut strip = shell::command(tools.join("llvm-strip"), &workspace.root);
        shell::run(strip.args(["--strip-unneeded", "-o"]).arg(folder.join("libacd_mobile.so")).arg(&built))?;
    }
    let jar = kotlin::package(workspace, &library)?;
    let classes = archive.join("classes.jar");
    fs::copy(&jar, &classes).map_err(Error::file("write", &classes))?;
    let manifest = format!(
        "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" \
         package=\"io.github.acdplatform.mobile\">\n  <uses-sdk android:minSdkVersion=\"{OLDEST_API}\" />\n  \
         <uses-permission android:name=\"android.permission.INTERNET\" />\n</manifest>\n"
    );
    for (name, text) in [("AndroidManifest.xml", manifest.as_str()), ("proguard.txt", KEPT), ("R.txt", "")] {
        let path = archive.join(name);
        fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    let file = archive.with_file_name(format!("acd-mobile-{}.aar", env!("CARGO_PKG_VERSION")));
    let mut pack = shell::command("jar", &workspace.root);
    shell::run(pack.args(["--create", "--no-manifest", "--file"]).arg(&file).arg("-C").arg(&archive).arg("."))?;
    Ok(file)
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
