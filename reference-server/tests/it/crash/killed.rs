//! kill -9 in the middle of a stream of batches.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use acd_analytics::{AnalyticsClient, Track};
use acd_core::Secret;
use acd_platform::PlatformClient;
use acd_platform::events::{Event, ListEvents};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::http::Http;
use crate::support::process::{Settings, data_dir, free_address};
use crate::support::wait::{Looks, until};

const SENDERS: usize = 4;
const BATCH: usize = 10;

/// What the senders share.
#[derive(Clone)]
struct Shared {
    http: Http,
    key: Secret,
    acknowledged: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
}

/// Clients that send batch after batch, each again until it is acknowledged and never after.
struct Stream {
    shared: Shared,
    stop: watch::Sender<bool>,
    senders: JoinSet<Vec<String>>,
}

impl Stream {
    fn start(url: &str, key: &Secret) -> Self {
        let shared =
            Shared { http: Http::new(url), key: key.clone(), acknowledged: Arc::default(), failed: Arc::default() };
        let (stop, stopped) = watch::channel(false);
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (shared, stopped) = (shared.clone(), stopped.clone());
            senders.spawn(async move {
                let mut sent = Vec::new();
                while !*stopped.borrow() {
                    let ids: Vec<String> = (0..BATCH).map(|at| format!("{sender}-{}-{at}", sent.len())).collect();
                    shared.send(&ids).await;
                    sent.extend(ids);
                }
                sent
            });
        }
        Self { shared, stop, senders }
    }

    fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    async fn until_acknowledged(&self, batches: usize) {
        until("batches are acknowledged", async || (self.acknowledged() >= batches).then_some(())).await;
    }

    /// Ends when the batches under way are acknowledged, and gives the ids of all events.
    async fn end(self) -> Vec<String> {
        self.stop.send(true).unwrap();
        let mut sent = self.senders.join_all().await.concat();
        sent.sort_unstable();
        sent
    }
}

impl Shared {
    async fn send(&self, ids: &[String]) {
        let event = |id| json!({ "type": "track", "event": "Kept", "userId": "u", "messageId": id });
        let body = json!({ "batch": ids.iter().map(event).collect::<Vec<_>>() });
        let mut looks = Looks::at("the batch is acknowledged");
        let reply = loop {
            looks.next().await;
            let reply = self.http.post("/v1/batch").bearer(&self.key).json(&body).try_send().await.ok();
            if let Some(reply) = reply.filter(|reply| reply.status != 503) {
                break reply.json();
            }
            self.failed.fetch_add(1, Ordering::Relaxed);
        };
        assert_eq!(reply["accepted"].as_u64().unwrap() + reply["duplicates"].as_u64().unwrap(), BATCH as u64);
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

/// The message ids of everything stored, sorted.
async fn stored(url: &str, admin: &Secret) -> Vec<String> {
    let client = PlatformClient::new(admin.clone(), url).unwrap();
    let query = ListEvents { limit: Some(1_000), ..ListEvents::default() };
    let events: Vec<Event> = client.events().list_all(query).items().collect(100_000).await.unwrap();
    let mut ids: Vec<String> = events.into_iter().map(|event| event.message_id).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_killed_server_has_every_acknowledged_event_and_each_resent_one_once() {
    let folder = data_dir();
    let settings = Settings::embedded(folder.path()).with("ACD_LISTEN", free_address().await);
    let mut server = settings.serve().await;
    let (key, admin) = (settings.key(Some("pct"), &["events:write"]).await, settings.key(None, &["admin"]).await);
    let url = server.url.clone();
    let stream = Stream::start(&url, &key);
    for round in 1..=2 {
        stream.until_acknowledged(stream.acknowledged() + 20 * round).await;
        server.kill().await;
        server = settings.serve().await;
    }
    stream.until_acknowledged(stream.acknowledged() + 20).await;
    assert!(stream.shared.failed.load(Ordering::Relaxed) > 0, "the crash hit no request");
    let sent = stream.end().await;
    assert_eq!(stored(&url, &admin).await, sent);
}

/// The process of the database; none while it is down.
fn postmaster(data_dir: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.parse().ok()?)
}

#[tokio::test]
async fn a_killed_database_comes_back_and_has_every_acknowledged_event_once() {
    let folder = data_dir();
    let settings = Settings::embedded(folder.path()).with("ACD_LISTEN", "127.0.0.1:0");
    let server = settings.serve().await;
    let (key, admin) = (settings.key(Some("pct"), &["events:write"]).await, settings.key(None, &["admin"]).await);
    let stream = Stream::start(&server.url, &key);
    stream.until_acknowledged(20).await;
    let killed = postmaster(folder.path()).unwrap();
    kill_process(killed, Signal::KILL).unwrap();
    until("another one runs", async || postmaster(folder.path()).filter(|pid| *pid != killed)).await;
    stream.until_acknowledged(stream.acknowledged() + 20 + SENDERS).await;
    let sent = stream.end().await;
    assert_eq!(stored(&server.url, &admin).await, sent);
}

#[tokio::test]
async fn what_the_client_tracked_while_the_server_was_killed_arrives_once() {
    let folder = data_dir();
    let settings = Settings::embedded(folder.path()).with("ACD_LISTEN", free_address().await);
    let server = settings.serve().await;
    let url = server.url.clone();
    let (key, admin) = (settings.key(Some("pct"), &["events:write"]).await, settings.key(None, &["admin"]).await);
    let failed = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&failed);
    let client = AnalyticsClient::builder(key, url.as_str())
        .batch_events(25)
        .on_failure(move |events| {
            counted.fetch_add(events.count, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let mut ids = Vec::new();
    let mut track = |events: usize| {
        ids.extend((0..events).map(|_| client.track(Track::new("Kept").user_id("u")).unwrap().to_string()));
    };
    track(500);
    until("some are accepted", async || (client.stats().delivered > 0).then_some(())).await;
    track(500);
    server.kill().await;
    track(500);
    let _server = settings.serve().await;
    // What was under way to the one that died may end meanwhile, of which a flush tells at once; the events stay.
    until("all is delivered", async || client.flush().await.ok()).await;
    ids.sort_unstable();
    assert_eq!(failed.load(Ordering::Relaxed), 0);
    assert_eq!(stored(&url, &admin).await, ids);
}
