use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use super::cursor::{Cursor, Position};
use super::error::JournalError;
use super::folder::Folder;
use super::frame;
use super::options::{DurableQueue, SyncPolicy};
use super::segment::{Segment, remove};
use crate::queue::{BatchLimits, Chunk, Overflow};
use crate::wire::MAX_EVENT_BYTES;

/// Segments that the disk limit is divided into: what is dropped or deleted at a time.
const SEGMENTS: u64 = 8;

/// Events on disk, in the order in which they were tracked.
#[derive(Debug)]
pub(super) struct Log {
    folder: Folder,
    max_bytes: u64,
    overflow: Overflow,
    sync: SyncPolicy,
    context: Arc<[u8]>,
    cursor: Cursor,
    /// Oldest first.
    segments: VecDeque<Segment>,
    /// The file of the last segment, while it is appended to.
    active: Option<File>,
    next_number: u64,
    /// Which segment the batch under way is from: not to be dropped under it.
    under_way: Option<u64>,
    unsynced: bool,
    buffer: Vec<u8>,
    totals: Totals,
}

/// Counts since the log was opened. What an earlier run left counts as appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Events appended.
    pub(super) appended: u64,
    /// Events handed out, or dropped before they could be.
    pub(super) handed: u64,
    /// Events dropped to keep the disk limit.
    pub(super) dropped: u64,
    /// Bytes found unreadable: a write cut off by a crash, or a damaged file.
    pub(super) damaged_bytes: u64,
    /// Events among them that had been read well before.
    pub(super) damaged_events: u64,
}

/// Events taken from the log for sending.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) chunk: Chunk,
    pub(crate) context: Arc<[u8]>,
    pub(crate) receipt: Receipt,
    /// How many events were handed out with this one's last.
    pub(crate) upto: u64,
}

/// Says which events a batch had, once they need not be sent again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    upto: Position,
    events: u64,
}

