//! Features add and never break: each published crate compiles with none of its features, with each alone and with all.

use super::Context;
use crate::{
    error::Error,
    report::Outcome,
    shell,
    workspace::{Package, Workspace},
};

/// What may be in no crate's tree: a second TLS stack next to rustls with ring costs build time, size and audits.
const BANNED: [&str; 3] = ["aws-lc-rs", "native-tls", "openssl-sys"];

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    for package in workspace.published() {
        for features in combinations(package) {
            let mut command = workspace.cargo();
            command.args(["check", "--quiet", "-p", &package.name, "--no-default-features"]);
            if !features.is_empty() {
                command.args(["--features", &features.join(",")]);
            }
            shell::run(&mut command)?;
        }
    }
    for name in ["hyper", "reqwest", "rustls"] {
        absent(workspace, &["-p", "acd-core", "--no-default-features"], name)?;
    }
    absent(workspace, &["-p", "acd-sdk"], "reqwest")?;
    for name in BANNED {
        absent(workspace, &["--workspace", "--all-features"], name)?;
    }
    Ok(Outcome::Passed)
}

/// None, each alone, and all of the features that a user can name.
fn combinations(package: &Package) -> Vec<Vec<&str>> {
    let names: Vec<&str> = package.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
    let mut sets = vec![Vec::new()];
    sets.extend(names.iter().map(|name| vec![*name]));
    if names.len() > 1 {
        sets.push(names);
    }
    sets
}

/// An error when `dependency` is compiled into the selected crates.
fn absent(workspace: &Workspace, selection: &[&str], dependency: &str) -> Result<(), Error> {
    let mut command = workspace.cargo();
    command.args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"]).args(selection);
    let tree = shell::read(&mut command)?;
    let found = tree.lines().any(|line| line.split(' ').next() == Some(dependency));
    if found {
        let selection = selection.join(" ");
        let detail =
            format!("{dependency} is a dependency; find out why: cargo tree {selection} --invert {dependency}");
        return Err(Error::Check(detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(features: &[&str]) -> Package {
        Package {
            name: "acd-x".to_owned(),
            features: features.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
            publish: None,
            dependencies: Vec::new(),
            rust_version: None,
        }
    }

    #[test]
    fn tries_none_each_and_all() {
        let package = package(&["default", "a", "b"]);
        assert_eq!(combinations(&package), [vec![], vec!["a"], vec!["b"], vec!["a", "b"]]);
    }

    #[test]
    fn one_feature_is_all_features() {
        assert_eq!(combinations(&package(&["a"])), [vec![], vec!["a"]]);
    }
}
