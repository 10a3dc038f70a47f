//! As much of a collector as it takes to see what arrives: OTLP over HTTP with protobuf bodies
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{self as metrics, metric::Data};
use opentelemetry_proto::tonic::trace::v1 as trace;
use prost::Message as _;
use tokio::net::TcpListener;

#[derive(Clone)]
pub(crate) struct Collector {
    url: String,
    received: Arc<Mutex<Received>>,
}

/// Everything that has arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    /// In the order in which they began.
    pub(crate) spans: Vec<Span>,
    pub(crate) metrics: Vec<Metric>,
}

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) began: u64,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// How many sets of attributes there are values for.
    pub(crate) points: usize,
    /// The bounds of a histogram's buckets.
    pub(crate) bounds: Vec<f64>,
}

impl Collector {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let collector = Self { url: format!("http://{}", listener.local_addr()?), received: Arc::default() };
        let router = Router::new().route("/v1/traces", post(take_traces)).route("/v1/metrics", post(take_metrics));
        let router = router.with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(collector)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn received(&self) -> Received {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, change: impl FnOnce(&mut Received)) {
        change(&mut self.received.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

async fn take_traces(State(collector): State<Collector>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    let spans = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let spans = spans.flat_map(|scope| scope.spans).map(Span::from);
    collector.add(|received| {
        received.spans.extend(spans);
        received.spans.sort_by_key(|span| span.began);
    });
    StatusCode::OK
}

async fn take_metrics(State(collector): State<Collector>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportMetricsServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    let metrics = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    let metrics = metrics.flat_map(|scope| scope.metrics).map(Metric::from);
    collector.add(|received| received.metrics.extend(metrics));
    StatusCode::OK
}

impl From<trace::Span> for Span {
    fn from(span: trace::Span) -> Self {
        Self {
            began: span.start_time_unix_nano,
            kind: format!("{:?}", span.kind()),
            status: span.status.map_or("Unset".to_owned(), |status| format!("{:?}", status.code())),
            name: span.name,
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            attributes: span.attributes.into_iter().map(attribute).collect(),
        }
    }
}

impl From<metrics::Metric> for Metric {
    fn from(metric: metrics::Metric) -> Self {
        let (points, bounds) = match metric.data {
            Some(Data::Histogram(histogram)) => {
                let bounds = histogram.data_points.first().map(|point| point.explicit_bounds.clone());
                (histogram.data_points.len(), bounds.unwrap_or_default())
            }
            Some(Data::Sum(sum)) => (sum.data_points.len(), Vec::new()),
            Some(Data::Gauge(gauge)) => (gauge.data_points.len(), Vec::new()),
            _ => (0, Vec::new()),
        };
        Self { name: metric.name, unit: metric.unit, description: metric.description, points, bounds }
    }
}

fn attribute(pair: KeyValue) -> (String, String) {
    let value = match pair.value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(yes)) => yes.to_string(),
        other => format!("{other:?}"),
    };
    (pair.key, value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
