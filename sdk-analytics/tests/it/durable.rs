use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use acd_analytics::{
    AnalyticsClient, AnalyticsClientBuilder, BuildError, Context, DurableQueue, EnqueueError, JournalError, Overflow,
    SyncPolicy, Track, Withdrawal,
};
use acd_core::testing::ManualClock;
use tempfile::TempDir;

use crate::support::{Act, Failures, Server, builder, track};

/// A folder that outlives the clients which use it one after the other.
struct Disk(TempDir);

impl Disk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("queue")
    }

    fn queue(&self) -> DurableQueue {
        DurableQueue::new(self.path())
    }

    fn segments(&self) -> Vec<PathBuf> {
        let is_segment = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "events");
        let mut paths: Vec<_> = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(is_segment);
        paths.sort();
        paths
    }
}

/// A client that gives a shutdown no time to send.
fn hasty(server: &Server, clock: &ManualClock) -> AnalyticsClientBuilder {
    builder(server, clock).shutdown_timeout(Duration::ZERO)
}

/// Tracks events of 30 KB until one is refused, at most `most`. Each is on disk or in memory when this completes.
async fn track_large(client: &AnalyticsClient, most: usize) -> usize {
    let text = serde_json::json!({ "text": "x".repeat(30_000) });
    for number in 0..most {
        match client.track(Track::new(&format!("E{number}")).user_id("u").properties(&text)) {
            Ok(_) => {}
            Err(EnqueueError::QueueFull) => return number,
            Err(error) => panic!("{error}"),
        }
        if number % 10 == 0 {
            let _ = client.persist().await;
        }
    }
    most
}

#[tokio::test]
async fn what_one_run_leaves_the_next_one_sends_under_the_same_ids() {
    for sync in [SyncPolicy::System, SyncPolicy::EachWrite, SyncPolicy::Within(Duration::from_secs(1))] {
        let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
        let first = hasty(&server, &clock).durable(disk.queue().sync(sync)).build().unwrap();
        let ids: Vec<_> = (0..250).map(|_| first.track(Track::new("E").user_id("u")).unwrap().to_string()).collect();
        let report = first.shutdown().await;
        assert_eq!((report.left, report.on_disk), (250, 250));
        assert_eq!(server.sizes(), [0; 0]);

        let second = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
        assert_eq!(second.stats().held, 250);
        second.flush().await.unwrap();
        assert_eq!(server.sizes(), [100, 100, 50]);
        let mut sent = server.stored();
        sent.sort();
        let mut expected = ids;
        expected.sort();
        assert_eq!(sent, expected);
        assert_eq!(second.shutdown().await.left, 0);
        assert!(disk.segments().is_empty(), "what the server has is deleted");
    }
}

#[tokio::test]
async fn a_reply_lost_between_two_runs_makes_duplicates_and_not_second_rows() {
    let (server, clock, disk) = (Server::new([Act::LoseReply]), ManualClock::new(), Disk::new());
    let first = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    track(&first, 0..10);
    first.flush().await.unwrap_err();
    assert_eq!(first.shutdown().await.on_disk, 10);
    let second = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    second.flush().await.unwrap();
    assert_eq!((server.stored().len(), second.stats().duplicates), (10, 10));
}

#[tokio::test]
async fn what_the_server_has_is_not_sent_again_by_the_next_run() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let first = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    track(&first, 0..10);
    first.flush().await.unwrap();
    server.now(Act::Unreachable);
    track(&first, 10..15);
    assert_eq!(first.shutdown().await.on_disk, 5);
    server.now(Act::Store);
    let second = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    second.flush().await.unwrap();
    assert_eq!(server.arrived().last().unwrap().names(), ["E10", "E11", "E12", "E13", "E14"]);
    assert_eq!(second.stats().duplicates, 0);
}

#[tokio::test]
async fn events_keep_the_context_of_the_run_they_were_made_in() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let of =
        |version: &str| hasty(&server, &clock).durable(disk.queue()).context(Context::default().app("shop", version));
    let first = of("1").build().unwrap();
    track(&first, 0..1);
    first.shutdown().await;
    let second = of("2").build().unwrap();
    track(&second, 1..2);
    second.flush().await.unwrap();
    let sent: Vec<_> = server
        .arrived()
        .iter()
        .map(|request| (request.body["context"]["app"]["version"].clone(), request.names()[0].to_owned()))
        .collect();
    assert_eq!(sent, [("1".into(), "E0".to_owned()), ("2".into(), "E1".to_owned())]);
}

