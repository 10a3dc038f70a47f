use std::ops::Range;

/// What fits one batch: a client setting, less what the request needs around the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    /// Most events of a batch.
    pub(crate) events: usize,
    /// Most bytes of its events, the commas between them included.
    pub(crate) bytes: usize,
}

/// Events in the form a batch is sent in: JSON objects, one after the other with a comma between.
///
/// The queue fills chunks up to the limits of a batch, so taking a batch moves one pointer under the queue's lock.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    /// Where each event ends in `bytes`.
    ends: Vec<u32>,
    /// How many events at the front were dropped.
    dropped: usize,
}

impl Chunk {
    /// Whether `event` still fits the limits. An empty chunk takes any event.
    pub(crate) fn has_room(&self, event: usize, limits: BatchLimits) -> bool {
        self.ends.is_empty() || (self.ends.len() < limits.events && self.bytes.len() + 1 + event <= limits.bytes)
    }

    /// Adds one event, a JSON object of at most 32 KB.
    pub(crate) fn push(&mut self, event: &[u8]) {
        if !self.ends.is_empty() {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(event);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// Drops the oldest event and says how long it was.
    pub(crate) fn drop_oldest(&mut self) -> Option<usize> {
        let event = self.range(self.dropped)?;
        self.dropped += 1;
        Some(event.len())
    }

    /// Events held.
    pub(crate) fn len(&self) -> usize {
        self.ends.len() - self.dropped
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the events held, without the commas.
    pub(crate) fn event_bytes(&self) -> usize {
        self.events().map(<[u8]>::len).sum()
    }

    /// The events held, oldest first.
    pub(crate) fn events(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.event(index))
    }

    /// The held event number `index`; empty when there is none.
    pub(crate) fn event(&self, index: usize) -> &[u8] {
        self.range(self.dropped + index).map_or(&[], |range| &self.bytes[range])
    }

    /// The held events number `range`, with the commas between them.
    pub(crate) fn joined(&self, range: Range<usize>) -> &[u8] {
        let first = self.range(self.dropped + range.start);
        let last = range.end.checked_sub(1).and_then(|last| self.range(self.dropped + last));
        match (first, last) {
            (Some(first), Some(last)) if first.start <= last.end => &self.bytes[first.start..last.end],
            _ => &[],
        }
    }

    /// Makes it empty, its memory kept for the next events.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.dropped = 0;
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize + 1);
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(events: &[&str]) -> Chunk {
        let mut chunk = Chunk::default();
        events.iter().for_each(|event| chunk.push(event.as_bytes()));
        chunk
    }

    #[test]
    fn any_range_is_joined_by_commas() {
        let chunk = chunk(&["{}", "{\"a\":1}", "[]"]);
        assert_eq!(chunk.joined(0..3), b"{},{\"a\":1},[]");
        assert_eq!(chunk.joined(1..2), b"{\"a\":1}");
        assert_eq!(chunk.joined(1..1), b"");
        assert_eq!((chunk.len(), chunk.event_bytes()), (3, 11));
    }

    #[test]
    fn dropping_the_oldest_shifts_what_is_held() {
        let mut chunk = chunk(&["{}", "{\"a\":1}", "[]"]);
        assert_eq!(chunk.drop_oldest(), Some(2));
        assert_eq!(chunk.joined(0..2), b"{\"a\":1},[]");
        assert_eq!(chunk.events().next(), Some(&b"{\"a\":1}"[..]));
        assert_eq!((chunk.drop_oldest(), chunk.drop_oldest(), chunk.drop_oldest()), (Some(7), Some(2), None));
        assert!(chunk.is_empty());
    }

    #[test]
    fn room_is_by_events_and_by_bytes_with_the_comma() {
        let limits = BatchLimits { events: 2, bytes: 5 };
        assert!(Chunk::default().has_room(100, limits));
        assert!(chunk(&["{}"]).has_room(2, limits));
        assert!(!chunk(&["{}"]).has_room(3, limits));
        assert!(!chunk(&["{}", "1"]).has_room(1, limits));
    }
}
