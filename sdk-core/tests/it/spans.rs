//! What a call looks like to a tracing back end.

use std::time::Duration;

use acd_core::testing::Capture;
use acd_core::{Client, Operation, RetryConfig};
use http::Method;

use crate::server::{Reply, Server, ok, status};

const GET: Operation = Operation::new("test.things.get", Method::GET, "/v1/things/{id}").safe();

#[tokio::test]
async fn a_call_has_one_span_and_each_attempt_its_own() {
    let server = Server::start([status(503), ok("")]).await;
    let at_once = RetryConfig::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let client = Client::builder(server.url()).retry(at_once).build().unwrap();
    let capture = Capture::start();
    client.call(&GET).path_param("id", 7).query("limit", 2).send().await.unwrap();
    assert_eq!(capture.open_spans(), 0);
    let operations = capture.spans("operation");
    assert_eq!(operations.len(), 1);
    assert_eq!(operations[0].field("otel.name"), Some("test.things.get"));
    assert_eq!(operations[0].field("acd.operation.attempts"), Some("2"));
    let attempts = capture.spans("attempt");
    assert_eq!(attempts.len(), 2);
    for (n, (attempt, status)) in attempts.iter().zip(["503", "200"]).enumerate() {
        assert_eq!(attempt.field("otel.kind"), Some("client"));
        assert_eq!(attempt.field("http.request.method"), Some("GET"));
        assert_eq!(attempt.field("otel.name"), Some("GET /v1/things/{id}"));
        let resent = (n > 0).then(|| n.to_string());
        let count = attempt.field("http.request.resend_count");
        assert_eq!(count, resent.as_deref(), "a first attempt resends nothing");
        assert_eq!(attempt.field("http.response.status_code"), Some(status));
        assert_eq!(attempt.field("server.address"), Some("127.0.0.1"));
        assert_eq!(attempt.field("url.template"), Some("/v1/things/{id}"));
        assert_eq!(attempt.field("url.full"), Some(format!("{}/v1/things/7?limit=2", server.url()).as_str()));
    }
    assert_eq!(attempts[0].field("error.type"), Some("503"));
    assert_eq!(attempts[0].field("otel.status_code"), Some("ERROR"));
    assert_eq!(attempts[1].field("error.type"), None);
}

#[tokio::test]
async fn an_attempt_that_the_deadline_cuts_is_marked() {
    let server = Server::start([Reply::Hang]).await;
    let client = Client::builder(server.url()).build().unwrap();
    let capture = Capture::start();
    let call = client.call(&GET).path_param("id", 7).send();
    tokio::select! {
        _ = call => panic!("the server never answers"),
        () = server.received(1) => {}
    }
    assert_eq!(capture.spans("attempt")[0].field("error.type"), Some("cancelled"));
}
