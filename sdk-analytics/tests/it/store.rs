use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_analytics::{
    AnalyticsClient, AnalyticsClientBuilder, Context, EnqueueError, EventStore, Overflow, RecordKey, StoreError, Track,
};
use acd_core::testing::ManualClock;

use crate::support::{Act, Failures, Server, builder, pass_time, track};

/// A store that outlives the clients which use it one after the other.
#[derive(Clone, Debug, Default)]
struct Shelf(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<RecordKey, Vec<u8>>,
    next: RecordKey,
    refuses: bool,
    hangs: bool,
}

impl Shelf {
    fn records(&self) -> usize {
        self.0.lock().unwrap().records.len()
    }

    fn refuse(&self, refuses: bool) {
        self.0.lock().unwrap().refuses = refuses;
    }

    fn willing(&self) -> Result<(), StoreError> {
        if self.0.lock().unwrap().refuses { Err(StoreError::new("the test wants it so")) } else { Ok(()) }
    }
}

impl EventStore for Shelf {
    async fn load(&self) -> Result<Vec<(RecordKey, Vec<u8>)>, StoreError> {
        self.willing()?;
        Ok(self.0.lock().unwrap().records.clone().into_iter().collect())
    }

    async fn put(&self, record: Vec<u8>) -> Result<RecordKey, StoreError> {
        self.willing()?;
        if self.0.lock().unwrap().hangs {
            pending::<()>().await;
        }
        let mut state = self.0.lock().unwrap();
        state.next += 1;
        let key = state.next;
        state.records.insert(key, record);
        Ok(key)
    }

    async fn remove(&self, keys: Vec<RecordKey>) -> Result<(), StoreError> {
        self.willing()?;
        self.0.lock().unwrap().records.retain(|key, _| !keys.contains(key));
        Ok(())
    }
}

/// A client that gives a shutdown no time to send.
fn hasty(server: &Server, clock: &ManualClock, shelf: &Shelf) -> AnalyticsClientBuilder {
    builder(server, clock).shutdown_timeout(Duration::ZERO).store(shelf.clone())
}

fn open(server: &Server, shelf: &Shelf) -> AnalyticsClient {
    hasty(server, &ManualClock::new(), shelf).build().unwrap()
}

