//! The npm package: compiled, packed, and used as a stranger would.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::{error::Error, parts::npm, setup::Node, shell, workspace::Workspace};

/// Where a stranger's files are.
const STRANGER: &str = "tests/stranger";

/// The oldest Zod that the package says it works with, as its `peerDependencies` have it.
const OLDEST_ZOD: &str = "4.3.0";

/// As much of package.json as is compared.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    version: String,
    dev_dependencies: Versions,
    peer_dependencies: Versions,
}

#[derive(Debug, Deserialize)]
struct Versions {
    zod: String,
}

/// All packages share the workspace's version.
pub(super) fn version_is_the_workspaces(folder: &Path) -> Result<(), Error> {
    let manifest = manifest(folder)?;
    if manifest.version != env!("CARGO_PKG_VERSION") {
        let (has, wants) = (manifest.version, env!("CARGO_PKG_VERSION"));
        return Err(Error::Check(format!(
            "{}/package.json has version {has}, the workspace {wants}",
            folder.display()
        )));
    }
    let oldest = format!("^{OLDEST_ZOD}");
    if manifest.peer_dependencies.zod != oldest {
        return Err(Error::Check(format!(
            "package.json wants zod {}, tested is {oldest}",
            manifest.peer_dependencies.zod
        )));
    }
    Ok(())
}

fn manifest(folder: &Path) -> Result<Manifest, Error> {
    let path = folder.join("package.json");
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    serde_json::from_str(&text).map_err(|error| Error::Check(format!("{}: {error}", path.display())))
}

/// Runs the package's TypeScript compiler on a project.
pub(super) fn compile(node: &Node, folder: &Path, project: &Path) -> Result<(), Error> {
    let mut compiler = node.command(folder);
    shell::run(compiler.arg(folder.join("node_modules/typescript/bin/tsc")).arg("-p").arg(project))
}

/// Installs what `npm pack` makes into an empty project, type-checks a program against it and runs it as a module and as
/// CommonJS, with the oldest and the newest Zod.
pub(super) fn try_as_a_stranger(workspace: &Workspace, node: &Node, folder: &Path, made: &Path) -> Result<(), Error> {
    let archive = npm::pack(folder, made)?;
    npm::check(workspace, node, std::slice::from_ref(&archive))?;
    let project = made.join("stranger");
    let newest = manifest(folder)?.dev_dependencies.zod;
    for zod in [OLDEST_ZOD, &newest] {
        if project.exists() {
            fs::remove_dir_all(&project).map_err(Error::file("remove", &project))?;
        }
        copy(&folder.join(STRANGER), &project)?;
        readme(folder, &project)?;
        let mut install = npm::install(&project, std::slice::from_ref(&archive));
        shell::run(install.arg(format!("zod@{zod}")))?;
        compile(node, folder, &project)?;
        for script in ["module.mjs", "common.cjs", "made/readme.js"] {
            shell::run(node.command(&project).arg(script))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::file("create", to))?;
    for entry in fs::read_dir(from).map_err(Error::file("read", from))? {
        let path = entry.map_err(Error::file("read", from))?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        fs::copy(&path, &target).map_err(Error::file("write", target))?;
    }
    Ok(())
}

/// The README's example becomes a program.
fn readme(folder: &Path, project: &Path) -> Result<(), Error> {
    let path = folder.join("README.md");
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let example = example(&text).ok_or_else(|| Error::Check(format!("{} has no example in ```ts", path.display())))?;
    let target = project.join("readme.ts");
    fs::write(&target, example).map_err(Error::file("write", target))
}

fn example(markdown: &str) -> Option<&str> {
    let (_, rest) = markdown.split_once("```ts\n")?;
    rest.split_once("```").map(|(example, _)| example)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_example_in_typescript_is_found() {
        assert_eq!(example("a\n```sh\nnpm i\n```\n```ts\nlet a;\n```\n```ts\nb\n```"), Some("let a;\n"));
        assert_eq!(example("none"), None);
    }
}
