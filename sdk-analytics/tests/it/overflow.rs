use std::time::Duration;

use acd_analytics::{EnqueueError, Overflow, Track};
use acd_core::testing::ManualClock;

use crate::support::{Act, Failures, Server, builder, track};

#[tokio::test]
async fn a_full_queue_refuses_the_newest_and_tells_of_it_once() {
    let (server, clock, failures) = (Server::new([]), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock).queue_events(3).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..3);
    for _ in 0..4 {
        assert_eq!(client.track(Track::new("E").user_id("u")), Err(EnqueueError::QueueFull));
    }
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["E0", "E1", "E2"]);
    client.shutdown().await;
    assert_eq!(failures.seen(), [("overflow", 4, vec![])]);
    assert_eq!(client.stats().overflowed, 4);
}

#[tokio::test]
async fn a_full_queue_drops_the_oldest_where_told_to() {
    let (server, clock, failures) = (Server::new([]), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock)
        .queue_events(3)
        .overflow(Overflow::DropOldest)
        .on_failure(failures.callback())
        .build()
        .unwrap();
    track(&client, 0..5);
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["E2", "E3", "E4"]);
    client.shutdown().await;
    assert_eq!(failures.seen(), [("overflow", 2, vec![])]);
}

#[tokio::test]
async fn bytes_bound_the_queue_too() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).queue_bytes(64 * 1024).build().unwrap();
    let text = serde_json::json!({ "text": "x".repeat(30_000) });
    let tracked = (0..10).filter(|_| client.track(Track::new("E").user_id("u").properties(&text)).is_ok()).count();
    assert_eq!(tracked, 2);
}

#[tokio::test]
async fn losses_are_told_while_the_server_is_away() {
    let (server, clock, failures) = (Server::new([]), ManualClock::new(), Failures::default());
    let server = server.otherwise(Act::Status(503, Some(("retry-after", "120"))));
    let client = builder(&server, &clock).queue_events(2).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..2);
    client.flush().await.unwrap_err();
    track(&client, 2..4);
    client.track(Track::new("E").user_id("u")).unwrap_err();
    clock.sleeping(Duration::from_secs(1)).await;
    clock.advance(Duration::from_secs(1));
    clock.sleeping(Duration::from_secs(1)).await;
    assert_eq!(failures.seen(), [("overflow", 1, vec![])]);
}
