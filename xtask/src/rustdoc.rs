//! What a crate offers, as rustdoc's JSON tells it: exact where a search of the source sees macros alone.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use serde_json::Value;

use crate::{error::Error, shell, workspace::Workspace};

/// As much of rustdoc's JSON as is needed.
#[derive(Debug, Deserialize)]
pub(crate) struct Documented {
    /// The item of the crate itself.
    #[serde(default)]
    pub(crate) root: Value,
    /// Every item by its id.
    pub(crate) index: BTreeMap<String, Item>,
    /// Every type and trait that is named anywhere, by its id.
    pub(crate) paths: BTreeMap<String, Named>,
}

/// A module, type, implementation and so on.
#[derive(Debug, Deserialize)]
pub(crate) struct Item {
    /// 0 for the crate's own.
    pub(crate) crate_id: u32,
    /// Its name, where it has one.
    pub(crate) name: Option<String>,
    /// What it is.
    pub(crate) inner: Value,
}

/// A type or trait that is named.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    /// 0 for the crate's own.
    pub(crate) crate_id: u32,
    /// Where it is declared, private modules included.
    pub(crate) path: Vec<String>,
}

/// Documents a crate with all its features.
pub(crate) fn document(workspace: &Workspace, name: &str) -> Result<Documented, Error> {
    let mut command = workspace.cargo();
    command.args(["rustdoc", "--quiet", "--lib", "--all-features", "-p", name]);
    // The JSON is for tools and unstable by name; this compiler is a stable one.
    command.args(["--", "-Zunstable-options", "--output-format", "json"]).env("RUSTC_BOOTSTRAP", "1");
    shell::run(&mut command)?;
    let path = workspace.target.join("doc").join(format!("{}.json", name.replace('-', "_")));
    let json = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    serde_json::from_str(&json).map_err(|error| Error::Output {
        command: "cargo rustdoc".to_owned(),
        detail: format!("its JSON has another form than expected: {error}"),
    })
}

/// Whether an implementation is one that the compiler or another crate gives to every type.
pub(crate) fn is_automatic(inner: &Value) -> bool {
    let Some(implementation) = inner.get("impl") else { return false };
    implementation["is_synthetic"] == Value::Bool(true) || !implementation["blanket_impl"].is_null()
}
