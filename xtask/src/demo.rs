//! `cargo xtask demo`: from an empty clone to the running story; the story itself is `acd demo`.

use std::{collections::BTreeSet, os::unix::process::CommandExt, process::Stdio};

use crate::{
    error::Error,
    parts::SEGMENT_FOLDER,
    server,
    setup::{self, Need, Node},
    shell,
    workspace::Workspace,
};

/// Sets up, builds, and becomes `acd demo`; returns only when that cannot be started.
pub(crate) fn run(workspace: &Workspace, exit: bool) -> Result<(), Error> {
    let mut unmet = setup::ensure(&BTreeSet::from([Need::Postgres, Need::Node]), workspace);
    if let Some(error) = unmet.remove(&Need::Postgres) {
        return Err(error);
    }
    if let Some(node) = Node::find(&setup::tools_folder(workspace)) {
        node.install(&workspace.root.join(SEGMENT_FOLDER))?;
    } else {
        println!("setup: without Node.js the demo leaves out the traffic of Segment's client");
    }
    let acd = server::build(workspace)?;
    let mut command = shell::command(acd, &workspace.root);
    command.arg("demo").stdin(Stdio::inherit());
    if exit {
        command.arg("--exit");
    }
    // Replaced instead of waited for: Ctrl-C then reaches the server alone and the terminal waits until it has drained.
    let source = command.exec();
    Err(Error::Start { program: shell::describe(&command), source })
}
