//! Numbers about calls, handed to whatever collects them.

pub(crate) mod http;
pub mod names;
#[cfg(feature = "otel")]
mod otel_metrics;
mod stopwatch;
#[cfg(feature = "otel")]
mod trace_context;

use std::sync::Arc;

#[cfg(feature = "otel")]
pub use otel_metrics::OtelMetrics;
#[cfg(feature = "otel")]
pub use trace_context::TraceContext;

pub(crate) use stopwatch::{OperationWatch, RequestWatch};

/// One label of a measurement: an OpenTelemetry attribute name and its value.
pub type Label<'a> = (&'static str, &'a str);

/// Receives measurements. Names and units follow OpenTelemetry's semantic conventions where there is one.
///
/// The calls come from the pipeline while a request waits, so an implementation only adds up; it neither blocks nor fails.
pub trait Metrics: Send + Sync + 'static {
    /// Adds to a counter.
    fn counter(&self, name: &'static str, by: u64, labels: &[Label<'_>]);

    /// Records one value of a distribution. Durations are in seconds.
    fn histogram(&self, name: &'static str, value: f64, labels: &[Label<'_>]);

    /// Sets a value that goes up and down.
    fn gauge(&self, name: &'static str, value: f64, labels: &[Label<'_>]);
}

/// [`Metrics`] of any type, shared.
pub(crate) type SharedMetrics = Arc<dyn Metrics>;
