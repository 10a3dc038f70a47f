use std::time::Duration;

use acd_analytics::{BuildError, Context, EnqueueError, FlushError, Track};
use acd_core::testing::ManualClock;

use crate::support::{Act, Failures, Server, builder, pass_time, track};

#[tokio::test]
async fn a_shutdown_sends_what_is_queued_and_takes_no_more() {
    let (server, clock) = (Server::new([Act::Status(503, None)]), ManualClock::new());
    let client = builder(&server, &clock).batch_events(2).build().unwrap();
    track(&client, 0..5);
    let shutdown = tokio::spawn({
        let client = client.clone();
        async move { client.shutdown().await }
    });
    while !shutdown.is_finished() {
        tokio::task::yield_now().await;
        // The pause after the failure, not the deadline.
        if let Some(next) = clock.sleepers().first().filter(|next| **next < Duration::from_secs(1)) {
            clock.advance(*next);
        }
    }
    let report = shutdown.await.unwrap();
    assert_eq!((report.left, report.on_disk), (0, 0));
    assert_eq!(server.stored().len(), 5);
    assert_eq!(client.track(Track::new("E").user_id("u")), Err(EnqueueError::Closed));
    assert!(matches!(client.flush().await, Err(FlushError::Stopped)));
    assert_eq!(client.shutdown().await.left, 0, "a second shutdown finds nothing to do");
}

#[tokio::test]
async fn a_shutdown_waits_for_no_attempt_beyond_its_deadline() {
    for act in [Act::Unreachable, Act::Status(503, Some(("retry-after", "70")))] {
        let (server, clock) = (Server::new([]).otherwise(act), ManualClock::new());
        let limit = Duration::from_secs(3);
        let client = builder(&server, &clock).shutdown_timeout(limit).build().unwrap();
        track(&client, 0..1);
        let shutdown = tokio::spawn({
            let client = client.clone();
            async move { client.shutdown().await }
        });
        pass_time(&clock, || shutdown.is_finished()).await;
        assert_eq!((shutdown.await.unwrap().left, clock.elapsed()), (1, limit));
    }
}

#[tokio::test]
async fn a_shutdown_ends_at_its_deadline_and_hands_back_what_is_left() {
    let (server, clock, failures) = (Server::new([]).otherwise(Act::Hang), ManualClock::new(), Failures::default());
    let client = builder(&server, &clock)
        .batch_events(2)
        .shutdown_timeout(Duration::from_secs(3))
        .on_failure(failures.callback())
        .build()
        .unwrap();
    track(&client, 0..5);
    server.arrivals(1).await;
    let (report, ()) = tokio::join!(client.shutdown(), async {
        clock.sleeping(Duration::from_secs(3)).await;
        clock.advance(Duration::from_secs(3));
    });
    assert_eq!((report.left, report.on_disk), (5, 0));
    let names: Vec<_> = failures
        .seen()
        .into_iter()
        .flat_map(|(reason, _, names)| {
            assert_eq!(reason, "shutdown");
            names
        })
        .collect();
    assert_eq!(names, ["E0", "E1", "E2", "E3", "E4"]);
    assert_eq!(client.stats().held, 0);
}

#[tokio::test]
async fn dropping_the_last_clone_still_sends_what_is_queued() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).build().unwrap();
    let clone = client.clone();
    drop(client);
    track(&clone, 0..2);
    drop(clone);
    server.arrivals(1).await;
    assert_eq!(server.sizes(), [2]);
}

#[test]
fn when_the_executor_ends_nobody_waits_for_ever() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    let client = first.block_on(async { builder(&server, &clock).build().unwrap() });
    track(&client, 0..2);
    drop(first);
    runtime().block_on(async {
        assert!(matches!(client.flush().await, Err(FlushError::Stopped)));
        assert_eq!(client.shutdown().await.left, 2);
    });
    assert_eq!(client.track(Track::new("E").user_id("u")), Err(EnqueueError::Closed));
}

#[test]
fn without_an_executor_the_client_is_not_built() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    assert!(matches!(builder(&server, &clock).build(), Err(BuildError::Http(_))));
}

#[tokio::test]
async fn settings_outside_their_limits_are_named() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let base = || builder(&server, &clock);
    let cases = [
        (base().queue_events(0), "queue_events is 0: it must be at least 1"),
        (base().queue_bytes(5), "queue_bytes is 5: it must be at least 32768"),
        (base().batch_events(2501), "batch_events is 2501: it must be 1 to 2500"),
        (base().batch_bytes(600_000), "batch_bytes is 600000: it must be "),
    ];
    for (builder, message) in cases {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let large = Context::default().with("x", "x".repeat(40_000));
    assert!(matches!(base().context(large).build(), Err(BuildError::Context(_))));
}
