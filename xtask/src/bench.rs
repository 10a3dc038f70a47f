//! `cargo xtask bench`: the measurements of docs/benchmarks.md.

use std::collections::BTreeSet;

use crate::{
    error::Error,
    setup::{self, Need},
    shell,
    workspace::Workspace,
};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Bench {
    /// Events per second into the server beside bare PostgreSQL, in one run on one cluster.
    Ingest,
    /// The cost of one `track()` in the client beside serialising the same event.
    Track,
}

/// Builds optimised and runs one measurement with its output shown.
pub(crate) fn run(workspace: &Workspace, what: Bench) -> Result<(), Error> {
    let (package, name, needs) = match what {
        Bench::Ingest => ("acd-server", "ingest", BTreeSet::from([Need::Postgres])),
        Bench::Track => ("acd-analytics", "track", BTreeSet::new()),
    };
    if let Some((_, error)) = setup::ensure(&needs, workspace).pop_first() {
        return Err(error);
    }
    shell::run(workspace.cargo().args(["bench", "-p", package, "--bench", name]))
}
