//! Connections that are refused, dead or cut, and who is allowed to try again.

use std::time::Duration;

use acd_core::testing::{Harness, ManualClock};
use acd_core::{Client, ErrorKind, GiveUp, RetryConfig, Safety};
use tokio::net::TcpListener;

use crate::server::{Reply, Server, ok, status};

/// Retries without a wait: these tests are about whether, not about when.
fn at_once() -> RetryConfig {
    RetryConfig::default().with_backoff(Duration::ZERO, Duration::ZERO).with_throttled_base(Duration::ZERO)
}

fn client(server: &Server) -> Client {
    Client::builder(server.url()).retry(at_once()).build().unwrap()
}

#[tokio::test]
async fn a_refused_connection_was_not_sent_and_is_tried_again_even_if_unsafe() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::builder(format!("http://{free}")).retry(at_once()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.may_have_been_sent());
    assert_eq!((error.attempts().len(), error.gave_up()), (3, Some(GiveUp::Attempts)));
}

#[tokio::test]
async fn a_host_that_does_not_exist_was_not_sent() {
    let client = Client::builder("http://nowhere.invalid").retry(RetryConfig::disabled()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
}

#[tokio::test]
async fn a_failed_tls_handshake_was_not_sent() {
    let server = Server::start([]).await;
    let url = server.url().replace("http:", "https:");
    let client = Client::builder(url).retry(RetryConfig::disabled()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
}

#[tokio::test]
async fn a_kept_connection_found_dead_is_replaced() {
    let server = Server::start([ok("first"), Reply::Close, ok("second")]).await;
    let client = client(&server);
    client.call(&Harness::POST_KEYED).send().await.unwrap();
    let response = client.call(&Harness::POST_KEYED).send().await.unwrap();
    assert_eq!(response.body().unwrap(), "second");
    assert_eq!(response.attempts().len(), 2);
    assert!(response.attempts()[0].may_have_been_sent());
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn an_unsafe_call_is_not_repeated_over_a_dead_connection() {
    let server = Server::start([ok("first"), Reply::Close, ok("never")]).await;
    let client = client(&server);
    client.call(&Harness::POST_UNSAFE).send().await.unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.may_have_been_sent());
    assert_eq!(error.gave_up(), Some(GiveUp::UnknownOutcome));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_unsafe_call_is_sent_once_whatever_happens_to_it() {
    for reply in
        [status(503), status(429), Reply::Close, Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")]
    {
        let server = Server::start([reply.clone(), ok("never")]).await;
        let error = client(&server).call(&Harness::POST_UNSAFE).send().await.unwrap_err();
        assert!(error.may_have_been_sent(), "{reply:?}");
        assert_eq!(server.requests().len(), 1, "{reply:?}");
    }
    assert_eq!(Harness::POST_UNSAFE.safety(), Safety::Unsafe);
}

#[tokio::test]
async fn an_answer_cut_in_the_middle_is_asked_for_again() {
    let half = Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    let server = Server::start([half, ok("the whole")]).await;
    let response = client(&server).call(&Harness::GET).send().await.unwrap();
    assert_eq!(response.body().unwrap(), "the whole");
}

#[tokio::test]
async fn nonsense_instead_of_http_is_an_error() {
    let server = Server::start([Reply::Raw("SSH-2.0-OpenSSH\r\n\r\n")]).await;
    let error = client(&server).call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[tokio::test]
async fn a_silent_server_runs_into_the_attempts_timeout() {
    let server = Server::start([Reply::Hang, ok("awake")]).await;
    let clock = ManualClock::new();
    let client = Client::builder(server.url()).runtime(clock.runtime()).retry(at_once()).build().unwrap();
    let time = async {
        server.received(1).await;
        clock.advance(Duration::from_secs(20));
    };
    let (response, ()) = tokio::join!(client.call(&Harness::GET).send(), time);
    let response = response.unwrap();
    assert_eq!(response.attempts()[0].failure(), Some(ErrorKind::Timeout));
    assert_eq!(response.body().unwrap(), "awake");
}

#[tokio::test]
async fn the_deadline_ends_a_call_in_the_middle_of_an_attempt() {
    let server = Server::start([Reply::Hang]).await;
    let clock = ManualClock::new();
    let client = Client::builder(server.url()).runtime(clock.runtime()).build().unwrap();
    let time = async {
        server.received(1).await;
        clock.advance(Duration::from_secs(2));
    };
    let call = client.call(&Harness::GET).timeout(Duration::from_secs(2)).send();
    let (result, ()) = tokio::join!(call, time);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Timeout, true));
    server.gone(1).await;
}