impl Log {
    /// Locks the folder and reads what an earlier run left in it.
    pub(super) fn open(options: &DurableQueue, context: Arc<[u8]>) -> Result<Self, JournalError> {
        let folder = Folder::open(&options.folder)?;
        let (cursor, settled) = Cursor::open(&folder.cursor())?;
        let mut totals = Totals::default();
        let mut segments = VecDeque::new();
        let mut next_number = settled.segment + 1;
        for number in folder.segments()? {
            next_number = next_number.max(number + 1);
            let settled_to = match number.cmp(&settled.segment) {
                std::cmp::Ordering::Less => u64::MAX,
                std::cmp::Ordering::Equal => settled.offset,
                std::cmp::Ordering::Greater => 0,
            };
            let path = folder.segment(number);
            let (segment, damaged) = Segment::recover(number, path.clone(), settled_to)?;
            if damaged > 0 {
                tracing::warn!(path = %path.display(), bytes = damaged, "the end of an event segment was never written whole and is left out");
                totals.damaged_bytes += damaged;
            }
            match segment {
                Some(segment) if !segment.is_settled() => {
                    totals.appended += segment.events - segment.settled;
                    segments.push_back(segment);
                }
                _ => remove(&path)?,
            }
        }
        Ok(Self {
            folder,
            max_bytes: options.max_bytes,
            overflow: options.overflow,
            sync: options.sync,
            context,
            cursor,
            segments,
            active: None,
            next_number,
            under_way: None,
            unsynced: false,
            buffer: Vec::new(),
            totals,
        })
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Events that still have to be sent or are being sent.
    pub(super) fn unsettled(&self) -> u64 {
        self.segments.iter().map(|segment| segment.events - segment.settled).sum()
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }

    /// Bytes of the events not yet handed out.
    pub(super) fn waiting_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end - segment.next).sum()
    }

    /// Whether something was written that is not known to be on the disk.
    pub(super) fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    /// Writes all events of `chunk` behind the others, or none.
    pub(super) fn append(&mut self, chunk: &Chunk) -> Result<(), JournalError> {
        let mut frames = std::mem::take(&mut self.buffer);
        frames.clear();
        chunk.events().for_each(|event| frame::write(event, &mut frames));
        let result = self.append_frames(&frames, chunk.len() as u64);
        self.buffer = frames;
        result
    }

    fn append_frames(&mut self, frames: &[u8], events: u64) -> Result<(), JournalError> {
        let size = frames.len() as u64;
        self.make_room(size)?;
        let segment_bytes = self.max_bytes / SEGMENTS;
        if self.segments.back().is_some_and(|last| last.events > 0 && last.end + size > segment_bytes) {
            self.finish_active()?;
        }
        let file = match &mut self.active {
            Some(file) => file,
            None => {
                let number = self.next_number;
                let (segment, file) = Segment::create(number, self.folder.segment(number), &self.context)?;
                self.next_number += 1;
                self.segments.push_back(segment);
                if self.sync != SyncPolicy::System {
                    self.folder.sync()?;
                }
                self.active.insert(file)
            }
        };
        let Some(last) = self.segments.back_mut() else { return Err(JournalError::Closed) };
        if let Err(cause) = file.write_all(frames) {
            // Part of it may be there. Where it cannot be cut off again, nothing more may be put behind it.
            if file.set_len(last.end).is_err() {
                self.active = None;
            }
            return Err(JournalError::io("write", &last.path)(cause));
        }
        last.end += size;
        last.events += events;
        self.totals.appended += events;
        self.unsynced = true;
        Ok(())
    }

    /// Forces what was written to the disk.
    pub(super) fn force(&mut self) -> Result<(), JournalError> {
        if let (Some(file), Some(last), true) = (&self.active, self.segments.back(), self.unsynced) {
            file.sync_data().map_err(JournalError::io("sync", &last.path))?;
        }
        self.unsynced = false;
        Ok(())
    }

    /// Hands out the oldest events not handed out yet, as many as one batch may have, all of one context.
    pub(super) fn take(&mut self, limits: BatchLimits) -> Result<Option<Taken>, JournalError> {
        let most = limits.bytes + limits.events * frame::HEADER_BYTES + frame::HEADER_BYTES + MAX_EVENT_BYTES;
        while let Some(index) = self.segments.iter().position(|segment| segment.next < segment.end) {
            let segment = &mut self.segments[index];
            let bytes = segment.peek(most as u64)?;
            let (mut chunk, mut rest) = (Chunk::default(), &bytes[..]);
            while let Some((event, after)) = frame::read(rest) {
                if !chunk.has_room(event.len(), limits) {
                    break;
                }
                chunk.push(event);
                rest = after;
            }
            if chunk.is_empty() {
                self.give_up(index)?;
                continue;
            }
            let events = chunk.len() as u64;
            segment.next += (bytes.len() - rest.len()) as u64;
            segment.handed += events;
            self.totals.handed += events;
            self.under_way = Some(segment.number);
            let receipt = Receipt { upto: Position { segment: segment.number, offset: segment.next }, events };
            return Ok(Some(Taken { chunk, context: segment.context.clone(), receipt, upto: self.totals.handed }));
        }
        Ok(None)
    }

    /// Notes that the events of a batch need not be sent again, and deletes what is no longer needed.
    pub(super) fn settle(&mut self, receipt: Receipt) -> Result<(), JournalError> {
        self.under_way = None;
        let Some(index) = self.segments.iter().position(|segment| segment.number == receipt.upto.segment) else {
            return Ok(());
        };
        self.segments[index].settled += receipt.events;
        self.cursor.write(receipt.upto)?;
        let is_active = self.active.is_some() && index + 1 == self.segments.len();
        if self.segments[index].is_settled() && !is_active { self.delete(index) } else { Ok(()) }
    }

    /// Deletes all events. What cannot be deleted is not handed out all the same.
    pub(super) fn clear(&mut self) -> Result<(), JournalError> {
        self.active = None;
        self.under_way = None;
        self.totals.handed = self.totals.appended;
        let mut outcome = Ok(());
        for segment in self.segments.drain(..) {
            outcome = outcome.and(remove(&segment.path));
        }
        outcome
    }

    /// Ends the log: what is left is on the disk, what is settled is gone.
    pub(super) fn close(mut self) -> Result<(), JournalError> {
        self.finish_active()
    }

    fn make_room(&mut self, size: u64) -> Result<(), JournalError> {
        while self.bytes() + size > self.max_bytes {
            let droppable = match self.overflow {
                Overflow::DropOldest => self.segments.iter().position(|segment| Some(segment.number) != self.under_way),
                Overflow::DropNewest => None,
            };
            let Some(index) = droppable.filter(|index| index + 1 < self.segments.len()) else {
                return Err(JournalError::Full { limit: self.max_bytes });
            };
            let segment = &self.segments[index];
            self.totals.dropped += segment.events - segment.settled;
            self.totals.handed += segment.events - segment.handed;
            self.delete(index)?;
        }
        Ok(())
    }

    /// Appends no more to the last segment.
    fn finish_active(&mut self) -> Result<(), JournalError> {
        if self.sync != SyncPolicy::System {
            self.force()?;
        }
        self.active = None;
        self.unsynced = false;
        match self.segments.back() {
            Some(last) if last.is_settled() => self.delete(self.segments.len() - 1),
            _ => Ok(()),
        }
    }

    /// Leaves out the rest of a segment whose next frame cannot be read: where the one after begins is unknown.
    fn give_up(&mut self, index: usize) -> Result<(), JournalError> {
        if index + 1 == self.segments.len() {
            self.active = None;
        }
        let segment = &mut self.segments[index];
        let (bytes, events) = (segment.end - segment.next, segment.events - segment.handed);
        tracing::warn!(path = %segment.path.display(), bytes, events, "the rest of an event segment cannot be read and is left out");
        self.totals.damaged_bytes += bytes;
        self.totals.damaged_events += events;
        self.totals.handed += events;
        (segment.end, segment.events) = (segment.next, segment.handed);
        if segment.is_settled() { self.delete(index) } else { Ok(()) }
    }

    fn delete(&mut self, index: usize) -> Result<(), JournalError> {
        let Some(segment) = self.segments.get(index) else { return Ok(()) };
        remove(&segment.path)?;
        self.segments.remove(index);
        Ok(())
    }
}
