//! `acd migrate`.

use clap::Subcommand;
use comfy_table::{ContentArrangement, Table, presets};
use sqlx::PgPool;

use super::output::say;
use super::{CliResult, Context};
use crate::kernel::migrate::{Migration, Migrator, State, Status, Target};

/// What to do with migrations.
#[derive(Subcommand)]
pub(super) enum MigrateCommand {
    /// Apply what is pending
    Up {
        /// Stop after this one: a number of the shared migrations, or PRODUCT/NUMBER
        #[arg(long)]
        to: Option<Target>,
    },
    /// Revert the latest applied migrations; tables they made go with their rows
    Down {
        /// How many
        #[arg(long, default_value_t = 1)]
        steps: usize,
    },
    /// Show every migration and whether it is applied
    Status,
}

/// Runs a migration command.
pub(super) async fn run(command: MigrateCommand, context: &Context) -> CliResult {
    let migrator = Migrator::new(context.config.migrations_dir.as_deref())?;
    let session = context.connect().await?;
    let done = act(command, &migrator, session.db.pool()).await;
    session.close().await?;
    done
}

async fn act(command: MigrateCommand, migrator: &Migrator, pool: &PgPool) -> CliResult {
    match command {
        MigrateCommand::Up { to } => report(&migrator.up(pool, to.as_ref()).await?, "applied"),
        MigrateCommand::Down { steps } => report(&migrator.down(pool, steps).await?, "reverted"),
        MigrateCommand::Status => show(&migrator.status(pool).await?),
    }
}

fn report(migrations: &[Migration], what: &str) -> CliResult {
    for migration in migrations {
        say!("{what} {migration}");
    }
    if migrations.is_empty() {
        say!("nothing to do");
    }
    Ok(())
}

fn show(all: &[Status]) -> CliResult {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["migration", "state", "since", "took"]);
    for status in all {
        let (since, took) = match &status.state {
            State::Applied { at, took } => (at.format("%F %T UTC").to_string(), format!("{took:?}")),
            State::Drifted { at } | State::Unknown { at } => (at.format("%F %T UTC").to_string(), String::new()),
            State::Pending => (String::new(), String::new()),
        };
        let name = format!("{}/{:04}_{}", status.scope, status.version, status.name);
        table.add_row([name.as_str(), status.state.as_str(), &since, &took]);
    }
    say!("{table}");
    let wrong = all.iter().filter(|status| matches!(status.state, State::Drifted { .. } | State::Unknown { .. }));
    match wrong.count() {
        0 => Ok(()),
        count => {
            Err(format!("{count} applied migrations do not fit the files; `acd migrate up` says how to mend it").into())
        }
    }
}
