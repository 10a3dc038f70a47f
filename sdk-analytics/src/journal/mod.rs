//! The durable queue: events in a folder, appended by a thread of their own, until the server has them.
//!
//! Segments are files of checksummed frames, so a process killed in the middle of a write loses at most the frame being
//! written. What the server has is noted in a small file and whole segments are deleted; where the note is behind, events
//! are sent again and the server knows them by their `messageId`.

mod cursor;
mod error;
mod folder;
mod frame;
mod handle;
mod log;
mod options;
mod segment;
mod writer;

pub use error::JournalError;
pub(crate) use handle::Journal;
pub(crate) use log::Receipt;
pub(crate) use options::MIN_DISK_BYTES;
pub use options::{DurableQueue, SyncPolicy};
