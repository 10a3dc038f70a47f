//! The store as the client and its background task see it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot::{self, Sender};

use super::error::StoreError;
use super::keeper::Keeper;
use super::shelf::{Kept, Shelf};
use super::{DynEventStore, EventStore, RecordKey};
use crate::queue::{BatchLimits, Chunk, Overflow, Queue};
use crate::signal::Signal;
use crate::stats::Stats;

/// What the client, its background task and the keeper share.
pub(super) struct Shared {
    pub(super) store: Box<dyn DynEventStore>,
    pub(super) queue: Arc<Queue>,
    /// The context of this run, as JSON.
    pub(super) context: Arc<[u8]>,
    /// Wakes the background task, which sends.
    pub(super) sending: Arc<Signal>,
    /// Wakes the keeper.
    pub(super) keeping: Signal,
    pub(super) max_bytes: u64,
    pub(super) overflow: Overflow,
    /// Locked before the queue, and around all that moves events from there to here or forgets them.
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) shelf: Shelf,
    /// Events of the record that is being put.
    pub(super) putting: u64,
    /// Of the batch that is being sent: the records that end with it, its events, and how many of these are kept.
    out: Vec<Kept>,
    out_events: u64,
    out_kept: u64,
    pub(super) removals: Vec<RecordKey>,
    pub(super) kept_events: u64,
    pub(super) kept_bytes: u64,
    pub(super) dropped: u64,
    pub(super) damaged_bytes: u64,
    pub(super) failures: u64,
    /// Why the store last refused a record.
    pub(super) refusal: Option<StoreError>,
    /// Those who wait until everything tracked before they asked is in the store.
    pub(super) persisting: Vec<Sender<Result<(), StoreError>>>,
    /// Those who wait until there is nothing to put.
    pub(super) idling: Vec<Sender<()>>,
    pub(super) closing: Vec<Sender<Vec<Chunk>>>,
}

impl State {
    /// Notes that a record is in the store.
    pub(super) fn keep(&mut self, events: u64, bytes: u64) {
        self.kept_events += events;
        self.kept_bytes += bytes;
    }

    /// Notes that a record is no longer needed in the store.
    pub(super) fn discard(&mut self, kept: Kept) {
        self.kept_bytes -= kept.bytes;
        self.removals.push(kept.key);
    }

    /// Whether events that were put or are being sent are held in memory alone.
    pub(super) fn has_unkept(&self) -> bool {
        self.out_kept < self.out_events || self.shelf.has_unkept()
    }

    fn settle(&mut self) {
        self.kept_events -= std::mem::take(&mut self.out_kept);
        self.out_events = 0;
        for kept in std::mem::take(&mut self.out) {
            self.discard(kept);
        }
    }
}

impl Shared {
    /// A panic cannot leave the state half changed, as nothing in the lock runs foreign code: a poisoned lock is usable.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events taken for sending.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) chunk: Chunk,
    pub(crate) context: Arc<[u8]>,
    /// Whether all of them are in the store.
    pub(crate) is_kept: bool,
    /// How many events were handed out with this one's last.
    pub(crate) upto: u64,
    /// The forgettings before them.
    pub(crate) forgettings: u64,
}

/// A store with what it holds in memory too.
pub(crate) struct Depot {
    shared: Arc<Shared>,
    limits: BatchLimits,
}

/// Where a [`Depot`] gets its events from, and whom it tells of them.
pub(crate) struct Surroundings {
    pub(crate) queue: Arc<Queue>,
    pub(crate) context: Arc<[u8]>,
    pub(crate) sending: Arc<Signal>,
    pub(crate) limits: BatchLimits,
}

impl Depot {
    /// A depot and the task that keeps it.
    pub(crate) fn new(
        store: impl EventStore,
        max_bytes: u64,
        overflow: Overflow,
        surroundings: Surroundings,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let Surroundings { queue, context, sending, limits } = surroundings;
        let shared = Arc::new(Shared {
            store: Box::new(store),
            queue,
            context,
            sending,
            keeping: Signal::default(),
            max_bytes,
            overflow,
            state: Mutex::default(),
        });
        (Self { shared: Arc::clone(&shared), limits }, Keeper(shared).run())
    }

