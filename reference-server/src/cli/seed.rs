//! `acd seed`.

use chrono::NaiveDate;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};

use super::output::say;
use super::{CliResult, Context};
use crate::kernel::clock::Clock;
use crate::kernel::migrate::Migrator;
use crate::seed::{self, TableReport};

/// What to seed.
#[derive(Args)]
pub(super) struct SeedArguments {
    /// The first day (UTC) without events, as YYYY-MM-DD; today when left out
    #[arg(long)]
    until: Option<NaiveDate>,
}

/// Applies the migrations, then fills the tables.
pub(super) async fn run(arguments: SeedArguments, context: &Context) -> CliResult {
    let until = arguments.until.unwrap_or_else(|| Clock::system().now().date_naive());
    let migrator = Migrator::new(context.config.migrations_dir.as_deref())?;
    let session = context.connect().await?;
    let done = async {
        migrator.up(session.db.pool(), None).await?;
        show(&seed::run(&session.db, until).await?)
    }
    .await;
    session.close().await?;
    done
}

fn show(tables: &[TableReport]) -> CliResult {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["table", "inserted", "unchanged"]);
    for report in tables {
        table.add_row([report.table, &report.inserted.to_string(), &report.unchanged.to_string()]);
    }
    say!("{table}");
    Ok(())
}
