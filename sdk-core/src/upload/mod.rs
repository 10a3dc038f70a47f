//! Resumable uploads: one engine for every server that takes a file in parts.
//!
//! What differs between vendors is written as an [`UploadTarget`]: how a session begins, how to ask where it stands, how
//! one part is sent, how it ends. Everything else is here: cutting the source ([`ChunkRule`]), reading it in small pieces,
//! checksums, progress, parallel parts, and what to do after a failure.
//!
//! Three rules hold whatever happens:
//!
//! - **Nothing is sent twice blindly.** After an unknown outcome the server is asked where it stands, and the upload goes
//!   on from there.
//! - **What the server acknowledged is saved** before the next part is sent. A process that dies, or a future that is
//!   dropped, leaves a session from which [`Uploader::upload`] goes on.
//! - **A source that changed is never joined to what was sent of it before.**
//!
//! Memory is bounded by [`PIECE`] and the transport's buffers for each part under way, however large parts and source are.

mod checksum;
#[cfg(test)]
mod fake;
mod file;
mod numbered;
mod part;
mod plan;
mod progress;
mod rule;
mod run;
mod sequential;
mod session;
mod source;
mod store;
mod target;
mod uploader;

pub use checksum::{Checksum, Sha256, checksum_of};
pub use file::FileSource;
pub use part::{PIECE, Part};
pub use plan::{ChunkPlan, Span};
pub use progress::UploadProgress;
pub use rule::{ChunkRule, Layout, PlanError};
pub use session::UploadSession;
pub use source::{Fingerprint, UploadSource};
pub use store::{FileSessionStore, SessionStore};
pub use target::{Begun, Ending, Order, PartAnswer, Position, Standing, StoredPart, UploadTarget};
pub use uploader::Uploader;
