//! Requests and answers, whole and in pieces.

use std::time::Duration;

use acd_core::testing::ManualClock;
use acd_core::{Basic, Body, ByteStream, ErrorKind, FormPart, Multipart, Operation, RetryConfig, Secret};
use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use crate::server::{Received, Reply, Server, ok};
use crate::wire::{Wire, over_each_transport};

const PUT: Operation = Operation::new("test.put", Method::PUT, "/v1/things/{id}").idempotent();
const GET: Operation = Operation::new("test.get", Method::GET, "/v1/things").safe();
const POST: Operation = Operation::new("test.post", Method::POST, "/v1/things").keyed();

over_each_transport![
    a_call_arrives_as_it_was_made,
    credentials_stay_at_their_origin,
    an_invalid_call_is_refused_before_anything_is_sent,
    retry_after_of_a_real_answer_is_waited_for,
    bodies_stream_up_with_and_without_a_length,
    forms_of_every_kind_arrive,
    a_streamed_answer_is_handed_over_as_it_comes,
    a_large_answer_is_refused_at_the_limit,
];

async fn a_call_arrives_as_it_was_made(wire: Wire) {
    let server = Server::start([ok(r#"{"n":1}"#)]).await;
    let auth = Basic::new(&Secret::from("user"), &Secret::from("pass")).unwrap();
    let client = wire.client(format!("{}/base/", server.url())).auth(auth).header("x-all", "a").build().unwrap();
    let answer: Value = client
        .call(&PUT)
        .path_param("id", "a/b")
        .query("q", "x y")
        .query_opt("none", None::<u32>)
        .header("x-one", "b")
        .json(&json!({"name": "é"}))
        .send_json()
        .await
        .unwrap();
    assert_eq!(answer, json!({"n": 1}));
    let request = &server.requests()[0];
    assert_eq!(request.line, "PUT /base/v1/things/a%2Fb?q=x%20y HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!((request.header("x-all"), request.header("x-one")), (Some("a"), Some("b")));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(request.header("user-agent").unwrap().starts_with("acd-core/"));
    assert_eq!(request.body, r#"{"name":"é"}"#);
}

async fn credentials_stay_at_their_origin(wire: Wire) {
    let server = Server::start([ok("")]).await;
    let other = Server::start([ok(""), ok("")]).await;
    let mut key = HeaderValue::from_static("planted");
    key.set_sensitive(true);
    let auth = || Basic::new(&Secret::from("user"), &Secret::from("pass")).unwrap();
    let client = wire.client(server.url()).auth(auth()).header("x-key", key).header("x-all", "a").build().unwrap();
    client.call(&PUT).url(format!("{}/session?id=7", server.url())).send().await.unwrap();
    client.call(&PUT).url(format!("{}/session?id=7", other.url())).send().await.unwrap();
    client.call(&PUT).url(format!("{}/session?id=7", other.url())).auth(auth()).send().await.unwrap();
    let (home, away) = (server.requests(), other.requests());
    assert_eq!(away[0].line, "PUT /session?id=7 HTTP/1.1");
    let secrets = |request: &Received| ["authorization", "x-key"].map(|name| request.header(name).is_some());
    assert_eq!(secrets(&home[0]), [true, true]);
    assert_eq!(secrets(&away[0]), [false, false]);
    assert_eq!(secrets(&away[1]), [true, false], "what the call itself brings is sent");
    assert_eq!(away[0].header("x-all"), Some("a"));
}

async fn an_invalid_call_is_refused_before_anything_is_sent(wire: Wire) {
    let server = Server::start([]).await;
    let client = wire.client(server.url()).build().unwrap();
    for call in [client.call(&PUT), client.call(&GET).header("x", "a\nb"), client.call(&GET).idempotency_key("")] {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(!error.may_have_been_sent());
    }
    assert!(server.requests().is_empty());
}

async fn retry_after_of_a_real_answer_is_waited_for(wire: Wire) {
    let busy = Reply::Answer { status: 503, headers: "retry-after: 7\r\n", body: String::new() };
    let server = Server::start([busy, ok("done")]).await;
    let clock = ManualClock::new();
    let client = wire.client(server.url()).runtime(clock.runtime()).build().unwrap();
    let call = client.call(&POST).body("once more").send();
    let time = async {
        clock.sleeping(Duration::from_secs(7)).await;
        clock.advance(Duration::from_secs(7));
    };
    let (response, ()) = tokio::join!(call, time);
    assert_eq!(response.unwrap().bytes().await.unwrap(), "done");
    let requests = server.requests();
    assert_eq!((requests[0].body.as_str(), requests[1].body.as_str()), ("once more", "once more"));
    assert_eq!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
    assert_eq!(requests[0].connection, requests[1].connection, "the connection is reused");
}

async fn bodies_stream_up_with_and_without_a_length(wire: Wire) {
    let server = Server::start([ok(""), ok("")]).await;
    let client = wire.client(server.url()).build().unwrap();
    let parts = || ByteStream::from_chunks(["ab", "cd"].map(Bytes::from));
    client.call(&POST).body(Body::replayable(Some(4), parts)).send().await.unwrap();
    client.call(&POST).body(Body::stream(None, parts())).send().await.unwrap();
    let requests = server.requests();
    assert_eq!((requests[0].header("content-length"), requests[0].body.as_str()), (Some("4"), "abcd"));
    assert_eq!((requests[1].header("transfer-encoding"), requests[1].body.as_str()), (Some("chunked"), "abcd"));
}

async fn forms_of_every_kind_arrive(wire: Wire) {
    let busy = Reply::Answer { status: 503, headers: "", body: String::new() };
    let server = Server::start([ok(""), ok(""), busy, ok("")]).await;
    let at_once = RetryConfig::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let client = wire.client(server.url()).retry(at_once).build().unwrap();
    client.call(&POST).form(&json!({"grant_type": "a b", "scope": ["x", "y"]})).send().await.unwrap();
    let query = json!({"expand": ["data.customer"], "created": {"gte": 7}});
    client.call(&GET).query("limit", 2).nested_query(&query).send().await.unwrap();
    let parts = || ByteStream::from_chunks(["ab", "cd"].map(Bytes::from));
    let file = FormPart::new("file", Body::replayable(Some(4), parts)).file_name("a.mp4");
    client.call(&POST).multipart(Multipart::new().text("phase", "transfer").part(file)).send().await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(requests[0].body, "grant_type=a%20b&scope=x&scope=y");
    assert_eq!(requests[1].line, "GET /v1/things?limit=2&created[gte]=7&expand[0]=data.customer HTTP/1.1");
    assert!(requests[2].header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert_eq!(requests[2].header("content-length").unwrap(), requests[2].body.len().to_string());
    assert!(requests[2].body.contains("filename=\"a.mp4\"\r\n\r\nabcd\r\n"));
    assert_eq!(requests[2].body, requests[3].body, "the same bytes on each attempt");
}

async fn a_streamed_answer_is_handed_over_as_it_comes(wire: Wire) {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n";
    let server = Server::start([Reply::Raw(chunked)]).await;
    let client = wire.client(server.url()).max_response_bytes(1).build().unwrap();
    let mut stream = client.call(&GET).send_streaming().await.unwrap().into_stream();
    let mut all = Vec::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        all.extend_from_slice(&chunk);
    }
    assert_eq!(all, b"abcd", "the limit is for bodies that are read into memory");
}

async fn a_large_answer_is_refused_at_the_limit(wire: Wire) {
    let server = Server::start([ok("x".repeat(100_000))]).await;
    let client = wire.client(server.url()).build().unwrap();
    let error = client.call(&GET).max_response_bytes(99_999).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
}

/// The lines of a request in an order of their own, without what differs from server to server.
fn lines(request: &Received) -> Vec<String> {
    let mut lines: Vec<_> = request.headers.iter().map(|line| line.to_lowercase()).collect();
    lines.retain(|line| !line.starts_with("host:") && !line.starts_with("idempotency-key:"));
    lines.sort();
    lines.insert(0, request.line.clone());
    lines.push(request.body.clone());
    lines
}

#[tokio::test]
async fn every_transport_sends_the_same() {
    let mut seen = Vec::new();
    for wire in [Wire::Hyper, Wire::Reqwest] {
        let server = Server::start((0..6).map(|_| ok(""))).await;
        let client = wire.client(server.url()).build().unwrap();
        let parts = || ByteStream::from_chunks(["ab", "cd"].map(Bytes::from));
        let bodies = [Body::from("abcd"), Body::stream(Some(4), parts()), Body::stream(None, parts()), Body::empty()];
        client.call(&GET).query("q", "é/").send().await.unwrap();
        client.call(&GET).header("user-agent", "mine/1").header("accept", "text/csv").send().await.unwrap();
        for body in bodies {
            client.call(&POST).body(body).send().await.unwrap();
        }
        seen.push(server.requests().iter().map(lines).collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
}
