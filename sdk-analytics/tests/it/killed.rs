//! A process killed while it writes, for which this test binary starts itself again.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use acd_analytics::{DurableQueue, Track};
use acd_core::Runtime;
use acd_core::testing::ManualClock;

use crate::support::{Act, Server, builder};

const FOLDER: &str = "ACD_TEST_KILLED_FOLDER";
const MARK: &str = "persisted ";
/// Ends a writer that nobody kills.
const MOST_EVENTS: usize = 200_000;

/// The process to be killed: tracks events and says which of them are on disk. Does nothing in an ordinary run.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let server = Server::new([]).otherwise(Act::Unreachable);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    runtime.block_on(async {
        let client = builder(&server, &ManualClock::new())
            .runtime(Runtime::system())
            .durable(DurableQueue::new(PathBuf::from(folder)).max_bytes(1 << 30))
            .build()
            .unwrap();
        for _ in 0..MOST_EVENTS / 50 {
            let ids: Vec<_> = (0..50).map(|_| client.track(Track::new("E").user_id("u")).unwrap()).collect();
            client.persist().await.unwrap();
            ids.iter().for_each(|id| println!("{MARK}{id}"));
            // These may be in the middle of being written when the end comes.
            for _ in 0..20 {
                client.track(Track::new("Unsure").user_id("u")).unwrap();
            }
        }
    });
}

#[tokio::test]
async fn killed_again_and_again_no_persisted_event_is_lost_or_doubled() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("queue");
    let mut persisted = BTreeSet::new();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::writer", "--nocapture"])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut note = |line: String| line.strip_prefix(MARK).map(|id| persisted.insert(id.to_owned()));
        let mut seen = 0;
        while seen < round * 500 {
            let line = lines.next().expect("the writer ended before it was killed").unwrap();
            seen += usize::from(note(line).is_some());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said and we had not yet read; the very last line may be cut.
        for line in lines.map_while(Result::ok).filter(|line| line.len() == MARK.len() + 36) {
            note(line);
        }
    }

    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).durable(DurableQueue::new(&folder).max_bytes(1 << 30)).build().unwrap();
    client.flush().await.unwrap();
    let stored: BTreeSet<_> = server.stored().into_iter().collect();
    assert_eq!(persisted.difference(&stored).count(), 0);
    assert!(persisted.len() >= 3000);
    assert_eq!(client.stats().duplicates, 0);
    assert_eq!(server.sizes().iter().sum::<usize>(), stored.len(), "each was sent once");
}
