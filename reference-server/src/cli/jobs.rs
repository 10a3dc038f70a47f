//! `acd jobs`.

use acd_platform::jobs::{Job, JobDetails, JobState, ListJobs, RetryJobs};
use acd_platform::{JobId, ProductSlug};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use comfy_table::{ContentArrangement, Table, presets};

use super::output::say;
use super::{CliResult, Context};
use crate::jobs::{Jobs, Wakes};
use crate::kernel::clock::Clock;
use crate::kernel::migrate::Migrator;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// The longest page of the service.
const PAGE: u16 = 200;

/// What to do with jobs.
#[derive(Subcommand)]
pub(super) enum JobsCommand {
    /// List jobs, newest first
    List {
        /// Only this product's
        #[arg(long)]
        product: Option<ProductSlug>,
        /// Only of this kind
        #[arg(long)]
        kind: Option<String>,
        /// Only those that stand here: scheduled, pending, running, succeeded, dead, cancelled
        #[arg(long)]
        state: Option<JobState>,
        /// Most jobs to list
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print JSON, one job a line
        #[arg(long)]
        json: bool,
    },
    /// Show a job with each attempt that failed
    Show {
        /// The job's id
        id: JobId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give dead or cancelled jobs another chance
    Retry {
        /// The jobs' ids
        #[arg(required_unless_present = "dead")]
        ids: Vec<JobId>,
        /// Every dead job that the following describe
        #[arg(long, conflicts_with = "ids")]
        dead: bool,
        /// Only this product's
        #[arg(long, requires = "dead")]
        product: Option<ProductSlug>,
        /// Only of this kind
        #[arg(long, requires = "dead")]
        kind: Option<String>,
        /// Only those whose last error contains this
        #[arg(long, requires = "dead")]
        error: Option<String>,
    },
    /// Call jobs off
    Cancel {
        /// The jobs' ids
        #[arg(required = true)]
        ids: Vec<JobId>,
    },
}

/// Runs a jobs command.
pub(super) async fn run(command: JobsCommand, context: &Context) -> CliResult {
    let session = context.connect().await?;
    Migrator::new(context.config.migrations_dir.as_deref())?.up(session.db.pool(), None).await?;
    let jobs = Jobs::new(session.db.clone(), Clock::system(), Wakes::default());
    let done = act(command, &jobs).await;
    session.close().await?;
    done
}

async fn act(command: JobsCommand, jobs: &Jobs) -> CliResult {
    // Whoever may run this already holds the database.
    let principal = Principal::service(RequestId::new());
    match command {
        JobsCommand::List { product, kind, state, limit, json } => {
            let query = ListJobs { product, kind, state, ..ListJobs::default() };
            list(jobs, &principal, query, limit, json).await
        }
        JobsCommand::Show { id, json } => show(&jobs.get(&principal, id).await?, json),
        JobsCommand::Retry { ids, dead: false, .. } => {
            for id in ids {
                jobs.retry(&principal, id).await?;
                say!("{id} waits again");
            }
            Ok(())
        }
        JobsCommand::Retry { product, kind, error, .. } => {
            let which = RetryJobs { product, kind, ids: None, error_contains: error };
            let mut retried = 0;
            loop {
                let told = jobs.retry_many(&principal, which.clone()).await?;
                retried += told.retried;
                if !told.has_more {
                    say!("{retried} wait again");
                    return Ok(());
                }
            }
        }
        JobsCommand::Cancel { ids } => {
            for id in ids {
                match jobs.cancel(&principal, id).await?.state {
                    JobState::Running => say!("{id} ends when its worker heeds it"),
                    _ => say!("{id} is called off"),
                }
            }
            Ok(())
        }
    }
}

async fn list(jobs: &Jobs, principal: &Principal, query: ListJobs, limit: usize, json: bool) -> CliResult {
    let mut all: Vec<Job> = Vec::new();
    let mut cursor = None;
    while all.len() < limit {
        let page = u16::try_from(limit - all.len()).unwrap_or(PAGE).min(PAGE);
        let query = ListJobs { limit: Some(page), cursor, ..query.clone() };
        let found = jobs.list(principal, query).await?;
        all.extend(found.data);
        cursor = found.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if json {
        for job in &all {
            say!("{}", serde_json::to_string(job)?);
        }
        return Ok(());
    }
    let mut table = table();
    table.set_header(["id", "product", "kind", "state", "attempt", "runs", "error"]);
    for job in &all {
        table.add_row([
            job.id.to_string(),
            product(job).to_owned(),
            job.kind.clone(),
            job.state.to_string(),
            format!("{} of {}", job.attempt, job.max_attempts),
            at(job.finished_at.unwrap_or(job.run_at)),
            job.error.as_deref().unwrap_or_default().chars().take(60).collect(),
        ]);
    }
    say!("{table}");
    Ok(())
}

fn show(details: &JobDetails, json: bool) -> CliResult {
    if json {
        say!("{}", serde_json::to_string(details)?);
        return Ok(());
    }
    let job = &details.job;
    let optional = |time: Option<DateTime<Utc>>| time.map(at).unwrap_or_default();
    let mut facts = table();
    for (name, value) in [
        ("id", job.id.to_string()),
        ("product", product(job).to_owned()),
        ("kind", job.kind.clone()),
        ("state", job.state.to_string()),
        ("attempt", format!("{} of {}", job.attempt, job.max_attempts)),
        ("created", at(job.created_at)),
        ("may run from", at(job.run_at)),
        ("started", optional(job.started_at)),
        ("finished", optional(job.finished_at)),
        ("worker", job.worker.clone().unwrap_or_default()),
        ("payload", job.payload.to_string()),
        ("result", job.result.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("error", job.error.clone().unwrap_or_default()),
    ] {
        if !value.is_empty() {
            facts.add_row([name.to_owned(), value]);
        }
    }
    say!("{facts}");
    if details.attempts.is_empty() {
        return Ok(());
    }
    let mut attempts = table();
    attempts.set_header(["attempt", "worker", "began", "ended", "outcome", "error"]);
    for one in &details.attempts {
        attempts.add_row([
            one.attempt.to_string(),
            one.worker.clone().unwrap_or_default(),
            at(one.started_at),
            at(one.ended_at),
            one.outcome.to_string(),
            one.error.clone(),
        ]);
    }
    say!("{attempts}");
    Ok(())
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn product(job: &Job) -> &str {
    job.product.as_ref().map_or("(platform)", ProductSlug::as_str)
}

fn at(time: DateTime<Utc>) -> String {
    time.format("%F %T").to_string()
}
