//! The bounded queue between `track()` and the background task.

mod chunk;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use chunk::{BatchLimits, Chunk};

use crate::error::EnqueueError;

/// Emptied chunks kept for reuse: one being filled and one being sent is the steady state.
const SPARE_CHUNKS: usize = 2;

/// What happens to an event for which the queue has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The new event is refused with [`EnqueueError::QueueFull`]: what was taken stays taken.
    #[default]
    DropNewest,
    /// The oldest events make room, and are counted in the stats and reported as failed.
    DropOldest,
}

/// How much the queue may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    pub(crate) overflow: Overflow,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// Older events dropped for it.
    pub(crate) dropped: u64,
    /// Whether the background has reason to look now: the queue was empty, or a batch has become full.
    pub(crate) wake: bool,
}

/// Events taken from the queue.
#[derive(Debug)]
pub(crate) struct Portion {
    pub(crate) chunk: Chunk,
    /// The [`mark`](Queue::mark) that is reached by them.
    pub(crate) upto: u64,
    /// The [`forgettings`](Queue::forgettings) before them.
    pub(crate) forgettings: u64,
}

/// Events in memory, bounded by number and by bytes.
///
/// The lock is held to copy one event or to move one pointer, never while anything is serialised, awaited or allocated
/// beyond a chunk's own growth.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    limits: QueueLimits,
    batch: BatchLimits,
}

#[derive(Debug)]
struct State {
    consent: bool,
    closed: bool,
    chunks: VecDeque<Chunk>,
    events: usize,
    bytes: usize,
    /// Events that were held once and are no longer, whatever became of them.
    left: u64,
    /// How often what was held has been forgotten.
    forgettings: u64,
    spare: Vec<Chunk>,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits, batch: BatchLimits, consent: bool) -> Self {
        let chunks = VecDeque::new();
        let state =
            State { consent, closed: false, chunks, events: 0, bytes: 0, left: 0, forgettings: 0, spare: Vec::new() };
        Self { state: Mutex::new(state), limits, batch }
    }

    /// A panic cannot leave the state half changed, as nothing in the lock runs foreign code: a poisoned lock is usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one event, a JSON object of at most 32 KB.
    pub(crate) fn push(&self, event: &[u8]) -> Result<Pushed, EnqueueError> {
        let mut state = self.state();
        if state.closed {
            return Err(EnqueueError::Closed);
        }
        if !state.consent {
            return Err(EnqueueError::ConsentWithheld);
        }
        let was_empty = state.events == 0;
        let mut dropped = 0;
        while state.events >= self.limits.events || state.bytes + event.len() > self.limits.bytes {
            if self.limits.overflow == Overflow::DropNewest || !state.drop_oldest() {
                return Err(EnqueueError::QueueFull);
            }
            dropped += 1;
        }
        let full_before = state.full_chunks(self.batch);
        state.push(event, self.batch);
        let wake = was_empty || state.full_chunks(self.batch) > full_before;
        Ok(Pushed { dropped, wake })
    }

    /// Takes the oldest events, as many as one batch may have.
    pub(crate) fn take(&self) -> Option<Portion> {
        let mut state = self.state();
        let chunk = state.chunks.pop_front()?;
        state.events -= chunk.len();
        state.bytes -= chunk.event_bytes();
        state.left += chunk.len() as u64;
        Some(Portion { chunk, upto: state.left, forgettings: state.forgettings })
    }

    /// Events taken and dropped so far once all that are held now will have been.
    pub(crate) fn mark(&self) -> u64 {
        let state = self.state();
        state.left + state.events as u64
    }

    /// Gives back a chunk for reuse.
    pub(crate) fn recycle(&self, mut chunk: Chunk) {
        chunk.clear();
        let mut state = self.state();
        if state.spare.len() < SPARE_CHUNKS {
            state.spare.push(chunk);
        }
    }

    /// Forgets everything held and says how many events that were.
    pub(crate) fn forget(&self) -> u64 {
        let mut state = self.state();
        let events = state.events as u64;
        state.forgettings += 1;
        state.left += events;
        (state.events, state.bytes) = (0, 0);
        state.chunks.clear();
        events
    }

    /// How often what was held has been forgotten. Events that were taken before the last time must neither be sent nor kept
    /// after it.
    pub(crate) fn forgettings(&self) -> u64 {
        self.state().forgettings
    }

    /// Refuses all events from now on.
    pub(crate) fn close(&self) {
        self.state().closed = true;
    }

    /// Refuses events while consent is withheld. What is held stays.
    pub(crate) fn set_consent(&self, granted: bool) {
        self.state().consent = granted;
    }

    pub(crate) fn has_consent(&self) -> bool {
        self.state().consent
    }

    /// Events and their bytes held.
    pub(crate) fn held(&self) -> (usize, usize) {
        let state = self.state();
        (state.events, state.bytes)
    }

    /// Whether a whole batch is waiting.
    pub(crate) fn has_full_batch(&self) -> bool {
        self.state().full_chunks(self.batch) > 0
    }
}

