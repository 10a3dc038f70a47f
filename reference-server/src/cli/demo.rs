//! `acd demo`.

use clap::Args;

use super::{CliResult, Context};
use crate::demo::{self, Outcome};

/// How to run the demo.
#[derive(Args)]
pub(super) struct DemoArguments {
    /// Stop everything at the end, and fail when any step did
    #[arg(long)]
    exit: bool,
}

/// Runs the demo.
pub(super) async fn run(arguments: DemoArguments, context: Context) -> CliResult {
    match demo::run(&context, arguments.exit).await? {
        Outcome::Good => Ok(()),
        Outcome::Wrong => Err("a step did not come out as it should; the table says which".into()),
    }
}
