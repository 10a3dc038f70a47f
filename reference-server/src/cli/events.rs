//! `acd events`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use acd_platform::ProductSlug;
use chrono::Utc;
use clap::Subcommand;

use super::output::say;
use super::{CliResult, Context};
use crate::events::import;
use crate::kernel::migrate::Migrator;

const SHOWN: usize = 20;

/// What to do with events.
#[derive(Subcommand)]
pub(super) enum EventsCommand {
    /// Store the events of a file, one Segment message a line; repeating it stores nothing twice
    Import {
        /// The file
        file: PathBuf,
        /// The product they belong to
        #[arg(long)]
        product: ProductSlug,
    },
}

/// Runs an events command.
pub(super) async fn run(command: EventsCommand, context: &Context) -> CliResult {
    let EventsCommand::Import { file, product } = command;
    let reader =
        BufReader::new(File::open(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?);
    let session = context.connect().await?;
    Migrator::new(context.config.migrations_dir.as_deref())?.up(session.db.pool(), None).await?;
    let report = import(&session.db, &product, Utc::now(), reader).await;
    session.close().await?;
    let report = report?;
    say!("{} stored, {} stored before, {} refused", report.accepted, report.duplicates, report.rejected.len());
    for (line, why) in report.rejected.iter().take(SHOWN) {
        eprintln!("  line {line}: {why}");
    }
    match report.rejected.len() {
        0 => Ok(()),
        refused if refused > SHOWN => Err(format!("{refused} lines were refused; the first {SHOWN} are shown").into()),
        refused => Err(format!("{refused} lines were refused").into()),
    }
}
