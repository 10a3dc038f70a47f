//! Developer commands: one program sets up, tests, measures and shows everything in the repository.

mod bench;
mod demo;
mod error;
mod generated;
mod parts;
mod release;
mod report;
mod rustdoc;
mod server;
mod setup;
mod shell;
mod workspace;

use std::{collections::BTreeSet, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    bench::Bench,
    error::Error,
    parts::{
        Context, Part,
        mobile::{self, Package},
    },
    workspace::Workspace,
};

/// Developer commands of the ACD platform, on Linux and macOS.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Set up what is missing, then format, lint and test everything.
    Test {
        /// Run these parts alone, separated by commas.
        #[arg(long, value_name = "PART", value_delimiter = ',')]
        only: Vec<Part>,
        /// Repair what can be repaired: formatting, simple lints, the OpenAPI document, the TypeScript.
        #[arg(long)]
        fix: bool,
        /// Also run what takes minutes and changes rarely: the checks of the dependencies, and fuzzing for longer.
        #[arg(long)]
        full: bool,
    },
    /// Set up what is missing, start everything and tell the cross-product story against it.
    Demo {
        /// End after the story instead of leaving the server up; fails when a step failed.
        #[arg(long)]
        exit: bool,
    },
    /// Measure and print a table; see docs/benchmarks.md.
    Bench {
        /// What to measure.
        what: Bench,
    },
    /// Check the client crates for WebAssembly and run their suite under Node.
    Wasm,
    /// Build the mobile library and test its Kotlin, Swift and Python.
    Mobile {
        /// Make this for apps to depend on instead.
        #[arg(long)]
        package: Option<Package>,
    },
    /// Build the API documentation, warnings denied.
    Docs,
    /// Check that every crate can be published, in which order, and with which files.
    Release {
        /// Publish nothing. Required: publishing is done by the release workflow.
        #[arg(long, required = true)]
        dry_run: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// True when everything that ran succeeded.
fn run(task: Task) -> Result<bool, Error> {
    let workspace = Workspace::load()?;
    match task {
        Task::Test { only, fix, full } => {
            let all = Part::value_variants().iter().copied();
            let parts = if only.is_empty() { all.collect() } else { only.into_iter().collect() };
            Ok(parts::run(&parts, &Context { workspace, fix, full }))
        }
        Task::Demo { exit } => demo::run(&workspace, exit).map(|()| true),
        Task::Bench { what } => bench::run(&workspace, what).map(|()| true),
        Task::Wasm => Ok(one(Part::Wasm, workspace)),
        Task::Mobile { package: None } => Ok(one(Part::Mobile, workspace)),
        Task::Mobile { package: Some(package) } => mobile::package(&workspace, package).map(|()| true),
        Task::Docs => Ok(one(Part::Docs, workspace)),
        Task::Release { .. } => release::dry_run(&workspace).map(|()| true),
    }
}

fn one(part: Part, workspace: Workspace) -> bool {
    parts::run(&BTreeSet::from([part]), &Context { workspace, fix: false, full: false })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn parts_are_separated_by_commas() {
        let cli = Cli::try_parse_from(["xtask", "test", "--only", "fmt,rust"]).unwrap();
        assert!(matches!(cli.command, Task::Test { only, .. } if only == [Part::Fmt, Part::Rust]));
        assert!(Cli::try_parse_from(["xtask", "test", "--only", "nothing"]).is_err());
    }

    #[test]
    fn releasing_for_real_is_refused() {
        assert!(Cli::try_parse_from(["xtask", "release"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "release", "--dry-run"]).is_ok());
    }
}
