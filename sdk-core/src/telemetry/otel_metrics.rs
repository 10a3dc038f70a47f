//! Measurements for OpenTelemetry.

use std::collections::HashMap;
use std::fmt;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry::{KeyValue, Value, global};

use super::names::{self, Instrument, Kind};
use super::{Label, Metrics};

/// The bounds of durations in seconds: OpenTelemetry's
/// [advice](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientrequestduration), and on to
/// the longest deadline of a call. The defaults of the SDK are meant for milliseconds.
const SECONDS: [f64; 18] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0, 120.0, 300.0];

/// The bounds of counted things, such as the attempts of a call.
const COUNTS: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0];

/// The attributes that the conventions make integers.
const INTEGERS: [&str; 2] = ["http.response.status_code", "server.port"];

/// Hands the measurements to OpenTelemetry's API: `Client::builder(url).metrics(OtelMetrics::global())`.
///
/// Names, units and labels are those of [`names`].
pub struct OtelMetrics {
    meter: Meter,
    known: HashMap<&'static str, Recorder>,
}

enum Recorder {
    Counter(Counter<u64>),
    Histogram(Histogram<f64>),
    Gauge(Gauge<f64>),
}

impl OtelMetrics {
    /// Records by the global meter provider, under the scope `acd-core`. Set the provider first: without one, and for
    /// as long as this value lives, nothing is recorded.
    pub fn global() -> Self {
        let meter = global::meter("acd-core");
        let known = names::ALL.iter().map(|instrument| (instrument.name, Recorder::new(&meter, instrument))).collect();
        Self { meter, known }
    }
}

impl Recorder {
    fn new(meter: &Meter, Instrument { name, kind, unit, description }: &Instrument) -> Self {
        match kind {
            Kind::Counter => {
                Self::Counter(meter.u64_counter(*name).with_unit(*unit).with_description(*description).build())
            }
            Kind::Histogram => {
                let bounds = if *unit == "s" { SECONDS.to_vec() } else { COUNTS.to_vec() };
                let histogram = meter.f64_histogram(*name).with_unit(*unit).with_description(*description);
                Self::Histogram(histogram.with_boundaries(bounds).build())
            }
            Kind::Gauge => Self::Gauge(meter.f64_gauge(*name).with_unit(*unit).with_description(*description).build()),
        }
    }
}

impl Metrics for OtelMetrics {
    fn counter(&self, name: &'static str, by: u64, labels: &[Label<'_>]) {
        match self.known.get(name) {
            Some(Recorder::Counter(counter)) => counter.add(by, &attributes(labels)),
            _ => self.meter.u64_counter(name).build().add(by, &attributes(labels)),
        }
    }

    fn histogram(&self, name: &'static str, value: f64, labels: &[Label<'_>]) {
        match self.known.get(name) {
            Some(Recorder::Histogram(histogram)) => histogram.record(value, &attributes(labels)),
            _ => self.meter.f64_histogram(name).build().record(value, &attributes(labels)),
        }
    }

    fn gauge(&self, name: &'static str, value: f64, labels: &[Label<'_>]) {
        match self.known.get(name) {
            Some(Recorder::Gauge(gauge)) => gauge.record(value, &attributes(labels)),
            _ => self.meter.f64_gauge(name).build().record(value, &attributes(labels)),
        }
    }
}

impl fmt::Debug for OtelMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtelMetrics").finish_non_exhaustive()
    }
}

fn attributes(labels: &[Label<'_>]) -> Vec<KeyValue> {
    labels.iter().map(|(name, value)| KeyValue::new(*name, attribute(name, value))).collect()
}

fn attribute(name: &str, value: &str) -> Value {
    let integer = INTEGERS.contains(&name).then(|| value.parse().ok()).flatten();
    integer.map_or_else(|| Value::from(value.to_owned()), Value::I64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_port_are_integers_and_all_else_is_text() {
        assert_eq!(attribute("http.response.status_code", "503"), Value::I64(503));
        assert_eq!(attribute("server.port", "443"), Value::I64(443));
        assert_eq!(attribute("error.type", "503"), Value::from("503"));
        assert_eq!(attribute("server.port", "none"), Value::from("none"));
    }
}
