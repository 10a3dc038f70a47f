//! Where log lines go: JSON for machines, text for a terminal, always to standard error.

use std::io::IsTerminal;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::Config;

/// What a command logs that is not a server, where nothing else is set: its output is for the one who waits for it.
const QUIET: &str = "warn";

/// Starts logging. Lines still waiting are written when the guard is dropped.
pub(super) fn start(config: &Config, is_server: bool) -> WorkerGuard {
    // A request never waits for whoever reads the log; what does not fit is counted as dropped.
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let json = config.log_json.unwrap_or_else(|| !std::io::stderr().is_terminal());
    let wanted = if is_server || config.origins.contains_key("ACD_LOG") { &config.log } else { QUIET };
    let filter = EnvFilter::builder().parse(wanted);
    let (filter, wrong) = match filter {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_span_events(FmtSpan::NONE);
    if json {
        builder.json().flatten_event(true).with_span_list(false).init();
    } else {
        builder.with_target(false).init();
    }
    if let Some(error) = wrong {
        tracing::warn!(%error, "ACD_LOG cannot be read; logging at info");
    }
    guard
}
