use std::time::Duration;

use acd_analytics::Track;
use acd_core::testing::ManualClock;

use crate::support::{Act, Server, builder, pass_time, track};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_batch_goes_when_it_has_its_number_of_events() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).batch_events(3).build().unwrap();
    track(&client, 0..7);
    server.arrivals(2).await;
    clock.sleeping(SECOND).await;
    assert_eq!(server.sizes(), [3, 3]);
    assert_eq!(server.arrived()[1].names(), ["E3", "E4", "E5"]);
    assert_eq!(client.stats().held, 1);
}

#[tokio::test]
async fn a_batch_goes_when_the_interval_is_over() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).interval(5 * SECOND).build().unwrap();
    track(&client, 0..2);
    clock.sleeping(5 * SECOND).await;
    clock.advance(4 * SECOND);
    clock.sleeping(SECOND).await;
    assert_eq!(server.sizes(), [0; 0]);
    clock.advance(SECOND);
    server.arrivals(1).await;
    assert_eq!(server.sizes(), [2]);
}

#[tokio::test]
async fn a_batch_goes_before_it_has_too_many_bytes() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).batch_bytes(100 * 1024).build().unwrap();
    for _ in 0..40 {
        let properties = serde_json::json!({ "text": "x".repeat(10_000) });
        client.track(Track::new("Large").user_id("u").properties(properties)).unwrap();
    }
    client.flush().await.unwrap();
    let arrived = server.arrived();
    assert!(arrived.len() > 1 && arrived.iter().all(|request| request.bytes <= 100 * 1024), "{:?}", server.sizes());
    assert_eq!(server.stored().len(), 40);
}

#[tokio::test]
async fn events_tracked_while_a_batch_is_under_way_go_next() {
    let (server, clock) = (Server::new([Act::Hang]), ManualClock::new());
    let client = builder(&server, &clock).batch_events(2).build().unwrap();
    track(&client, 0..2);
    server.arrivals(1).await;
    track(&client, 2..5);
    // The attempt's timeout, then the pause before the next.
    clock.sleeping(20 * SECOND).await;
    clock.advance(20 * SECOND);
    pass_time(&clock, || server.arrived().len() == 3).await;
    assert_eq!(server.sizes(), [2, 2, 2]);
    assert_eq!(server.arrived()[2].names(), ["E2", "E3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_many_threads_arrive_once_each() {
    const THREADS: usize = 4;
    const EVENTS: usize = 5_000;
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).queue_events(THREADS * EVENTS).build().unwrap();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let client = client.clone();
            tokio::task::spawn_blocking(move || track(&client, 0..EVENTS))
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), THREADS * EVENTS);
    let stats = client.stats();
    assert_eq!((stats.delivered as usize, stats.duplicates, stats.held), (THREADS * EVENTS, 0, 0));
}
