//! Licences, advisories, sources and bans of the dependencies, by cargo-deny and `deny.toml`.

use std::path::PathBuf;

use super::Context;
use crate::{error::Error, report::Outcome, setup, shell};

/// Built once under the target folder when the machine has none; its configuration format changes between releases.
const VERSION: &str = "0.20.2";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    if !context.full {
        return Ok(Outcome::Skipped("takes minutes and an advisory database: run with --full".to_owned()));
    }
    let cargo_deny = find_or_install(context)?;
    shell::run(shell::command(cargo_deny, &context.workspace.root).args(["--workspace", "check"]))?;
    Ok(Outcome::Passed)
}

fn find_or_install(context: &Context) -> Result<PathBuf, Error> {
    if let Some(program) = shell::which("cargo-deny") {
        return Ok(program);
    }
    let tools = setup::tools_folder(&context.workspace);
    let program = tools.join("bin/cargo-deny");
    if !program.is_file() {
        let mut install = context.workspace.cargo();
        install.args(["install", "--locked", "cargo-deny", "--version", VERSION, "--root"]).arg(&tools);
        shell::run(&mut install)?;
    }
    Ok(program)
}
