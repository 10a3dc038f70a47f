//! How far an upload is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far an upload is, as told to [`Uploader::on_progress`](super::Uploader::on_progress).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadProgress {
    /// The source's size in bytes.
    pub total: u64,
    /// What the server has acknowledged. It falls only when the server lost something, or the upload began anew.
    pub stored: u64,
    /// What was handed to the transport of the parts under way, beyond `stored`. It falls when a part is sent again.
    pub sending: u64,
}

type Callback = dyn Fn(UploadProgress) + Send + Sync;

/// The callback of an uploader, if there is one.
#[derive(Clone, Default)]
pub(super) struct Listener(Option<Arc<Callback>>);

impl Listener {
    pub(super) fn new(callback: impl Fn(UploadProgress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(callback)))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({})", if self.0.is_some() { "set" } else { "none" })
    }
}

/// Counts for one upload.
#[derive(Clone)]
pub(super) struct Meter(Arc<Counts>);

struct Counts {
    total: u64,
    stored: AtomicU64,
    sending: AtomicU64,
    listener: Listener,
}

impl Meter {
    pub(super) fn new(total: u64, listener: Listener) -> Self {
        Self(Arc::new(Counts { total, stored: AtomicU64::new(0), sending: AtomicU64::new(0), listener }))
    }

    pub(super) fn stored(&self, bytes: u64) {
        self.0.stored.store(bytes, Ordering::Relaxed);
        self.tell();
    }

    /// Begins to count one reading of a part.
    pub(super) fn reading(&self) -> Reading {
        Reading { meter: self.clone(), counted: 0 }
    }

    fn tell(&self) {
        let Counts { total, stored, sending, listener } = &*self.0;
        if let Some(callback) = &listener.0 {
            let (stored, sending) = (stored.load(Ordering::Relaxed), sending.load(Ordering::Relaxed));
            // A transport may hold a part's body a moment longer than it takes to hear that the part is stored.
            let sending = sending.min(total.saturating_sub(stored));
            callback(UploadProgress { total: *total, stored, sending });
        }
    }
}

/// What one reading of a part adds to the count of bytes under way. Dropping it takes them off again: either they are
/// acknowledged by then, or they are to be sent once more.
pub(super) struct Reading {
    meter: Meter,
    counted: u64,
}

impl Reading {
    pub(super) fn add(&mut self, bytes: u64) {
        self.counted += bytes;
        self.meter.0.sending.fetch_add(bytes, Ordering::Relaxed);
        self.meter.tell();
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.meter.0.sending.fetch_sub(self.counted, Ordering::Relaxed);
    }
}