#[tokio::test]
async fn a_folder_serves_one_client_at_a_time() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let first = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    let second = hasty(&server, &clock).durable(disk.queue()).build();
    assert!(matches!(second, Err(BuildError::Journal(JournalError::InUse(path))) if path == disk.path()));
    first.shutdown().await;
    hasty(&server, &clock).durable(disk.queue()).build().unwrap();
}

#[tokio::test]
async fn at_the_disk_limit_the_newest_are_refused_and_none_of_the_others_is_lost() {
    let (server, clock, disk) = (Server::new([]).otherwise(Act::Unreachable), ManualClock::new(), Disk::new());
    let client = hasty(&server, &clock)
        .queue_bytes(1 << 20)
        .durable(disk.queue().max_bytes(8 << 20).sync(SyncPolicy::System))
        .build()
        .unwrap();
    let tracked = track_large(&client, 1000).await;
    assert!((8 << 20..10 << 20).contains(&(tracked * 30_000)), "{tracked} events went into 8 MiB and 1 MiB");
    assert!(matches!(client.persist().await, Err(JournalError::Full { limit }) if limit == 8 << 20));
    assert!(client.stats().disk_bytes <= 8 << 20);
    server.now(Act::Store);
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), tracked);
    client.persist().await.unwrap();
}

#[tokio::test]
async fn at_the_disk_limit_the_oldest_make_room_where_told_to() {
    let (server, clock, disk) = (Server::new([]).otherwise(Act::Unreachable), ManualClock::new(), Disk::new());
    let failures = Failures::default();
    let options = disk.queue().max_bytes(8 << 20).overflow(Overflow::DropOldest).sync(SyncPolicy::System);
    let client = hasty(&server, &clock).on_failure(failures.callback()).durable(options).build().unwrap();
    assert_eq!(track_large(&client, 500).await, 500);
    client.persist().await.unwrap();
    server.now(Act::Store);
    client.flush().await.unwrap();
    let stats = client.stats();
    assert!(stats.overflowed > 200 && stats.disk_bytes <= 8 << 20, "{stats:?}");
    assert_eq!(stats.delivered + stats.overflowed, 500);
    assert_eq!(server.arrived().last().unwrap().names().last(), Some(&"E499"));
    client.shutdown().await;
    assert_eq!(failures.seen().iter().map(|(_, count, _)| count).sum::<u64>(), stats.overflowed);
}

#[tokio::test]
async fn withdrawn_consent_reaches_the_disk() {
    let (server, clock, disk) = (Server::new([]).otherwise(Act::Unreachable), ManualClock::new(), Disk::new());
    let client = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    track(&client, 0..10);
    client.persist().await.unwrap();
    assert_eq!(disk.segments().len(), 1);
    client.set_consent(false);
    client.persist().await.unwrap();
    assert!(disk.segments().is_empty());
    assert_eq!((client.stats().forgotten, client.stats().held), (10, 0));
    server.now(Act::Store);
    client.set_consent(true);
    track(&client, 10..11);
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), 1);
}

#[tokio::test]
async fn what_is_tracked_after_consent_was_given_again_is_kept() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let client = builder(&server, &clock).batch_events(1).durable(disk.queue()).build().unwrap();
    for round in 0..50 {
        // The writer, which gathers for a moment first, is to be amidst many writes when consent is withdrawn.
        track(&client, 0..600);
        client.set_consent(false);
        client.set_consent(true);
        let kept = format!("K{round}");
        client.track(Track::new("Kept").user_id("u").message_id(&kept)).unwrap();
        client.flush().await.unwrap();
        assert!(server.stored().contains(&kept), "round {round}");
    }
    client.persist().await.unwrap();
    let stats = client.stats();
    assert_eq!((stats.tracked, stats.held), (50 * 601, 0));
    assert!(stats.delivered >= 50, "{stats:?}");
}

