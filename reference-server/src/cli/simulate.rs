//! `acd simulate`.

use std::net::SocketAddr;

use acd_testing::MetaSimulator;
use clap::Args;
use serde_json::json;

use super::CliResult;
use super::output::say;
use super::serve::asked_to_stop;

/// Which services to stand in for.
#[derive(Args)]
pub(super) struct SimulateArguments {
    /// Meta's Graph API: Marketing API and Conversions API
    #[arg(long, required = true)]
    meta: bool,
    /// Where to listen; whoever can connect can do everything
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4010")]
    listen: SocketAddr,
}

/// Runs until asked to stop. The first line of output is JSON: where each service is, and the credentials it takes.
pub(super) async fn run(arguments: &SimulateArguments) -> CliResult {
    if arguments.meta {
        let meta = MetaSimulator::builder().address(arguments.listen).start().await.map_err(|error| {
            format!("cannot listen on {}: {error}; free it or choose another with --listen", arguments.listen)
        })?;
        say!("{}", json!({ "meta": { "url": meta.url(), "world": meta.world() } }));
        tracing::info!("Meta is simulated; its page is {}/__sim/", meta.url());
        asked_to_stop().await;
    }
    Ok(())
}
