//! The task that moves events from the queue to the store.

use std::sync::Arc;

use super::handle::Shared;
use super::record;
use super::shelf::Kept;
use super::{RecordKey, StoreError};
use crate::queue::Overflow;

/// The only one to touch the store.
pub(super) struct Keeper(pub(super) Arc<Shared>);

/// What there is to do.
enum Work {
    Remove(Vec<RecordKey>),
    Put,
    MakeRoom,
    /// Nothing can be put: those who waited for that are told.
    Idle,
    Close,
}

impl Keeper {
    /// Runs until it is told to close.
    pub(super) async fn run(self) {
        self.load().await;
        loop {
            match self.0.keeping.until(|| self.look()).await {
                Work::Remove(keys) => self.remove(keys).await,
                Work::Put => self.put().await,
                Work::MakeRoom => self.make_room(),
                Work::Idle => self.answer(),
                Work::Close => break,
            }
        }
        let mut state = self.0.state();
        // Only the last of those who ask for the end can be given what is left: there is one.
        let unkept = state.shelf.take_unkept();
        if let Some(reply) = state.closing.pop() {
            // Whoever no longer waits needs no answer.
            let _ = reply.send(unkept);
        }
    }

    fn look(&self) -> Option<Work> {
        let mut state = self.0.state();
        if !state.removals.is_empty() {
            return Some(Work::Remove(std::mem::take(&mut state.removals)));
        }
        if self.0.queue.held().0 > 0 {
            if state.shelf.waiting_bytes() < self.0.max_bytes {
                return Some(Work::Put);
            }
            if self.0.overflow == Overflow::DropOldest {
                return Some(Work::MakeRoom);
            }
        }
        if !state.persisting.is_empty() || !state.idling.is_empty() {
            return Some(Work::Idle);
        }
        (!state.closing.is_empty()).then_some(Work::Close)
    }

    /// Reads what earlier runs left.
    async fn load(&self) {
        let records = match self.0.store.load().await {
            Ok(records) => records,
            Err(error) => {
                tracing::warn!(%error, "what earlier runs left cannot be read");
                self.0.state().failures += 1;
                return;
            }
        };
        let mut state = self.0.state();
        // Consent may have been withdrawn meanwhile.
        let is_forgotten = self.0.queue.forgettings() > 0;
        for (key, bytes) in records {
            let length = bytes.len() as u64;
            match record::read(&bytes) {
                Some((chunk, context)) if !chunk.is_empty() && !is_forgotten => {
                    state.keep(chunk.len() as u64, length);
                    state.shelf.append(chunk, context, Some(Kept { key, bytes: length }));
                }
                unusable => {
                    state.damaged_bytes += if unusable.is_none() { length } else { 0 };
                    state.removals.push(key);
                }
            }
        }
        drop(state);
        self.0.sending.notify();
    }

    async fn put(&self) {
        let (chunk, forgettings) = {
            let mut state = self.0.state();
            let Some(portion) = self.0.queue.take() else { return };
            state.putting = portion.chunk.len() as u64;
            (portion.chunk, portion.forgettings)
        };
        let events = chunk.len() as u64;
        let record = record::write(&chunk, &self.0.context);
        let bytes = record.len() as u64;
        let put = self.0.store.put(record).await;
        let mut state = self.0.state();
        state.putting = 0;
        let is_forgotten = self.0.queue.forgettings() != forgettings;
        let kept = match put {
            Ok(key) if is_forgotten => {
                state.removals.push(key);
                None
            }
            Ok(key) => {
                state.keep(events, bytes);
                Some(Kept { key, bytes })
            }
            Err(error) => {
                tracing::warn!(%error, "events are kept in memory alone");
                state.failures += 1;
                tell(std::mem::take(&mut state.persisting), &Err(error.clone()));
                state.refusal = Some(error);
                None
            }
        };
        if is_forgotten {
            state.shelf.skip(events);
        } else {
            state.shelf.append(chunk, Arc::clone(&self.0.context), kept);
        }
        drop(state);
        self.0.sending.notify();
    }

    async fn remove(&self, keys: Vec<RecordKey>) {
        if let Err(error) = self.0.store.remove(keys).await {
            tracing::warn!(%error, "sent events could not be removed: the next run sends them again");
            self.0.state().failures += 1;
        }
    }

    fn make_room(&self) {
        let mut state = self.0.state();
        if let Some((events, kept)) = state.shelf.drop_oldest() {
            state.dropped += events;
            if let Some(kept) = kept {
                state.kept_events -= events;
                state.discard(kept);
            }
        }
    }

    fn answer(&self) {
        let mut state = self.0.state();
        let full = self.0.queue.held().0 > 0;
        // A refusal may have come while nobody waited.
        let refusal = state.refusal.clone().filter(|_| state.has_unkept());
        let outcome = match refusal {
            Some(error) => Err(error),
            None if full => {
                Err(StoreError::new(format!("it holds the {} bytes that it may, and none are sent", self.0.max_bytes)))
            }
            None => Ok(()),
        };
        tell(std::mem::take(&mut state.persisting), &outcome);
        for reply in std::mem::take(&mut state.idling) {
            // Whoever no longer waits needs no answer.
            let _ = reply.send(());
        }
    }
}

fn tell(waiting: Vec<futures_channel::oneshot::Sender<Result<(), StoreError>>>, outcome: &Result<(), StoreError>) {
    for reply in waiting {
        // Whoever no longer waits needs no answer.
        let _ = reply.send(outcome.clone());
    }
}
