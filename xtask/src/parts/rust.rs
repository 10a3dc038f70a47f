//! Formatting, lints, tests and API documentation of the Rust code.

use std::iter;

use super::Context;
use crate::{error::Error, report::Outcome, shell};

/// Workspaces of their own beside the one: what they depend on is nobody else's.
const BESIDE: [&str; 2] = ["fuzz", "sdk-core/bench"];

pub(super) fn fmt(context: &Context) -> Result<Outcome, Error> {
    let root = &context.workspace.root;
    for mut command in
        iter::once(context.workspace.cargo()).chain(BESIDE.map(|folder| shell::cargo(&root.join(folder))))
    {
        command.args(["fmt", "--all"]);
        if !context.fix {
            command.arg("--check");
        }
        shell::run(&mut command)?;
    }
    Ok(Outcome::Passed)
}

pub(super) fn clippy(context: &Context) -> Result<Outcome, Error> {
    let scope = ["--workspace", "--all-targets", "--all-features"];
    if context.fix {
        let mut command = context.workspace.cargo();
        command.args(["clippy", "--fix", "--allow-dirty", "--allow-staged"]).args(scope);
        shell::run(&mut command)?;
    }
    shell::run(context.workspace.cargo().arg("clippy").args(scope).args(["--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}

pub(super) fn test(context: &Context) -> Result<Outcome, Error> {
    let mut command = context.workspace.cargo();
    command.args(["test", "--workspace", "--all-features", "--no-fail-fast"]);
    if context.full {
        // The test of killed workers and servers: 40 kills in every run.
        command.env("ACD_TEST_JOB_KILLS", "200");
    }
    shell::run(&mut command)?;
    Ok(Outcome::Passed)
}

pub(super) fn docs(context: &Context) -> Result<Outcome, Error> {
    let mut command = context.workspace.cargo();
    command.args(["doc", "--workspace", "--all-features", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut command)?;
    Ok(Outcome::Passed)
}
