//! What is kept and not yet sent, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use super::RecordKey;
use crate::queue::{BatchLimits, Chunk};

/// A record that is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) key: RecordKey,
    pub(super) bytes: u64,
}

/// Records in the order in which their events were tracked.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    entries: VecDeque<Entry>,
    /// Events that have not been handed out, and their bytes.
    waiting: u64,
    waiting_bytes: u64,
    /// Events put here since the beginning.
    appended: u64,
    /// Events handed out, or dropped before they could be.
    handed: u64,
}

/// The events of one record.
#[derive(Debug)]
struct Entry {
    chunk: Chunk,
    context: Arc<[u8]>,
    /// None where the store refused it.
    kept: Option<Kept>,
    /// How many of its events were handed out.
    handed: usize,
}

impl Entry {
    fn left(&self) -> impl Iterator<Item = &[u8]> {
        (self.handed..self.chunk.len()).map(|place| self.chunk.event(place))
    }
}

/// Events taken for sending.
#[derive(Debug)]
pub(super) struct Handful {
    pub(super) chunk: Chunk,
    pub(super) context: Arc<[u8]>,
    /// Records that end with it.
    pub(super) ended: Vec<Kept>,
    /// How many of its events are in the store.
    pub(super) kept: u64,
    /// How many events were handed out with its last.
    pub(super) upto: u64,
}

impl Shelf {
    pub(super) fn append(&mut self, chunk: Chunk, context: Arc<[u8]>, kept: Option<Kept>) {
        self.appended += chunk.len() as u64;
        self.waiting += chunk.len() as u64;
        self.waiting_bytes += chunk.event_bytes() as u64;
        self.entries.push_back(Entry { chunk, context, kept, handed: 0 });
    }

    /// Counts events that were to be put here and no longer are.
    pub(super) fn skip(&mut self, events: u64) {
        self.appended += events;
        self.handed += events;
    }

    /// Hands out the oldest events, as many as one batch may have, all of one context.
    pub(super) fn take(&mut self, limits: BatchLimits) -> Option<Handful> {
        let context = self.entries.front()?.context.clone();
        let (mut chunk, mut ended, mut kept) = (Chunk::default(), Vec::new(), 0);
        while let Some(entry) = self.entries.front_mut().filter(|entry| entry.context == context) {
            let before = chunk.len();
            for event in entry.left() {
                if !chunk.has_room(event.len(), limits) {
                    break;
                }
                chunk.push(event);
            }
            let taken = chunk.len() - before;
            entry.handed += taken;
            kept += if entry.kept.is_some() { taken as u64 } else { 0 };
            if entry.handed < entry.chunk.len() {
                break;
            }
            ended.extend(entry.kept);
            self.entries.pop_front();
        }
        self.leave(chunk.len() as u64, chunk.event_bytes() as u64);
        Some(Handful { chunk, context, ended, kept, upto: self.handed })
    }

    /// Drops the oldest record, and says how many events it still had.
    pub(super) fn drop_oldest(&mut self) -> Option<(u64, Option<Kept>)> {
        let entry = self.entries.pop_front()?;
        let (events, bytes) = entry.left().fold((0, 0), |(events, bytes), event| (events + 1, bytes + event.len()));
        self.leave(events, bytes as u64);
        Some((events, entry.kept))
    }

    /// Takes out what the store does not have.
    pub(super) fn take_unkept(&mut self) -> Vec<Chunk> {
        let (kept, unkept): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.kept.is_some());
        self.entries = kept;
        let rests = unkept.iter().map(|entry| {
            let mut rest = Chunk::default();
            entry.left().for_each(|event| rest.push(event));
            rest
        });
        let rests: Vec<_> = rests.collect();
        for rest in &rests {
            self.leave(rest.len() as u64, rest.event_bytes() as u64);
        }
        rests
    }

    fn leave(&mut self, events: u64, bytes: u64) {
        self.waiting -= events;
        self.waiting_bytes -= bytes;
        self.handed += events;
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    pub(super) fn waiting_bytes(&self) -> u64 {
        self.waiting_bytes
    }

    /// Whether there are events that the store does not have.
    pub(super) fn has_unkept(&self) -> bool {
        self.entries.iter().any(|entry| entry.kept.is_none())
    }

    pub(super) fn appended(&self) -> u64 {
        self.appended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BatchLimits = BatchLimits { events: 3, bytes: 100 };

    fn chunk(events: &[&str]) -> Chunk {
        let mut chunk = Chunk::default();
        events.iter().for_each(|event| chunk.push(event.as_bytes()));
        chunk
    }

    fn kept(key: RecordKey) -> Kept {
        Kept { key, bytes: 10 }
    }

    fn shelf() -> Shelf {
        let (one, other): (Arc<[u8]>, Arc<[u8]>) = (Arc::from(*b"{1}"), Arc::from(*b"{2}"));
        let mut shelf = Shelf::default();
        shelf.append(chunk(&["a"]), one.clone(), Some(kept(1)));
        shelf.append(chunk(&["b", "c", "d"]), one, Some(kept(2)));
        shelf.append(chunk(&["e"]), other, None);
        shelf
    }

    #[test]
    fn batches_join_records_of_one_context_and_name_those_they_end() {
        let mut shelf = shelf();
        let mut taken = || {
            let Handful { chunk, ended, kept, upto, .. } = shelf.take(LIMITS)?;
            Some((String::from_utf8(chunk.joined(0..chunk.len()).to_vec()).unwrap(), ended, kept, upto))
        };
        assert_eq!(taken(), Some(("a,b,c".to_owned(), vec![kept(1)], 3, 3)));
        assert_eq!(taken(), Some(("d".to_owned(), vec![kept(2)], 1, 4)));
        assert_eq!(taken(), Some(("e".to_owned(), vec![], 0, 5)));
        assert_eq!(taken(), None);
        assert_eq!((shelf.waiting(), shelf.waiting_bytes(), shelf.appended()), (0, 0, 5));
    }

    #[test]
    fn what_is_dropped_or_not_kept_leaves_with_its_events() {
        let mut shelf = shelf();
        shelf.take(LIMITS).unwrap();
        assert_eq!(shelf.drop_oldest(), Some((1, Some(kept(2)))));
        let unkept = shelf.take_unkept();
        assert_eq!(unkept.len(), 1);
        assert_eq!(unkept[0].joined(0..1), b"e");
        assert_eq!((shelf.waiting(), shelf.waiting_bytes()), (0, 0));
        assert_eq!(shelf.drop_oldest(), None);
    }
}
