//! Facts about the workspace, asked of cargo once.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{error::Error, shell};

/// The workspace as `cargo metadata` tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The repository's folder.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds, `CARGO_TARGET_DIR` and the like respected.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// The members.
    pub(crate) packages: Vec<Package>,
}

/// One member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// Its name in commands.
    pub(crate) name: String,
    /// Its features and what they switch on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The registries it may go to: none when it is private, `None` when any.
    pub(crate) publish: Option<Vec<String>>,
    /// What it is built with.
    pub(crate) dependencies: Vec<Dependency>,
    /// The oldest compiler it promises to build with.
    pub(crate) rust_version: Option<String>,
}

/// What a member is built with.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// Its name.
    pub(crate) name: String,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self, Error> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = shell::cargo(here);
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        let text = shell::read(&mut command)?;
        serde_json::from_str(&text)
            .map_err(|error| Error::Output { command: shell::describe(&command), detail: error.to_string() })
    }

    /// A cargo command in the repository's folder.
    pub(crate) fn cargo(&self) -> std::process::Command {
        shell::cargo(&self.root)
    }

    /// The members that are published.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.publish.as_ref().is_none_or(|registries| !registries.is_empty()))
    }
}
