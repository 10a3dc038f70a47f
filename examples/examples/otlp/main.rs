//! Exports spans and measurements of calls over OTLP, as a product would to its collector, and shows what arrived.
//!
//! `cargo run -p acd-examples --example otlp`. The collector and the server that is called are part of the example, on
//! loopback ports; with `OTEL_EXPORTER_OTLP_ENDPOINT` set, the collector is the one there.

mod collector;
mod server;
mod telemetry;

use std::env;
use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::report;
use acd_sdk::core::telemetry::{OtelMetrics, TraceContext};
use acd_sdk::core::{Client, Operation};
use collector::{Collector, Metric, Received};
use http::Method;
use server::Server;
use telemetry::Telemetry;

const GET_THING: Operation = Operation::new("example.things.get", Method::GET, "/v1/things/{id}").safe();

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<(), Box<dyn StdError>> {
    if let Ok(endpoint) = env::var("OTEL_EXPORTER_OTLP_ENDPOINT") {
        export_to(&endpoint).await?;
        println!("Exported to {endpoint}.");
        return Ok(());
    }
    let collector = Collector::start().await?;
    export_to(collector.url()).await?;
    let Received { spans, metrics } = collector.received();
    println!("Spans:");
    for span in &spans {
        let above = spans.iter().find(|other| other.id == span.parent);
        let place = above.map_or_else(|| format!("trace {}", span.trace), |above| format!("below {}", above.name));
        println!("  {} ({}, {place}, status {})", span.name, span.kind, span.status);
        for (name, value) in &span.attributes {
            println!("      {name} = {value}");
        }
    }
    println!("Measurements:");
    for Metric { name, unit, description, points, bounds } in &metrics {
        let buckets = if bounds.is_empty() { String::new() } else { format!(" of {} buckets", bounds.len() + 1) };
        println!("  {name} [{unit}] {description} {points} series{buckets}");
    }
    Ok(())
}

/// Makes a call that succeeds at the second attempt, and exports what there is to say about it.
async fn export_to(collector: &str) -> Result<Server, Box<dyn StdError>> {
    let telemetry = Telemetry::start(collector).await?;
    let server = Server::start().await?;
    let client = Client::builder(server.url()).metrics(OtelMetrics::global()).per_attempt(TraceContext).build()?;
    client.call(&GET_THING).path_param("id", 7).send().await?;
    telemetry.end().await?;
    Ok(server)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    /// One test for all: the providers are the process's.
    #[tokio::test]
    async fn spans_and_measurements_of_a_call_arrive_at_the_collector() {
        let collector = Collector::start().await.unwrap();
        let server = export_to(collector.url()).await.unwrap();
        let Received { spans, metrics } = collector.received();

        let of = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
        let operation = of("example.things.get")[0];
        assert_eq!((operation.kind.as_str(), operation.parent.as_str()), ("Internal", ""));
        assert_eq!(operation.attributes["acd.operation.attempts"], "2");
        let attempts = of("GET /v1/things/{id}");
        assert_eq!(attempts.len(), 2);
        for (attempt, (status, resent)) in attempts.iter().zip([("503", None), ("200", Some("1"))]) {
            assert_eq!((attempt.kind.as_str(), &attempt.parent), ("Client", &operation.id));
            let attribute = |name: &str| attempt.attributes.get(name).map(String::as_str);
            assert_eq!(attribute("http.response.status_code"), Some(status));
            assert_eq!(attribute("http.request.resend_count"), resent);
            assert_eq!(attribute("url.full"), Some(format!("{}/v1/things/7", server.url()).as_str()));
        }
        assert_eq!((attempts[0].status.as_str(), attempts[1].status.as_str()), ("Error", "Unset"));
        assert_eq!(attempts[0].attributes["error.type"], "503");

        let traceparents: Vec<_> =
            attempts.iter().map(|attempt| format!("00-{}-{}-01", attempt.trace, attempt.id)).collect();
        assert_eq!(server.traceparents(), traceparents, "the server's spans would hang below the attempts");

        let metric = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap();
        let request = metric("http.client.request.duration");
        assert_eq!((request.unit.as_str(), request.points), ("s", 2), "one for each status");
        assert_eq!(request.bounds.first(), Some(&0.005));
        assert_eq!(metric("acd.client.operation.duration").points, 1);
        assert_eq!(metric("acd.client.attempts").unit, "{attempt}");
        assert_eq!(metric("acd.client.retries").points, 1);
    }
}
