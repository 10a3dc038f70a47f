//! Durations that are measured whatever becomes of the work: a destructor records what is dropped before its end.

use http::{StatusCode, Uri};

use super::http::{CANCELLED, ErrorType, error_type, server_address, server_port};
use super::{Label, SharedMetrics, names};
use crate::call::Call;
use crate::error::Error;
use crate::operation::Operation;
use crate::response::Response;
use crate::runtime::{Instant, Runtime};

/// Measures one exchange with the server.
pub(crate) struct RequestWatch {
    metrics: SharedMetrics,
    runtime: Runtime,
    started: Instant,
    operation: &'static Operation,
    uri: Uri,
    status: Option<StatusCode>,
    error: Option<ErrorType>,
}

impl RequestWatch {
    /// Starts, if anyone collects measurements.
    pub(crate) fn start(call: &Call) -> Option<Box<Self>> {
        let metrics = call.shared_metrics()?;
        let runtime = call.runtime().clone();
        let (started, error) = (runtime.now(), Some(ErrorType::cancelled()));
        let uri = call.request().uri().clone();
        // Boxed, so that calls that nobody measures do not carry its size along.
        Some(Box::new(Self { metrics, runtime, started, operation: call.operation(), uri, status: None, error }))
    }

    pub(crate) fn stop(mut self, result: &Result<Response, Error>) {
        match result {
            Ok(response) => (self.status, self.error) = (Some(response.status()), None),
            Err(error) => (self.status, self.error) = (error.status(), Some(error_type(error))),
        }
    }
}

impl Drop for RequestWatch {
    fn drop(&mut self) {
        let method = self.operation.method();
        let port = server_port(&self.uri).map(|port| port.to_string());
        let mut labels: Vec<Label<'_>> = Vec::with_capacity(6);
        labels.push(("http.request.method", method.as_str()));
        labels.push(("url.template", self.operation.path()));
        labels.extend(server_address(&self.uri).map(|host| ("server.address", host)));
        labels.extend(port.as_deref().map(|port| ("server.port", port)));
        labels.extend(self.status.as_ref().map(|status| ("http.response.status_code", status.as_str())));
        labels.extend(self.error.as_ref().map(|error| ("error.type", error.as_str())));
        let took = self.runtime.now().since(self.started);
        self.metrics.histogram(names::REQUEST_DURATION, took.as_secs_f64(), &labels);
    }
}

/// Measures a whole call.
pub(crate) struct OperationWatch {
    metrics: SharedMetrics,
    runtime: Runtime,
    started: Instant,
    operation: &'static Operation,
    attempts: Option<usize>,
    error: Option<&'static str>,
}

impl OperationWatch {
    /// Starts, if anyone collects measurements.
    pub(crate) fn start(call: &Call) -> Option<Self> {
        let metrics = call.shared_metrics()?;
        let runtime = call.runtime().clone();
        let (started, operation) = (runtime.now(), call.operation());
        Some(Self { metrics, runtime, started, operation, attempts: None, error: Some(CANCELLED) })
    }

    pub(crate) fn stop(mut self, attempts: usize, error: Option<&Error>) {
        self.attempts = Some(attempts);
        self.error = error.map(|error| error.kind().as_str());
    }
}

impl Drop for OperationWatch {
    fn drop(&mut self) {
        let name = ("acd.operation.name", self.operation.name());
        let both = [name, ("error.type", self.error.unwrap_or_default())];
        let labels = if self.error.is_some() { &both[..] } else { &both[..1] };
        let took = self.runtime.now().since(self.started);
        self.metrics.histogram(names::OPERATION_DURATION, took.as_secs_f64(), labels);
        if let Some(attempts) = self.attempts {
            self.metrics.histogram(names::ATTEMPTS, attempts as f64, labels);
        }
    }
}