#[tokio::test]
async fn what_one_run_leaves_the_next_one_sends_under_the_same_ids() {
    let (server, shelf) = (Server::new([]), Shelf::default());
    // Two full batches would be sent at once.
    let first = hasty(&server, &ManualClock::new(), &shelf).batch_events(2500).build().unwrap();
    let mut ids = Vec::new();
    for number in 0..250 {
        ids.push(first.track(Track::new("E").user_id("u")).unwrap().to_string());
        if number % 7 == 0 {
            first.stored().await.unwrap();
        }
    }
    let report = first.shutdown().await;
    assert_eq!((report.left, report.on_disk), (250, 250));
    assert_eq!(server.sizes(), [0; 0]);

    let second = open(&server, &shelf);
    second.flush().await.unwrap();
    assert_eq!(server.sizes(), [100, 100, 50], "records are joined to batches");
    let sent: Vec<_> = server
        .arrived()
        .iter()
        .flat_map(|request| {
            request.events().iter().map(|event| event["messageId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(sent, ids);
    assert_eq!((second.stats().held, second.stats().disk_bytes), (0, 0));
    assert_eq!(second.shutdown().await.left, 0);
    assert_eq!(shelf.records(), 0, "what the server has is removed");
}

#[tokio::test]
async fn events_keep_the_context_of_the_run_they_were_made_in() {
    let (server, clock, shelf) = (Server::new([]), ManualClock::new(), Shelf::default());
    let of = |version: &str| hasty(&server, &clock, &shelf).context(Context::default().app("shop", version));
    let first = of("1").build().unwrap();
    track(&first, 0..1);
    first.shutdown().await;
    let second = of("2").build().unwrap();
    track(&second, 1..2);
    second.flush().await.unwrap();
    let sent = server.arrived();
    let sent: Vec<_> =
        sent.iter().map(|request| (&request.body["context"]["app"]["version"], request.names())).collect();
    assert_eq!(sent, [(&"1".into(), vec!["E0"]), (&"2".into(), vec!["E1"])]);
}

#[tokio::test]
async fn a_flush_waits_for_what_is_on_its_way_to_the_store() {
    let (server, shelf) = (Server::new([]), Shelf::default());
    let client = open(&server, &shelf);
    track(&client, 0..3);
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["E0", "E1", "E2"]);
    assert_eq!(client.stats().delivered, 3);
}

#[tokio::test]
async fn a_refusal_is_told_to_those_who_ask_later_until_the_events_are_sent() {
    let (server, shelf) = (Server::new([]), Shelf::default());
    let client = open(&server, &shelf);
    shelf.refuse(true);
    track(&client, 0..2);
    client.stored().await.unwrap_err();
    shelf.refuse(false);
    let error = client.stored().await.unwrap_err();
    assert!(error.to_string().contains("the test wants it so"), "{error}");
    client.flush().await.unwrap();
    client.stored().await.unwrap();
    track(&client, 2..3);
    client.stored().await.unwrap();
    assert_eq!(client.shutdown().await.on_disk, 1);
}

#[tokio::test]
async fn events_that_cannot_be_kept_are_sent_from_memory_and_handed_back_at_the_end() {
    let (server, clock, shelf, failures) = (Server::new([]), ManualClock::new(), Shelf::default(), Failures::default());
    shelf.refuse(true);
    let client = hasty(&server, &clock, &shelf).on_failure(failures.callback()).build().unwrap();
    track(&client, 0..2);
    let error = client.stored().await.unwrap_err();
    assert!(error.to_string().contains("the test wants it so"), "{error}");
    client.flush().await.unwrap();
    assert_eq!(server.stored().len(), 2);
    track(&client, 2..3);
    let _ = client.stored().await;
    shelf.refuse(false);
    track(&client, 3..4);
    client.stored().await.unwrap_err();
    let report = client.shutdown().await;
    assert_eq!((report.left, report.on_disk), (2, 1));
    assert_eq!(failures.seen(), [("shutdown", 1, vec!["E2".to_owned()])]);
}

#[tokio::test]
async fn the_batch_that_a_shutdown_cuts_off_stays_in_the_store() {
    let (server, shelf) = (Server::new([Act::Hang]), Shelf::default());
    let client = open(&server, &shelf);
    track(&client, 0..5);
    let (flushed, report) = tokio::join!(client.flush(), async {
        server.arrivals(1).await;
        client.shutdown().await
    });
    assert!(flushed.is_err());
    assert_eq!((report.left, report.on_disk), (5, 5));
    assert_eq!(shelf.records(), 1);
}

#[tokio::test]
async fn withdrawal_forgets_what_is_kept_sent_and_being_put() {
    let (server, clock, shelf) = (Server::new([Act::Hang]), ManualClock::new(), Shelf::default());
    let client = builder(&server, &clock).batch_events(2).store(shelf.clone()).build().unwrap();
    track(&client, 0..5);
    server.arrivals(1).await;
    client.set_consent(false);
    client.set_consent(true);
    client.stored().await.unwrap();
    track(&client, 5..6);
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[1].names(), ["E5"]);
    let stats = client.stats();
    assert_eq!((stats.forgotten, stats.delivered, stats.held, stats.disk_bytes), (5, 1, 0, 0));
    client.shutdown().await;
    assert_eq!(shelf.records(), 0);
}

#[tokio::test]
async fn what_earlier_runs_left_waits_for_consent_and_what_is_damaged_is_removed() {
    let (server, clock, shelf) = (Server::new([]), ManualClock::new(), Shelf::default());
    let first = open(&server, &shelf);
    track(&first, 0..2);
    first.shutdown().await;
    for broken in [&b"{\"context\":{},\"batch\":[{"[..], b"", b"{\"context\":{},\"batch\":[]}"] {
        EventStore::put(&shelf, broken.to_vec()).await.unwrap();
    }
    let second = hasty(&server, &clock, &shelf).consent(false).build().unwrap();
    assert!(second.flush().await.is_err());
    second.stored().await.unwrap();
    assert_eq!((shelf.records(), second.stats().damaged_bytes), (1, 24));
    second.set_consent(true);
    second.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["E0", "E1"]);
}

/// Tracks events of 30 KB until one is refused, each kept before the next, and says how many were taken.
async fn track_large(client: &AnalyticsClient, most: usize) -> usize {
    let text = serde_json::json!({ "text": "x".repeat(30_000) });
    for number in 0..most {
        match client.track(Track::new(&format!("E{number}")).user_id("u").properties(&text)) {
            Ok(_) => {
                let _ = client.stored().await;
            }
            Err(EnqueueError::QueueFull) => return number,
            Err(error) => panic!("{error}"),
        }
    }
    most
}

#[tokio::test]
async fn at_its_limit_it_keeps_what_it_has_or_drops_the_oldest() {
    let limited = |overflow, shelf: &Shelf, clock: &ManualClock, failures: &Failures| {
        let server = Server::new([]).otherwise(Act::Unreachable);
        let client = hasty(&server, clock, shelf).store_bytes(512 * 1024).queue_bytes(64 * 1024).overflow(overflow);
        client.on_failure(failures.callback()).build().unwrap()
    };
    let (clock, shelf, failures) = (ManualClock::new(), Shelf::default(), Failures::default());
    let client = limited(Overflow::DropNewest, &shelf, &clock, &failures);
    // Twelve of 30 KB are the batch under way, 18 reach 512 KiB, and two wait before them.
    assert_eq!(track_large(&client, 40).await, 32);
    let error = client.stored().await.unwrap_err();
    assert!(error.to_string().contains("524288"), "{error}");

    let (shelf, failures) = (Shelf::default(), Failures::default());
    let client = limited(Overflow::DropOldest, &shelf, &clock, &failures);
    assert_eq!(track_large(&client, 40).await, 40);
    client.stored().await.unwrap();
    assert_eq!((client.stats().held, client.stats().overflowed), (30, 10));
    pass_time(&clock, || failures.seen().iter().map(|(_, count, _)| count).sum::<u64>() == 10).await;
}
