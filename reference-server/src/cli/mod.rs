//! The command line.

mod config;
mod context;
mod demo;
mod doctor;
mod events;
mod jobs;
mod keys;
mod logging;
mod migrate;
mod operations;
mod output;
mod seed;
mod serve;
mod simulate;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use context::{Context, Session};
pub(crate) use serve::asked_to_stop;

/// What a command ends with: an explanation for the terminal when it fails.
pub type CliResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(name = "acd", version, about = "The ACD platform: reference server and tools", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; without DATABASE_URL on an embedded PostgreSQL
    Serve,
    /// Apply, revert or show migrations
    Migrate {
        #[command(subcommand)]
        command: migrate::MigrateCommand,
    },
    /// Fill the database with realistic data of fifteen products; repeating it changes nothing
    Seed(seed::SeedArguments),
    /// Create, list, rotate and revoke API keys
    Keys {
        #[command(subcommand)]
        command: keys::KeysCommand,
    },
    /// Bring events in from a file
    Events {
        #[command(subcommand)]
        command: events::EventsCommand,
    },
    /// List, show, retry and cancel jobs
    Jobs {
        #[command(subcommand)]
        command: jobs::JobsCommand,
    },
    /// Print the OpenAPI document
    Openapi,
    /// List every call of the SDK with its safety, cost and limit pools
    Operations,
    /// Say what is missing on this machine and how to get it
    Doctor,
    /// Run the cross-product story with live progress
    Demo(demo::DemoArguments),
    /// Stand in for outside services, with a page at /__sim/ that shows state, traffic and limits
    Simulate(simulate::SimulateArguments),
    /// List every setting, its value and where it comes from
    Config,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Completions { shell } = arguments.command {
        clap_complete::generate(shell, &mut Arguments::command(), "acd", &mut std::io::stdout());
        return ExitCode::SUCCESS;
    }
    let config = match crate::config::Config::from_process() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let _logging = logging::start(&config, matches!(arguments.command, Command::Serve));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(arguments.command, Context::new(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::reader_gone(&*error) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("acd: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::FAILURE
}

async fn run(command: Command, context: Context) -> CliResult {
    match command {
        Command::Serve => serve::run(context).await,
        Command::Migrate { command } => migrate::run(command, &context).await,
        Command::Seed(arguments) => seed::run(arguments, &context).await,
        Command::Keys { command } => keys::run(command, &context).await,
        Command::Events { command } => events::run(command, &context).await,
        Command::Jobs { command } => jobs::run(command, &context).await,
        Command::Openapi => serve::print_openapi(&context).await,
        Command::Operations => operations::run(),
        Command::Doctor => doctor::run(&context).await,
        Command::Demo(arguments) => demo::run(arguments, context).await,
        Command::Simulate(arguments) => simulate::run(&arguments).await,
        Command::Config => config::run(&context),
        Command::Completions { .. } => Ok(()),
    }
}
