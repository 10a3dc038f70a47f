//! Connections that are refused, dead or cut, and who is allowed to try again.

use std::time::Duration;

use acd_core::testing::{Harness, ManualClock};
use acd_core::{Client, ErrorKind, GiveUp, RetryConfig, Safety, TransportOptions};

use crate::server::{Reply, Server, ok, status};
use crate::wire::{Wire, over_each_transport};

/// Retries without a wait: these tests are about whether, not about when.
fn at_once() -> RetryConfig {
    RetryConfig::default().with_backoff(Duration::ZERO, Duration::ZERO).with_throttled_base(Duration::ZERO)
}

/// Nobody listens on the discard port, and no system gives it to a program that does not ask for it.
const NOBODY: &str = "http://127.0.0.1:9";

fn client(wire: Wire, server: &Server) -> Client {
    wire.client(server.url()).retry(at_once()).build().unwrap()
}

over_each_transport![
    a_refused_connection_was_not_sent_and_is_tried_again_even_if_unsafe,
    a_host_that_does_not_exist_was_not_sent,
    a_failed_tls_handshake_was_not_sent,
    a_kept_connection_found_dead_is_replaced,
    an_unsafe_call_is_not_repeated_over_a_dead_connection,
    an_unsafe_call_is_sent_once_whatever_happens_to_it,
    an_answer_cut_in_the_middle_is_asked_for_again,
    a_connection_is_kept_no_longer_than_it_may,
    nonsense_instead_of_http_is_an_error,
    a_silent_server_runs_into_the_attempts_timeout,
    the_deadline_ends_a_call_in_the_middle_of_an_attempt,
];

async fn a_refused_connection_was_not_sent_and_is_tried_again_even_if_unsafe(wire: Wire) {
    let client = wire.client(NOBODY).retry(at_once()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.may_have_been_sent());
    assert_eq!((error.attempts().len(), error.gave_up()), (3, Some(GiveUp::Attempts)));
}

async fn a_host_that_does_not_exist_was_not_sent(wire: Wire) {
    let client = wire.client("http://nowhere.invalid").retry(RetryConfig::disabled()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
}

async fn a_failed_tls_handshake_was_not_sent(wire: Wire) {
    let server = Server::start([]).await;
    let url = server.url().replace("http:", "https:");
    let client = wire.client(url).retry(RetryConfig::disabled()).build().unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
}

async fn a_kept_connection_found_dead_is_replaced(wire: Wire) {
    let server = Server::start([ok("first"), Reply::Close, ok("second")]).await;
    let client = client(wire, &server);
    client.call(&Harness::POST_KEYED).send().await.unwrap();
    let response = client.call(&Harness::POST_KEYED).send().await.unwrap();
    assert_eq!(response.body().unwrap(), "second");
    assert_eq!(response.attempts().len(), 2);
    assert!(response.attempts()[0].may_have_been_sent());
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

async fn an_unsafe_call_is_not_repeated_over_a_dead_connection(wire: Wire) {
    let server = Server::start([ok("first"), Reply::Close, ok("never")]).await;
    let client = client(wire, &server);
    client.call(&Harness::POST_UNSAFE).send().await.unwrap();
    let error = client.call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.may_have_been_sent());
    assert_eq!(error.gave_up(), Some(GiveUp::UnknownOutcome));
    assert_eq!(server.requests().len(), 2);
}

async fn an_unsafe_call_is_sent_once_whatever_happens_to_it(wire: Wire) {
    for reply in
        [status(503), status(429), Reply::Close, Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")]
    {
        let server = Server::start([reply.clone(), ok("never")]).await;
        let error = client(wire, &server).call(&Harness::POST_UNSAFE).send().await.unwrap_err();
        assert!(error.may_have_been_sent(), "{reply:?}");
        assert_eq!(server.requests().len(), 1, "{reply:?}");
    }
    assert_eq!(Harness::POST_UNSAFE.safety(), Safety::Unsafe);
}

async fn an_answer_cut_in_the_middle_is_asked_for_again(wire: Wire) {
    let half = Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    let server = Server::start([half, ok("the whole")]).await;
    let response = client(wire, &server).call(&Harness::GET).send().await.unwrap();
    assert_eq!(response.body().unwrap(), "the whole");
}

async fn a_connection_is_kept_no_longer_than_it_may(wire: Wire) {
    let server = Server::start([ok("first"), ok("second")]).await;
    let mut options = TransportOptions::default();
    options.idle_timeout = Duration::ZERO;
    let client = wire.client_with(server.url(), &options).build().unwrap();
    for _ in 0..2 {
        client.call(&Harness::POST_UNSAFE).send().await.unwrap();
    }
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1]);
}

async fn nonsense_instead_of_http_is_an_error(wire: Wire) {
    let server = Server::start([Reply::Raw("SSH-2.0-OpenSSH\r\n\r\n")]).await;
    let error = client(wire, &server).call(&Harness::POST_UNSAFE).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

async fn a_silent_server_runs_into_the_attempts_timeout(wire: Wire) {
    let server = Server::start([Reply::Hang, ok("awake")]).await;
    let clock = ManualClock::new();
    let client = wire.client(server.url()).runtime(clock.runtime()).retry(at_once()).build().unwrap();
    let time = async {
        server.received(1).await;
        clock.advance(Duration::from_secs(20));
    };
    let (response, ()) = tokio::join!(client.call(&Harness::GET).send(), time);
    let response = response.unwrap();
    assert_eq!(response.attempts()[0].failure(), Some(ErrorKind::Timeout));
    assert_eq!(response.body().unwrap(), "awake");
}

async fn the_deadline_ends_a_call_in_the_middle_of_an_attempt(wire: Wire) {
    let server = Server::start([Reply::Hang]).await;
    let clock = ManualClock::new();
    let client = wire.client(server.url()).runtime(clock.runtime()).build().unwrap();
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
