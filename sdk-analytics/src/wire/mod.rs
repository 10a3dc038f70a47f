//! The messages of Segment's HTTP tracking API, once for client, server and generated schemas.
//!
//! Field names, limits and meanings follow the
//! [HTTP tracking API](https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/) (read 2026-11-22).

mod message;
mod number;
mod reply;

pub use message::{Batch, Message, MessageType};
pub use number::{MAX_NUMBER_CHARS, number_fits};
pub use reply::{BatchReply, Rejection, RejectionCode};

/// Longest event accepted, in bytes of JSON.
pub const MAX_EVENT_BYTES: usize = 32 * 1024;
/// Longest batch request accepted, in bytes of JSON after decompression.
pub const MAX_BATCH_BYTES: usize = 500 * 1024;
/// Most events in one batch.
pub const MAX_BATCH_EVENTS: usize = 2_500;
/// Longest `messageId`, in bytes.
pub const MAX_MESSAGE_ID_BYTES: usize = 100;
/// Longest `userId`, `anonymousId`, `groupId`, `previousId`, event or page name, in bytes.
pub const MAX_NAME_BYTES: usize = 512;
/// Deepest nesting of objects and arrays in `properties`, `traits` and `context`.
pub const MAX_DEPTH: usize = 32;