#[tokio::test]
async fn a_run_without_consent_keeps_what_an_earlier_one_left() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let first = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    track(&first, 0..3);
    first.shutdown().await;
    let second =
        hasty(&server, &clock).consent(false).on_withdrawal(Withdrawal::Keep).durable(disk.queue()).build().unwrap();
    second.flush().await.unwrap_err();
    assert_eq!(server.sizes(), [0; 0]);
    second.set_consent(true);
    second.flush().await.unwrap();
    assert_eq!(server.sizes(), [3]);
}

#[tokio::test]
async fn a_damaged_segment_costs_what_is_behind_the_damage_and_nothing_else() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    for run in 0..2 {
        let client = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
        track(&client, run * 10..run * 10 + 10);
        client.shutdown().await;
    }
    let [first, _] = &disk.segments()[..] else { panic!("a run has a segment") };
    flip_a_byte_of(first, "E7");
    let client = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), 17);
    assert!(client.stats().damaged_bytes > 0);
}

#[tokio::test]
async fn damage_done_while_running_is_counted_as_loss() {
    let (server, clock, disk) = (Server::new([]).otherwise(Act::Unreachable), ManualClock::new(), Disk::new());
    let failures = Failures::default();
    let client = hasty(&server, &clock).on_failure(failures.callback()).durable(disk.queue()).build().unwrap();
    track(&client, 0..10);
    client.persist().await.unwrap();
    flip_a_byte_of(&disk.segments()[0], "E7");
    server.now(Act::Store);
    client.flush().await.unwrap();
    track(&client, 10..12);
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), 9);
    client.shutdown().await;
    assert_eq!(failures.seen(), [("overflow", 3, vec![])]);
}

#[tokio::test]
async fn what_the_file_system_refuses_stays_in_memory_until_it_does_not() {
    let (server, clock, disk) = (Server::new([]).otherwise(Act::Unreachable), ManualClock::new(), Disk::new());
    let client = hasty(&server, &clock).durable(disk.queue()).build().unwrap();
    fs::remove_dir_all(disk.path()).unwrap();
    track(&client, 0..5);
    let error = client.persist().await.unwrap_err();
    assert!(matches!(&error, JournalError::Io { action: "create", .. }), "{error}");
    assert!(client.stats().disk_failures > 0);
    fs::create_dir(disk.path()).unwrap();
    client.persist().await.unwrap();
    assert_eq!(disk.segments().len(), 1);
    server.now(Act::Store);
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), 5);
}

#[tokio::test]
async fn what_could_not_be_written_is_handed_back_by_a_shutdown() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let failures = Failures::default();
    let client = hasty(&server, &clock).on_failure(failures.callback()).durable(disk.queue()).build().unwrap();
    fs::remove_dir_all(disk.path()).unwrap();
    track(&client, 0..3);
    let report = client.shutdown().await;
    assert_eq!((report.left, report.on_disk), (3, 0));
    assert_eq!(failures.seen(), [("shutdown", 3, vec!["E0".into(), "E1".into(), "E2".into()])]);
}

#[tokio::test]
async fn a_batch_goes_by_number_and_by_time_from_disk_too() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let client = builder(&server, &clock).batch_events(3).durable(disk.queue()).build().unwrap();
    track(&client, 0..4);
    server.arrivals(1).await;
    clock.sleeping(Duration::from_secs(1)).await;
    clock.advance(Duration::from_secs(1));
    server.arrivals(2).await;
    assert_eq!(server.stored().len(), 4);
}

#[tokio::test]
async fn a_disk_limit_too_small_for_batches_is_named() {
    let (server, clock, disk) = (Server::new([]), ManualClock::new(), Disk::new());
    let error = builder(&server, &clock).durable(disk.queue().max_bytes(1)).build().unwrap_err();
    assert_eq!(error.to_string(), "durable.max_bytes is 1: it must be at least 8388608");
}

fn flip_a_byte_of(segment: &Path, event: &str) {
    let mut bytes = fs::read(segment).unwrap();
    let at = bytes.windows(event.len()).position(|window| window == event.as_bytes()).unwrap();
    bytes[at] ^= 1;
    fs::write(segment, bytes).unwrap();
}
