//! What a record is: the body of a batch request without its time, so that any JSON reader can tell what is kept.

use std::sync::Arc;

use crate::json::Scanner;
use crate::queue::Chunk;
use crate::wire::{MAX_DEPTH, MAX_EVENT_BYTES};

const CONTEXT: &[u8] = b"{\"context\":";
const BATCH: &[u8] = b",\"batch\":[";
const END: &[u8] = b"]}";

/// An event is one level around its facts.
const DEPTH: u32 = MAX_DEPTH as u32 + 1;

/// Writes the events of a chunk with the context they were made in.
pub(super) fn write(chunk: &Chunk, context: &[u8]) -> Vec<u8> {
    let events = chunk.joined(0..chunk.len());
    [CONTEXT, context, BATCH, events, END].concat()
}

/// Reads what [`write`] wrote; `None` for anything else.
pub(super) fn read(record: &[u8]) -> Option<(Chunk, Arc<[u8]>)> {
    // The way of a lossy reading, which is in a page's client already, finds it out as well as `from_utf8`.
    if record.utf8_chunks().any(|chunk| !chunk.invalid().is_empty()) {
        return None;
    }
    let mut scanner = Scanner::new(record);
    if !scanner.skip(CONTEXT) {
        return None;
    }
    let context = scanner.value(DEPTH).ok()?;
    if !scanner.skip(BATCH) {
        return None;
    }
    let mut chunk = Chunk::default();
    while !scanner.skip(END) {
        if !chunk.is_empty() && !scanner.skip(b",") {
            return None;
        }
        chunk.push(scanner.value(DEPTH).ok().filter(|event| event.len() <= MAX_EVENT_BYTES)?);
    }
    scanner.is_over().then(|| (chunk, context.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let mut chunk = Chunk::default();
        for event in ["{\"a\":1}", "{\"b\":\"]}\"}"] {
            chunk.push(event.as_bytes());
        }
        let record = write(&chunk, b"{\"locale\":\"de\"}");
        let (read_chunk, context) = read(&record).unwrap();
        assert_eq!(read_chunk.joined(0..2), chunk.joined(0..2));
        assert_eq!(&context[..], b"{\"locale\":\"de\"}");
        for cut in 0..record.len() {
            assert!(read(&record[..cut]).is_none(), "cut at {cut}");
        }
    }

    #[test]
    fn a_text_that_is_not_unicode_is_no_record() {
        let mut chunk = Chunk::default();
        chunk.push(b"{\"a\":\"?\"}");
        let mut record = write(&chunk, b"{}");
        assert!(read(&record).is_some());
        let at = record.iter().position(|byte| *byte == b'?').unwrap();
        record[at] = 0xff;
        assert!(read(&record).is_none());
    }
}
