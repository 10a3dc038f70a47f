//! What a record is: the body of a batch request without its time, so that any JSON reader can tell what is kept.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::queue::Chunk;
use crate::wire::MAX_EVENT_BYTES;

const CONTEXT: &[u8] = b"{\"context\":";
const BATCH: &[u8] = b",\"batch\":[";
const END: &[u8] = b"]}";

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    context: &'a RawValue,
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

/// Writes the events of a chunk with the context they were made in.
pub(super) fn write(chunk: &Chunk, context: &[u8]) -> Vec<u8> {
    let events = chunk.joined(0..chunk.len());
    [CONTEXT, context, BATCH, events, END].concat()
}

/// Reads what [`write`] wrote; `None` for anything else.
pub(super) fn read(record: &[u8]) -> Option<(Chunk, Arc<[u8]>)> {
    let Record { context, batch } = serde_json::from_slice(record).ok()?;
    let mut chunk = Chunk::default();
    for event in batch {
        if event.get().len() > MAX_EVENT_BYTES {
            return None;
        }
        chunk.push(event.get().as_bytes());
    }
    Some((chunk, context.get().as_bytes().into()))
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
}