impl State {
    fn push(&mut self, event: &[u8], limits: BatchLimits) {
        if !self.chunks.back().is_some_and(|chunk| chunk.has_room(event.len(), limits)) {
            let chunk = self.spare.pop().unwrap_or_default();
            self.chunks.push_back(chunk);
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(event);
        }
        self.events += 1;
        self.bytes += event.len();
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(bytes) = self.chunks.front_mut().and_then(Chunk::drop_oldest) else { return false };
        self.events -= 1;
        self.bytes -= bytes;
        self.left += 1;
        if self.chunks.front().is_some_and(Chunk::is_empty)
            && let Some(mut chunk) = self.chunks.pop_front()
            && self.spare.len() < SPARE_CHUNKS
        {
            chunk.clear();
            self.spare.push(chunk);
        }
        true
    }

    /// Chunks that no further event goes into: all but the last, and the last once it has its number of events.
    fn full_chunks(&self, limits: BatchLimits) -> usize {
        let last_is_full = self.chunks.back().is_some_and(|chunk| chunk.len() >= limits.events);
        self.chunks.len().saturating_sub(1) + usize::from(last_is_full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(events: usize, bytes: usize, overflow: Overflow) -> Queue {
        Queue::new(QueueLimits { events, bytes, overflow }, BatchLimits { events: 2, bytes: 20 }, true)
    }

    fn drain(queue: &Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.take())
            .map(|Portion { chunk, .. }| String::from_utf8(chunk.joined(0..chunk.len()).to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn chunks_are_batches_by_number_and_by_bytes() {
        let queue = queue(100, 1000, Overflow::DropNewest);
        for event in ["{1}", "{2}", "{3}", "{a rather long one}", "{4}"] {
            queue.push(event.as_bytes()).unwrap();
        }
        assert_eq!(queue.held(), (5, 31));
        assert_eq!(drain(&queue), ["{1},{2}", "{3}", "{a rather long one}", "{4}"]);
        assert_eq!(queue.held(), (0, 0));
    }

    #[test]
    fn the_background_is_woken_by_the_first_event_and_by_each_full_batch() {
        let queue = queue(100, 1000, Overflow::DropNewest);
        let wakes: Vec<_> = (0..6).map(|_| queue.push(b"{}").unwrap().wake).collect();
        assert_eq!(wakes, [true, true, false, true, false, true]);
        assert!(queue.has_full_batch());
    }

    #[test]
    fn a_full_queue_refuses_the_newest_or_drops_the_oldest() {
        let newest = queue(3, 1000, Overflow::DropNewest);
        let oldest = queue(3, 1000, Overflow::DropOldest);
        for (index, event) in ["{1}", "{2}", "{3}", "{4}", "{5}"].iter().enumerate() {
            assert_eq!(newest.push(event.as_bytes()).is_ok(), index < 3);
            assert_eq!(oldest.push(event.as_bytes()).unwrap().dropped, u64::from(index >= 3));
        }
        assert_eq!(drain(&newest), ["{1},{2}", "{3}"]);
        assert_eq!(drain(&oldest), ["{3},{4}", "{5}"]);
    }

    #[test]
    fn a_mark_is_reached_by_what_is_taken_and_by_what_is_dropped() {
        let queue = queue(3, 1000, Overflow::DropOldest);
        (0..4).for_each(|_| assert!(queue.push(b"{}").is_ok()));
        let mark = queue.mark();
        assert_eq!(mark, 4);
        queue.take().unwrap();
        assert_eq!(queue.take().unwrap().upto, mark);
    }

    #[test]
    fn bytes_bound_the_queue_as_events_do() {
        let queue = queue(100, 10, Overflow::DropOldest);
        queue.push(b"{123456}").unwrap();
        assert_eq!(queue.push(b"{1}").unwrap().dropped, 1);
        assert_eq!(queue.push(b"{longer than the queue}"), Err(EnqueueError::QueueFull));
    }

    #[test]
    fn what_comes_after_a_forgetting_is_told_from_what_came_before() {
        let queue = queue(3, 1000, Overflow::DropNewest);
        queue.push(b"{1}").unwrap();
        queue.push(b"{2}").unwrap();
        let before = queue.take().unwrap();
        queue.push(b"{3}").unwrap();
        assert_eq!(queue.forget(), 1);
        queue.push(b"{4}").unwrap();
        let after = queue.take().unwrap();
        assert_eq!((before.forgettings, after.forgettings, queue.forgettings()), (0, 1, 1));
        assert_eq!(after.chunk.joined(0..1), b"{4}");
    }

    #[test]
    fn closing_ranks_above_consent() {
        let queue = queue(3, 1000, Overflow::DropNewest);
        queue.set_consent(false);
        assert_eq!(queue.push(b"{}"), Err(EnqueueError::ConsentWithheld));
        queue.close();
        queue.set_consent(true);
        assert_eq!(queue.push(b"{}"), Err(EnqueueError::Closed));
    }
}
