//! The trace goes on at the server.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::Injector;
use opentelemetry::{Context, global};

use crate::Result;
use crate::call::Call;
use crate::pipeline::{Next, Policy};
use crate::response::Response;

/// Sends the trace context along, as the global propagator writes it: with OpenTelemetry's `TraceContextPropagator` the
/// header [`traceparent`](https://www.w3.org/TR/trace-context/), so that the server's spans hang below the attempt's.
///
/// Add it with [`per_attempt`](crate::ClientBuilder::per_attempt), for servers that may know of each other. It needs
/// `tracing-opentelemetry` as a layer of the subscriber, which makes the span of the attempt the current context.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceContext;

impl Policy for TraceContext {
    async fn send(&self, call: &mut Call, next: Next<'_>) -> Result<Response> {
        let mut headers = Headers(call.request_mut().headers_mut());
        global::get_text_map_propagator(|propagator| propagator.inject_context(&Context::current(), &mut headers));
        next.send(call).await
    }
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        // A propagator that writes what no header can carry is not worth a failed call.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
