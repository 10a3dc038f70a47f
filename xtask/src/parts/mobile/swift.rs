//! The Swift of the mobile library, as far as it can be judged without a Swift compiler: its syntax, its C header, and that
//! the library exports what the header declares.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::library::Library;
use crate::{
    error::Error,
    setup::{python_environment, tools_folder},
    shell,
    workspace::Workspace,
};

pub(super) const FOLDER: &str = "bindings/mobile/swift";
/// What begins the name of every function between the languages.
const PREFIXES: [&str; 2] = ["uniffi_acd_mobile_", "ffi_acd_mobile_"];

pub(super) fn check(workspace: &Workspace, library: &Library) -> Result<(), Error> {
    let generated = library.generate(workspace, "swift")?;
    let folder = workspace.root.join(FOLDER);
    let programs = python_environment(&tools_folder(workspace).join("swift"), &folder.join("requirements.txt"))?;
    let mut syntax = shell::command(programs.join("python"), &folder);
    syntax.args(["check.py", "Package.swift"]).arg(generated.join("AcdMobile.swift"));
    for sources in ["Sources/AcdMobile", "Tests/AcdMobileTests", "../../../examples/ios/Shop"] {
        syntax.args(swift_files(&folder.join(sources))?);
    }
    shell::run(&mut syntax)?;
    let header = generated.join("AcdMobileFFI.h");
    // Words of Clang that other C compilers do not know.
    let mut compiler = shell::command("cc", &generated);
    compiler.args(["-x", "c", "-fsyntax-only", "-Werror", "-D_Nonnull=", "-D_Nullable=", "-include"]);
    shell::run(compiler.arg(&header).arg("/dev/null"))?;
    every_function_is_exported(&header, library)
}

fn swift_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file("list", folder))? {
        let path = entry.map_err(Error::file("list", folder))?.path();
        if path.extension().is_some_and(|extension| extension == "swift") {
            files.push(path);
        }
    }
    Ok(files)
}

fn every_function_is_exported(header: &Path, library: &Library) -> Result<(), Error> {
    let declared = fs::read_to_string(header).map_err(Error::file("read", header))?;
    let declared: BTreeSet<&str> = functions(&declared).collect();
    if declared.is_empty() {
        return Err(Error::Check(format!("{} declares no function", header.display())));
    }
    let mut list = shell::command("nm", Path::new("/"));
    list.args(if cfg!(target_os = "macos") { &["-gU"][..] } else { &["--dynamic", "--defined-only"] });
    let symbols = shell::read(list.arg(library.file()))?;
    // On macOS the linker's name of a function has an underscore in front.
    let exported: BTreeSet<&str> =
        symbols.lines().filter_map(|line| line.rsplit(' ').next()).map(|name| name.trim_start_matches('_')).collect();
    let missing: Vec<&str> = declared.difference(&exported).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Check(format!("the library does not export what its header declares: {}", missing.join(", "))))
}

/// The names of the functions that a generated header declares, each of which is followed by its parameters.
fn functions(header: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    header.split('(').filter_map(move |before| {
        let name = before.rsplit(|c| !is_name(c)).next()?;
        PREFIXES.iter().any(|prefix| name.starts_with(prefix)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_and_types_are_not() {
        let header = "#ifndef X\ntypedef void (*UniffiCallback)(uint64_t);\n\
            void uniffi_acd_mobile_fn_free(uint64_t handle, RustCallStatus *_Nonnull status\n);\n\
            RustBuffer ffi_acd_mobile_rustbuffer_alloc(uint64_t size);\n";
        let found: Vec<_> = functions(header).collect();
        assert_eq!(found, ["uniffi_acd_mobile_fn_free", "ffi_acd_mobile_rustbuffer_alloc"]);
    }
}
