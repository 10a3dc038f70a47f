//! What the mobile library costs, measured from Kotlin.

use std::collections::BTreeSet;

use super::{kotlin, library};
use crate::{
    error::Error,
    setup::{self, Need},
    shell,
    workspace::Workspace,
};

/// Measures `track` and a call, beside Rust and beside the JVM's own HTTP clients.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    if let Some((_, error)) = setup::ensure(&BTreeSet::from([Need::Maven]), workspace).pop_first() {
        return Err(error);
    }
    let library = library::build(workspace)?;
    library.check_size()?;
    let mut bench = workspace.cargo();
    // The profile that phones load, so that both sides of the border are compiled alike.
    bench.args(["bench", "-p", library::CRATE, "--profile", library::PROFILE, "--bench", "kotlin"]);
    bench
        .env("ACD_BENCH_JAVA", kotlin::java()?)
        .env("ACD_BENCH_CLASS_PATH", kotlin::bench_class_path(workspace, &library)?)
        .env("ACD_BENCH_LIBRARY", &library.folder);
    shell::run(&mut bench)
}
