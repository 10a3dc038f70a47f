use std::sync::atomic::{AtomicU64, Ordering};

/// What a client did since it was built. Counts are of events unless they say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Taken by `track()` and its like.
    pub tracked: u64,
    /// Refused because consent was withheld.
    pub without_consent: u64,
    /// Stored by the server, now or before.
    pub delivered: u64,
    /// Of the delivered, those the server had already.
    pub duplicates: u64,
    /// Refused by the server one by one.
    pub rejected: u64,
    /// Failed otherwise: see [`FailureReason`](crate::FailureReason).
    pub failed: u64,
    /// Dropped or refused for want of room, in memory or on disk.
    pub overflowed: u64,
    /// Forgotten because consent was withdrawn.
    pub forgotten: u64,
    /// Attempts to send, in requests.
    pub requests: u64,
    /// Attempts that failed and were to be repeated, in requests.
    pub retries: u64,
    /// Held at present: in memory, in the batch under way, and on disk.
    pub held: u64,
    /// Bytes in memory at present, the batch under way not counted.
    pub held_bytes: u64,
    /// Bytes on disk at present.
    pub disk_bytes: u64,
    /// Bytes on disk that could not be read: the end of a write that a crash cut off, or a damaged file.
    pub damaged_bytes: u64,
    /// Writes that the file system refused; the events stay in memory meanwhile.
    pub disk_failures: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) tracked: AtomicU64,
    pub(crate) without_consent: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) overflowed: AtomicU64,
    pub(crate) forgotten: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) retries: AtomicU64,
    /// Events of the batch under way, where they are not on disk as well.
    pub(crate) under_way: AtomicU64,
}

/// Adds to a counter that is only ever shown.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
