//! What a call looks like to a tracing back end.

use std::time::Duration;

use acd_core::{Client, Operation, RetryConfig};
use http::Method;
use serde_json::Value;

use crate::capture::Capture;
use crate::server::{Reply, Server, ok, status};

const GET: Operation = Operation::new("test.things.get", Method::GET, "/v1/things/{id}").safe();

/// The fields of every closed span of this name.
fn closed(log: &str, name: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["fields"]["message"] == "close" && line["span"]["name"] == name)
        .map(|line| line["span"].clone())
        .collect()
}

#[tokio::test]
async fn a_call_has_one_span_and_each_attempt_its_own() {
    let server = Server::start([status(503), ok("")]).await;
    let at_once = RetryConfig::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let client = Client::builder(server.url()).retry(at_once).build().unwrap();
    let (capture, guard) = Capture::start();
    client.call(&GET).path_param("id", 7).query("limit", 2).send().await.unwrap();
    drop(guard);
    let log = capture.text();
    let operations = closed(&log, "operation");
    assert_eq!(operations.len(), 1);
    assert_eq!(operations[0]["otel.name"], "test.things.get");
    assert_eq!(operations[0]["acd.operation.attempts"], 2);
    let attempts = closed(&log, "attempt");
    assert_eq!(attempts.len(), 2);
    for (n, (attempt, status)) in attempts.iter().zip([503, 200]).enumerate() {
        assert_eq!(attempt["otel.kind"], "client");
        assert_eq!(attempt["http.request.method"], "GET");
        assert_eq!(attempt["otel.name"], "GET /v1/things/{id}");
        let resent = if n == 0 { Value::Null } else { n.into() };
        assert_eq!(attempt["http.request.resend_count"], resent, "a first attempt resends nothing");
        assert_eq!(attempt["http.response.status_code"], status);
        assert_eq!(attempt["server.address"], "127.0.0.1");
        assert_eq!(attempt["url.template"], "/v1/things/{id}");
        assert_eq!(attempt["url.full"], format!("{}/v1/things/7?limit=2", server.url()));
    }
    assert_eq!(attempts[0]["error.type"], "503");
    assert_eq!(attempts[0]["otel.status_code"], "ERROR");
    assert_eq!(attempts[1]["error.type"], Value::Null);
}

#[tokio::test]
async fn an_attempt_that_the_deadline_cuts_is_marked() {
    let server = Server::start([Reply::Hang]).await;
    let client = Client::builder(server.url()).build().unwrap();
    let (capture, guard) = Capture::start();
    let call = client.call(&GET).path_param("id", 7).send();
    tokio::select! {
        _ = call => panic!("the server never answers"),
        () = server.received(1) => {}
    }
    drop(guard);
    assert_eq!(closed(&capture.text(), "attempt")[0]["error.type"], "cancelled");
}
