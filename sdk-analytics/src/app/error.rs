use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::{BuildError, EnqueueError};
use crate::journal::JournalError;

/// Why an [`AppClient`](super::AppClient) could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppError {
    /// The client could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The event was not taken.
    #[error(transparent)]
    Event(#[from] EnqueueError),
    /// The event was taken, and could not be written to disk yet.
    #[error(transparent)]
    Queue(#[from] JournalError),
    /// The file with the ids could not be read or written.
    #[error("cannot {action} {}: {cause}", .path.display())]
    Memory {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        cause: io::Error,
    },
    /// The system has no source of randomness to make an id of.
    #[error("no id could be made: {0}")]
    Randomness(#[source] acd_core::Error),
}
