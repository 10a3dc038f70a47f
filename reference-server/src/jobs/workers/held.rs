//! The jobs that these workers hold at this moment.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::jobs::store::settle::Hold;

/// Jobs by id.
#[derive(Default)]
pub(super) struct Held(Mutex<HashMap<Uuid, Entry>>);

struct Entry {
    lease_id: Uuid,
    cancelled: CancellationToken,
    stop: CancellationToken,
    /// When the database last agreed that the job is held.
    confirmed: Instant,
    progress: Option<(u8, String)>,
}

/// How a handler is told to end.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    /// The job was called off: the handler may heed it.
    pub(super) cancelled: CancellationToken,
    /// The lease is lost, or goes back: the handler ends at once.
    pub(super) stop: CancellationToken,
}

/// A job that is held, and how far it is.
pub(super) type Progressed = (Hold, (Option<i16>, Option<String>));

impl Held {
    fn entries(&self) -> MutexGuard<'_, HashMap<Uuid, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, hold: Hold, confirmed: Instant) -> Signals {
        let signals = Signals { cancelled: CancellationToken::new(), stop: CancellationToken::new() };
        let entry = Entry {
            lease_id: hold.lease_id,
            cancelled: signals.cancelled.clone(),
            stop: signals.stop.clone(),
            confirmed,
            progress: None,
        };
        // Claimed again after its lease was lost: the handler from before has no business with it any more.
        if let Some(before) = self.entries().insert(hold.id, entry) {
            before.stop.cancel();
        }
        signals
    }

    /// Forgets jobs that are settled, unless they were claimed anew since.
    pub(super) fn remove(&self, holds: impl IntoIterator<Item = Hold>) {
        let mut entries = self.entries();
        for hold in holds {
            if entries.get(&hold.id).is_some_and(|entry| entry.lease_id == hold.lease_id) {
                entries.remove(&hold.id);
            }
        }
    }

    /// All of them, with what their handlers said since the last time.
    pub(super) fn all(&self) -> Vec<Progressed> {
        let progressed = |(id, entry): (&Uuid, &mut Entry)| {
            let said = entry.progress.take();
            let progress = said.map_or((None, None), |(percent, note)| (Some(i16::from(percent)), Some(note)));
            (Hold { id: *id, lease_id: entry.lease_id }, progress)
        };
        self.entries().iter_mut().map(progressed).collect()
    }

    /// The database agreed that this job is held.
    pub(super) fn confirm(&self, id: Uuid, at: Instant) {
        if let Some(entry) = self.entries().get_mut(&id) {
            entry.confirmed = at;
        }
    }

    /// Ends the handler of a job that was lost.
    pub(super) fn lose(&self, hold: Hold) {
        let mut entries = self.entries();
        if entries.get(&hold.id).is_some_and(|entry| entry.lease_id == hold.lease_id)
            && let Some(entry) = entries.remove(&hold.id)
        {
            entry.stop.cancel();
        }
    }

    /// Ends the handlers of jobs that nobody agreed on for as long as a lease: others may have them by now.
    pub(super) fn lose_unconfirmed(&self, lease: Duration) {
        self.entries().retain(|_, entry| {
            let holds = entry.confirmed.elapsed() < lease;
            if !holds {
                entry.stop.cancel();
            }
            holds
        });
    }

    /// Tells the handler that its job was called off.
    pub(super) fn cancel(&self, id: Uuid) {
        if let Some(entry) = self.entries().get(&id) {
            entry.cancelled.cancel();
        }
    }

    /// Ends every handler.
    pub(super) fn stop_all(&self) {
        self.entries().values().for_each(|entry| entry.stop.cancel());
    }
}

/// Takes what a handler says of its progress to the next heartbeat.
#[derive(Clone)]
pub(in crate::jobs) struct ProgressSender {
    held: Arc<Held>,
    id: Uuid,
}

impl ProgressSender {
    pub(super) fn new(held: Arc<Held>, id: Uuid) -> Self {
        Self { held, id }
    }

    pub(in crate::jobs) fn send(&self, percent: u8, note: String) {
        if let Some(entry) = self.held.entries().get_mut(&self.id) {
            let note = note.chars().filter(|character| *character != '\0').take(500).collect();
            entry.progress = Some((percent, note));
        }
    }
}

impl fmt::Debug for ProgressSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressSender")
    }
}