    /// Has the keeper look into the queue.
    pub(crate) fn wake(&self) {
        self.shared.keeping.notify();
    }

    /// Takes the oldest events for sending. There is one batch out at a time.
    pub(crate) async fn take(&self) -> Option<Taken> {
        if let Some(taken) = self.take_now() {
            return Some(taken);
        }
        // What was tracked may still be on its way here.
        self.ask(|state, reply| state.idling.push(reply)).await?;
        self.take_now()
    }

    fn take_now(&self) -> Option<Taken> {
        let mut state = self.shared.state();
        let taken = state.shelf.take(self.limits)?;
        (state.out_events, state.out_kept) = (taken.chunk.len() as u64, taken.kept);
        state.out = taken.ended;
        let is_kept = taken.kept == taken.chunk.len() as u64;
        let forgettings = self.shared.queue.forgettings();
        Some(Taken { chunk: taken.chunk, context: taken.context, is_kept, upto: taken.upto, forgettings })
    }

    /// Notes that the events of the batch need not be sent again.
    pub(crate) fn settle(&self) {
        self.shared.state().settle();
        self.wake();
    }

    /// Forgets all events, the queue's too, and says how many those are.
    pub(crate) fn forget(&self) -> u64 {
        let mut state = self.shared.state();
        let mut forgotten = self.shared.queue.forget() + std::mem::take(&mut state.putting) + state.out_events;
        state.settle();
        while let Some((events, kept)) = state.shelf.drop_oldest() {
            forgotten += events;
            kept.into_iter().for_each(|kept| state.discard(kept));
        }
        state.kept_events = 0;
        drop(state);
        self.wake();
        forgotten
    }

    /// How many events will have been handed out once everything tracked until now has been.
    pub(crate) fn mark(&self) -> u64 {
        let state = self.shared.state();
        state.shelf.appended() + state.putting + self.shared.queue.held().0 as u64
    }

    /// Completes once everything tracked until now is in the store.
    pub(crate) async fn persist(&self) -> Result<(), StoreError> {
        let ended = || Err(StoreError::new("the client was shut down"));
        self.ask(|state, reply| state.persisting.push(reply)).await.unwrap_or_else(ended)
    }

    /// Ends the keeper, which keeps what is left, and gives back what the store does not have.
    pub(crate) async fn close(&self) -> Vec<Chunk> {
        self.ask(|state, reply| state.closing.push(reply)).await.unwrap_or_default()
    }

    async fn ask<T>(&self, question: impl FnOnce(&mut State, Sender<T>)) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        question(&mut self.shared.state(), reply);
        self.wake();
        answer.await.ok()
    }

    /// Whether events wait to be taken.
    pub(crate) fn is_waiting(&self) -> bool {
        self.shared.state().shelf.waiting() > 0
    }

    /// Whether these make a batch.
    pub(crate) fn has_full_batch(&self) -> bool {
        let state = self.shared.state();
        state.shelf.waiting() >= self.limits.events as u64 || state.shelf.waiting_bytes() >= self.limits.bytes as u64
    }

    /// Events that are not settled, the queue's among them.
    pub(crate) fn held(&self) -> u64 {
        let state = self.shared.state();
        self.shared.queue.held().0 as u64 + state.putting + state.shelf.waiting() + state.out_events
    }

    /// Of these, those in the store.
    pub(crate) fn kept(&self) -> u64 {
        self.shared.state().kept_events
    }

    /// Events dropped to keep the limit.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.state().dropped
    }

    /// The store's part of the stats, the rest zero.
    pub(crate) fn stats(&self) -> Stats {
        let state = self.shared.state();
        Stats {
            disk_bytes: state.kept_bytes,
            damaged_bytes: state.damaged_bytes,
            disk_failures: state.failures,
            ..Stats::default()
        }
    }
}

impl fmt::Debug for Depot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Depot").field("limits", &self.limits).finish_non_exhaustive()
    }
}
