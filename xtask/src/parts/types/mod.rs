//! `@acd/types`: the TypeScript is what the Rust types describe, judges values as they do, and works as a package.

mod discover;
mod package;
mod registry;

use std::{fs, path::Path};

use super::Context;
use crate::{
    error::Error,
    generated,
    report::Outcome,
    rustdoc,
    setup::{self, Need, Node},
    shell,
    workspace::{Package, Workspace},
};

/// The npm package.
const FOLDER: &str = "bindings/types";
/// The generator, and the crates that it knows, each with its list of types.
const GENERATOR: &str = "acd-types";
const REGISTRY: &str = "xtask/types/src/registry";
const CRATES: [(&str, &str); 3] = [("acd-analytics", "analytics"), ("acd-meta", "meta"), ("acd-platform", "platform")];
/// Has JSON Schemas for what the crates above declare.
const SERVER: &str = "acd-server";
const REMEDY: &str = "cargo xtask test --only types --fix";

/// Samples of each type, which take seconds, and with `--full`.
const SAMPLES: [&str; 2] = ["100", "2000"];
const SEED: &str = "20261123";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    every_crate_is_known(workspace.published())?;
    for (name, module) in CRATES {
        let types = discover::wire_types(&rustdoc::document(workspace, name)?, name)?;
        let file = format!("{REGISTRY}/{module}.rs");
        generated::check(&workspace.root, &file, &registry::render(name, &types), context.fix, REMEDY)?;
    }
    let made = workspace.target.join("types");
    source_is_current(context, &made)?;
    let folder = workspace.root.join(FOLDER);
    package::version_is_the_workspaces(&folder)?;
    node.install(&folder)?;
    shell::run(node.command(&folder).arg("build.mjs"))?;
    package::compile(&node, &folder, Path::new("tests"))?;
    let samples = made.join("samples.jsonl");
    let count = SAMPLES[usize::from(context.full)];
    shell::run(generator(workspace).args(["samples", count, SEED]).arg(&samples))?;
    shell::run(
        node.command(&folder)
            .args(["--test", "tests/samples.test.mjs", "tests/edges.test.mjs", "tests/size.test.mjs"])
            .env("ACD_SAMPLES", &samples),
    )?;
    package::try_as_a_stranger(workspace, &node, &folder, &made)?;
    Ok(Outcome::Passed)
}

fn generator(workspace: &Workspace) -> std::process::Command {
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "-p", GENERATOR, "--"]);
    command
}

/// A crate of wire types that the generator does not know would be missing as a whole.
fn every_crate_is_known<'p>(mut published: impl Iterator<Item = &'p Package>) -> Result<(), Error> {
    let unknown = published.find(|package| {
        let has_schemas = package.dependencies.iter().any(|dependency| dependency.name == "schemars");
        has_schemas && package.name != SERVER && !CRATES.iter().any(|(name, _)| *name == package.name)
    });
    unknown.map_or(Ok(()), |package| {
        Err(Error::Check(format!(
            "{} has JSON Schemas and no TypeScript: add it to CRATES in xtask/src/parts/types and to DOMAINS in {REGISTRY}",
            package.name
        )))
    })
}

/// Every file that the generator writes is checked in as it is.
fn source_is_current(context: &Context, made: &Path) -> Result<(), Error> {
    let source = made.join("source");
    if source.exists() {
        fs::remove_dir_all(&source).map_err(Error::file("remove", &source))?;
    }
    shell::run(generator(&context.workspace).arg("generate").arg(&source))?;
    for folder in ["src", "tests"] {
        let below = source.join(folder);
        for entry in fs::read_dir(&below).map_err(Error::file("read", &below))? {
            let path = entry.map_err(Error::file("read", &below))?.path();
            let said = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let file = format!("{FOLDER}/{folder}/{name}");
            generated::check(&context.workspace.root, &file, &said, context.fix, REMEDY)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::workspace::Dependency;

    #[test]
    fn a_crate_with_schemas_that_nobody_listed_is_named() {
        let package = |name: &str, dependency: &str| Package {
            name: name.to_owned(),
            features: BTreeMap::new(),
            publish: None,
            dependencies: vec![Dependency { name: dependency.to_owned() }],
            rust_version: None,
        };
        let known =
            [package("acd-platform", "schemars"), package("acd-server", "schemars"), package("acd-new", "serde")];
        every_crate_is_known(known.iter()).unwrap();
        let error = every_crate_is_known([package("acd-new", "schemars")].iter()).unwrap_err().to_string();
        assert!(error.starts_with("acd-new has JSON Schemas"), "{error}");
    }
}
