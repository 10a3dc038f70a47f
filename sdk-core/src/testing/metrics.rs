//! Measurements, kept so that a test can ask for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::telemetry::{Label, Metrics};

/// Keeps every measurement. Clones share them: give one to the client and keep another.
///
/// ```
/// use acd_core::telemetry::names;
/// use acd_core::testing::{Harness, RecordedMetrics, answer};
///
/// let harness = Harness::new([answer(503), answer(200)]);
/// let metrics = RecordedMetrics::new();
/// let client = harness.client().metrics(metrics.clone()).build()?;
/// harness.run(client.call(&Harness::GET).send())?;
/// metrics.assert_counter(names::RETRIES, &[("acd.operation.name", "test.get")], 1);
/// # Ok::<(), acd_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RecordedMetrics(Arc<Mutex<Vec<Measurement>>>);

/// The labels of one measurement.
pub type RecordedLabels = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
struct Measurement {
    name: &'static str,
    value: Value,
    labels: RecordedLabels,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Count(u64),
    Observation(f64),
    Level(f64),
}

impl Value {
    fn number(self) -> f64 {
        match self {
            // Exact up to 2^53, more than any test counts.
            Self::Count(by) => by as f64,
            Self::Observation(value) | Self::Level(value) => value,
        }
    }
}

impl RecordedMetrics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything of this name, whatever it is, in order: value and labels.
    pub fn of(&self, name: &str) -> Vec<(f64, RecordedLabels)> {
        let all = self.lock();
        let found = all.iter().filter(|measurement| measurement.name == name);
        found.map(|measurement| (measurement.value.number(), measurement.labels.clone())).collect()
    }

    /// The sum of a counter over everything that has these labels, whatever others it has.
    pub fn counter(&self, name: &str, labels: &[Label<'_>]) -> u64 {
        let count = |value| if let Value::Count(by) = value { by } else { 0 };
        self.with(name, labels).into_iter().map(count).sum()
    }

    /// The values of a distribution that have these labels, in order.
    pub fn histogram(&self, name: &str, labels: &[Label<'_>]) -> Vec<f64> {
        let observation = |value| if let Value::Observation(value) = value { Some(value) } else { None };
        self.with(name, labels).into_iter().filter_map(observation).collect()
    }

    /// The last value of a gauge that has these labels.
    pub fn gauge(&self, name: &str, labels: &[Label<'_>]) -> Option<f64> {
        let level = |value| if let Value::Level(value) = value { Some(value) } else { None };
        self.with(name, labels).into_iter().filter_map(level).next_back()
    }

    /// Asserts the sum of a counter.
    ///
    /// # Panics
    /// When it is another, with everything that was recorded.
    #[track_caller]
    pub fn assert_counter(&self, name: &str, labels: &[Label<'_>], expected: u64) {
        let sum = self.counter(name, labels);
        assert!(sum == expected, "{name} {labels:?} is {sum} instead of {expected}; recorded:\n{}", self.text());
    }

    /// Searches names, labels and values for planted secrets.
    ///
    /// # Panics
    /// When one is found.
    #[track_caller]
    pub fn assert_free_of(&self, secrets: &[&str]) {
        let text = self.text();
        for secret in secrets {
            assert!(!text.contains(secret), "`{secret}` was measured:\n{text}");
        }
    }

    /// Everything, one line a measurement.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Measurement { name, value, labels } in self.lock().iter() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name} {value:?} {labels:?}");
        }
        text
    }

    fn with(&self, name: &str, labels: &[Label<'_>]) -> Vec<Value> {
        let has = |measurement: &&Measurement| {
            let carries = |(key, value): &Label<'_>| measurement.labels.get(key).is_some_and(|known| known == value);
            measurement.name == name && labels.iter().all(carries)
        };
        self.lock().iter().filter(has).map(|measurement| measurement.value).collect()
    }

    fn add(&self, name: &'static str, value: Value, labels: &[Label<'_>]) {
        let labels = labels.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        self.lock().push(Measurement { name, value, labels });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Measurement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Metrics for RecordedMetrics {
    fn counter(&self, name: &'static str, by: u64, labels: &[Label<'_>]) {
        self.add(name, Value::Count(by), labels);
    }

    fn histogram(&self, name: &'static str, value: f64, labels: &[Label<'_>]) {
        self.add(name, Value::Observation(value), labels);
    }

    fn gauge(&self, name: &'static str, value: f64, labels: &[Label<'_>]) {
        self.add(name, Value::Level(value), labels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_found_by_name_and_labels() {
        let recorded = RecordedMetrics::new();
        let metrics: &dyn Metrics = &recorded;
        metrics.counter("calls", 1, &[("kind", "a"), ("host", "x")]);
        metrics.counter("calls", 2, &[("kind", "b"), ("host", "x")]);
        metrics.histogram("took", 0.5, &[("kind", "a")]);
        metrics.gauge("open", 1.0, &[]);
        metrics.gauge("open", 0.0, &[]);
        recorded.assert_counter("calls", &[("host", "x")], 3);
        recorded.assert_counter("calls", &[("kind", "b")], 2);
        assert_eq!(recorded.histogram("took", &[]), [0.5]);
        assert_eq!(recorded.gauge("open", &[]), Some(0.0));
        assert_eq!(recorded.gauge("closed", &[]), None);
        recorded.assert_free_of(&["planted"]);
    }

    #[test]
    #[should_panic(expected = "calls [] is 0 instead of 1; recorded:\nother")]
    fn a_wrong_count_shows_what_there_is() {
        let recorded = RecordedMetrics::new();
        Metrics::counter(&recorded, "other", 1, &[]);
        recorded.assert_counter("calls", &[], 1);
    }
}
