use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why the durable queue could not be opened or written.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another client, in this process or another, has the folder open.
    #[error("{} is in use by another analytics client: give each client a folder of its own", .0.display())]
    InUse(PathBuf),
    /// The file system refused.
    #[error("cannot {action} {}: {cause}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The folder holds as much as it may, and the overflow policy keeps what is there.
    #[error("the durable queue has reached its {limit} bytes: raise max_bytes, or let the server take the events")]
    Full {
        /// Most bytes the folder may hold.
        limit: u64,
    },
    /// The thread that writes the journal has ended, since the client was shut down.
    #[error("the durable queue is closed: the client was shut down")]
    Closed,
}

impl JournalError {
    /// For `map_err`: what was tried, with which file.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { action, path, cause: Arc::new(cause) }
    }
}
