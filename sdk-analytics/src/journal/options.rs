use std::path::PathBuf;
use std::time::Duration;

use crate::queue::Overflow;

/// Smallest disk limit: eight segments must each hold a whole batch.
pub(crate) const MIN_DISK_BYTES: u64 = 8 * 1024 * 1024;

/// When written events are forced from the system's cache to the disk.
///
/// A killed process loses nothing that was written, whichever is chosen: only a power cut or a crash of the system can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// The operating system decides, usually within 30 s.
    System,
    /// At most this long after the write. The default, with one second.
    Within(Duration),
    /// After each write, which gathers what came within a millisecond.
    EachWrite,
}

/// Keeps events in a folder until the server has them, so that they outlive the process.
///
/// `track()` hands an event to a writer thread, which has it written within about a millisecond. From then on it
/// survives `kill -9`; [`persist`](crate::AnalyticsClient::persist) waits for that point, and for the disk. The next
/// client that opens the folder sends what is left under the same ids, so the server stores each event once.
#[derive(Clone, Debug)]
#[must_use = "a durable queue is given to AnalyticsClientBuilder::durable"]
pub struct DurableQueue {
    pub(crate) folder: PathBuf,
    pub(crate) max_bytes: u64,
    pub(crate) overflow: Overflow,
    pub(crate) sync: SyncPolicy,
}

impl DurableQueue {
    /// Keeps events in `folder`, which is made where it is absent and is locked against a second client.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            max_bytes: 64 * 1024 * 1024,
            overflow: Overflow::DropNewest,
            sync: SyncPolicy::Within(Duration::from_secs(1)),
        }
    }

    /// The same in another folder.
    #[cfg(feature = "app")]
    pub(crate) fn at(mut self, folder: PathBuf) -> Self {
        self.folder = folder;
        self
    }

    /// Sets how many bytes the events may take on disk. Default 64 MiB, at least 8 MiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets what gives way when the disk limit is reached. Default [`Overflow::DropNewest`].
    ///
    /// With [`Overflow::DropNewest`] the queue in memory fills up behind the disk and then overflows by its own policy.
    /// With [`Overflow::DropOldest`] the oldest eighth of the limit makes room at a time.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets when events are forced to the disk. Default: within one second.
    pub fn sync(mut self, policy: SyncPolicy) -> Self {
        self.sync = policy;
        self
    }
}
