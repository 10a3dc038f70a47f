//! A server that is busy at first.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

#[derive(Clone)]
pub(crate) struct Server {
    url: String,
    traceparents: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let server = Self { url: format!("http://{}", listener.local_addr()?), traceparents: Arc::default() };
        let router = Router::new().route("/v1/things/{id}", get(thing)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(server)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The trace context of each request.
    #[cfg(test)]
    pub(crate) fn traceparents(&self) -> Vec<String> {
        self.traceparents.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn thing(State(server): State<Server>, headers: HeaderMap) -> StatusCode {
    let mut seen = server.traceparents.lock().unwrap_or_else(PoisonError::into_inner);
    let value = headers.get("traceparent").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    seen.push(value.unwrap_or_default());
    if seen.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}
