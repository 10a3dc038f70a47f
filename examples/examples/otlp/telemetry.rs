//! What a product sets up once, at its start.

use std::error::Error as StdError;

use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::task::spawn_blocking;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

/// An error that may come from another thread.
type Failure = Box<dyn StdError + Send + Sync>;

impl Telemetry {
    pub(crate) async fn start(collector: &str) -> Result<Self, Box<dyn StdError>> {
        let collector = collector.trim_end_matches('/').to_owned();
        // The exporters bring a client with threads of its own, which an asynchronous task may neither make nor drop.
        let telemetry = spawn_blocking(move || Self::new(&collector)).await?.map_err(any)?;
        let layer = tracing_opentelemetry::layer()
            .with_tracer(telemetry.traces.tracer("acd-core"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        // The pipeline's spans alone: an exporter that traces its own requests has ever more to export.
        let targets = Targets::new().with_target("acd_core", LevelFilter::INFO);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(targets).with(layer))?;
        global::set_meter_provider(telemetry.metrics.clone());
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(telemetry)
    }

    fn new(collector: &str) -> Result<Self, Failure> {
        // The exporters' client is reqwest too, and expects that the process has chosen who does its cryptography. That it
        // was chosen already is as good.
        let _was_chosen = rustls::crypto::ring::default_provider().install_default();
        let spans = SpanExporter::builder().with_http().with_endpoint(format!("{collector}/v1/traces")).build()?;
        let metrics = MetricExporter::builder().with_http().with_endpoint(format!("{collector}/v1/metrics")).build()?;
        let resource = Resource::builder().with_service_name("acd-example").build();
        Ok(Self {
            traces: SdkTracerProvider::builder().with_batch_exporter(spans).with_resource(resource.clone()).build(),
            metrics: SdkMeterProvider::builder().with_periodic_exporter(metrics).with_resource(resource).build(),
        })
    }

    /// Exports what is left, at the end of the program.
    pub(crate) async fn end(self) -> Result<(), Box<dyn StdError>> {
        spawn_blocking(move || self.traces.shutdown().and_then(|()| self.metrics.shutdown())).await??;
        Ok(())
    }
}

fn any(failure: Failure) -> Box<dyn StdError> {
    failure
}
