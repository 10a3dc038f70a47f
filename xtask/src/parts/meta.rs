//! Meta's own Node and Python SDKs, unmodified but for the host, work against the simulated Graph API.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use serde::Deserialize;

use super::Context;
use crate::{
    error::Error,
    report::Outcome,
    server,
    setup::{self, Need, Node, python_environment, tools_folder},
    shell,
    workspace::Workspace,
};

const NODE_FOLDER: &str = "sdk-testing/tests/meta-node";
const PYTHON_FOLDER: &str = "sdk-testing/tests/meta-python";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    let folder = workspace.root.join(NODE_FOLDER);
    node.install(&folder)?;
    let python = python(workspace)?;
    let simulator = Simulator::start(&server::build(workspace)?, &workspace.target)?;
    shell::run(node.command(&folder).arg("--test").env("META", &simulator.meta))?;
    let mut script = shell::command(python, &workspace.root.join(PYTHON_FOLDER));
    // The SDK's own docstrings warn on newer versions of Python.
    shell::run(script.args(["-W", "ignore", "meta_test.py"]).env("META", &simulator.meta))?;
    Ok(Outcome::Passed)
}

/// The Python that has Meta's SDK.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf, Error> {
    let requirements = workspace.root.join(PYTHON_FOLDER).join("requirements.txt");
    Ok(python_environment(&tools_folder(workspace).join("meta"), &requirements)?.join("python"))
}

/// A running `acd simulate --meta` on a free port.
pub(crate) struct Simulator {
    process: Child,
    /// What it printed: its address and its credentials, as JSON.
    pub(crate) meta: String,
}

impl Simulator {
    pub(crate) fn start(acd: &Path, folder: &Path) -> Result<Self, Error> {
        let mut command = shell::command(acd, folder);
        command.args(["simulate", "--meta", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let described = shell::describe(&command);
        let mut process =
            command.spawn().map_err(|source| Error::Start { program: acd.display().to_string(), source })?;
        let output = process.stdout.take();
        let mut simulator = Self { process, meta: String::new() };
        let mut line = String::new();
        let read = output.map(|output| BufReader::new(output).read_line(&mut line));
        let printed: Option<serde_json::Value> =
            read.filter(Result::is_ok).and_then(|_| serde_json::from_str(&line).ok());
        match printed.as_ref().and_then(|printed| printed.get("meta")) {
            Some(meta) => simulator.meta = meta.to_string(),
            None => {
                let detail = format!("no line of JSON with the member meta, but {line:?}");
                return Err(Error::Output { command: described, detail });
            }
        }
        Ok(simulator)
    }

    /// The settings with which a server calls it as it would Meta.
    pub(crate) fn settings(&self) -> Result<[(&'static str, String); 3], Error> {
        let Meta { url, world } = serde_json::from_str(&self.meta).map_err(|error| Error::Output {
            command: "acd simulate --meta".to_owned(),
            detail: format!("{error} in the member meta"),
        })?;
        let World { access_token, app_secret } = world;
        Ok([("META_BASE_URL", url), ("META_ACCESS_TOKEN", access_token), ("META_APP_SECRET", app_secret)])
    }
}

/// What the simulator prints of itself.
#[derive(Deserialize)]
struct Meta {
    url: String,
    world: World,
}

#[derive(Deserialize)]
struct World {
    access_token: String,
    app_secret: String,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            eprintln!("acd simulate (process {}) could not be stopped: {error}", self.process.id());
        }
    }
}
