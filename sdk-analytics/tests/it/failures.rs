use std::time::Duration;

use acd_analytics::wire::RejectionCode;
use acd_analytics::{FlushError, Track};
use acd_core::testing::ManualClock;

use crate::support::{Act, Failures, Server, builder, pass_time, track};

#[tokio::test]
async fn a_rejected_event_does_not_sink_its_batch() {
    let (server, clock, failures) = (Server::new([Act::RejectNamed("E1")]), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..3);
    client.flush().await.unwrap();
    assert_eq!(failures.seen(), [("rejected", 1, vec!["E1".into()])]);
    let rejection = failures.last().events[0].rejection.clone().unwrap();
    assert_eq!((rejection.index, rejection.code), (1, RejectionCode::InvalidEvent));
    let stats = client.stats();
    assert_eq!((stats.delivered, stats.rejected, stats.held), (2, 1, 0));
}

#[tokio::test]
async fn what_is_too_large_for_the_server_goes_in_halves() {
    let (server, clock, failures) = (Server::new([]).with_most_events(2), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..7);
    client.flush().await.unwrap();
    assert_eq!(server.sizes(), [7, 3, 1, 2, 4, 2, 2]);
    assert_eq!(server.stored().len(), 7);
    assert_eq!(failures.seen(), []);
}

#[tokio::test]
async fn one_event_that_is_too_large_fails_alone() {
    let (server, clock, failures) = (Server::new([]).with_most_events(0), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..2);
    client.flush().await.unwrap();
    assert_eq!(failures.seen(), [("too_large", 1, vec!["E0".into()]), ("too_large", 1, vec!["E1".into()])]);
}

#[tokio::test]
async fn a_refused_request_is_not_repeated() {
    for status in [400, 401, 403, 404] {
        let (server, clock, failures) =
            (Server::new([Act::Status(status, None)]), ManualClock::new(), Failures::default());
        let client = builder(&server, &clock).on_failure(failures.callback()).build().unwrap();
        track(&client, 0..2);
        client.flush().await.unwrap();
        assert_eq!(failures.seen(), [("refused", 2, vec!["E0".into(), "E1".into()])], "{status}");
        assert_eq!(failures.last().reason.error().unwrap().status().unwrap().as_u16(), status);
        assert_eq!(server.sizes(), [2]);
    }
}

#[tokio::test]
async fn whatever_may_pass_is_tried_until_it_has() {
    let acts = [
        Act::Unreachable,
        Act::Status(500, None),
        Act::Status(429, Some(("retry-after", "40"))),
        Act::Status(302, None),
        Act::Html,
        Act::LoseReply,
        Act::Status(408, None),
    ];
    let (server, clock, failures) = (Server::new(acts), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..3);
    pass_time(&clock, || client.stats().delivered == 3).await;
    assert_eq!(server.sizes(), [3; 8]);
    assert_eq!(server.stored().len(), 3, "a lost reply makes duplicates, not second rows");
    assert_eq!(client.stats().duplicates, 3);
    assert_eq!(failures.seen(), []);
    assert!(clock.elapsed() >= Duration::from_secs(40), "Retry-After is obeyed");
}

#[tokio::test]
async fn a_flush_reports_trouble_at_once_and_the_events_stay() {
    let (server, clock) = (Server::new([Act::Unreachable, Act::Unreachable]), ManualClock::new());
    let client = builder(&server, &clock).build().unwrap();
    track(&client, 0..2);
    for _ in 0..2 {
        // The second one does not wait for the pause that the first has left behind.
        let Err(FlushError::Undelivered { left: 2, cause }) = client.flush().await else { panic!("delivered") };
        assert_eq!(cause.kind(), acd_core::ErrorKind::Connect);
    }
    client.flush().await.unwrap();
    assert_eq!(server.sizes(), [2, 2, 2]);
    assert!(clock.elapsed().is_zero());
}

#[tokio::test]
async fn events_are_given_up_after_their_time() {
    let (server, clock, failures) =
        (Server::new([]).otherwise(Act::Unreachable), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock)
        .give_up_after(Duration::from_secs(600))
        .on_failure(failures.callback())
        .build()
        .unwrap();
    track(&client, 0..2);
    pass_time(&clock, || !failures.seen().is_empty()).await;
    assert_eq!(failures.seen(), [("gave_up", 2, vec!["E0".into(), "E1".into()])]);
    assert!(clock.elapsed() > Duration::from_secs(500), "{:?}", clock.elapsed());
    server.now(Act::Store);
    track(&client, 2..3);
    client.flush().await.unwrap();
}

#[tokio::test]
async fn a_panicking_callback_does_not_stop_the_sending() {
    let (server, clock) = (Server::new([Act::Status(401, None)]), ManualClock::new());
    let client = builder(&server, &clock).on_failure(|_| panic!("in the application")).build().unwrap();
    track(&client, 0..1);
    client.flush().await.unwrap();
    track(&client, 1..2);
    client.flush().await.unwrap();
    assert_eq!(client.stats().delivered, 1);
}

#[tokio::test]
async fn a_panicking_serialize_leaves_the_queue_as_it_was() {
    struct Bomb;
    impl serde::Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in the application")
        }
    }
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).build().unwrap();
    let tracking = std::panic::AssertUnwindSafe(|| client.track(Track::new("Bomb").user_id("u").properties(Bomb)));
    std::panic::catch_unwind(tracking).unwrap_err();
    track(&client, 0..1);
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["E0"]);
}

#[tokio::test]
async fn an_event_may_track_another_while_it_is_encoded() {
    struct Nested<'a>(&'a acd_analytics::AnalyticsClient);
    impl serde::Serialize for Nested<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.track(Track::new("Inner").user_id("u")).unwrap();
            serializer.collect_map([("a", 1)])
        }
    }
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).build().unwrap();
    client.track(Track::new("Outer").user_id("u").properties(Nested(&client))).unwrap();
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["Inner", "Outer"]);
}
