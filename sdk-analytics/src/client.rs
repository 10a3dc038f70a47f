use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use acd_core::Secret;
use serde::Serialize;

use crate::builder::{AnalyticsClientBuilder, Own};
#[cfg(any(feature = "durable", feature = "store"))]
use crate::delivery::Source;
use crate::error::{EnqueueError, FlushError};
use crate::event::{Alias, Encode, Group, Identify, JsonEvent, MessageId, Page, Screen, Track, encode};
use crate::sender::BatchSender;
use crate::shared::{Shared, ShutdownReport};
use crate::stats::{Stats, count};
use crate::wire::MAX_EVENT_BYTES;

thread_local! {
    /// Where events of this thread are encoded, before the queue's lock is taken. Taken out while in use: an event whose
    /// own `Serialize` tracks another one then gets a fresh buffer.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Tells the platform what users do. Cheap to clone; all clones share one queue and one background task.
///
/// The six calls encode an event into a bounded queue and return: they never wait, never do I/O, and never panic by
/// themselves (a panic of the caller's own `Serialize` passes through and leaves the queue as it was). When the last
/// clone is dropped without [`shutdown`](Self::shutdown), the background task still tries to send what is queued, for as
/// long as a shutdown would, provided its executor lives that long.
#[derive(Clone, Debug)]
pub struct AnalyticsClient {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl AnalyticsClient {
    /// Begins a client for the product with `write_key` on the server at `base_url`, for example
    /// `https://api.example.com`.
    pub fn builder(write_key: impl Into<Secret>, base_url: impl Into<String>) -> AnalyticsClientBuilder {
        AnalyticsClientBuilder::new(write_key.into(), base_url.into())
    }

    /// Begins a client whose batches this sender carries, which knows server and credentials.
    pub fn builder_over<S: BatchSender>(sender: S) -> AnalyticsClientBuilder<Own<S>> {
        AnalyticsClientBuilder::over(sender)
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { handle: Arc::new(Handle(shared)) }
    }

    fn shared(&self) -> &Shared {
        &self.handle.0
    }

    /// Queues something a user did.
    ///
    /// # Errors
    /// [`EnqueueError`] when the event is not taken: it cannot be stored as it is, the queue is full, consent is
    /// withheld, or the client is shut down.
    pub fn track<P: Serialize>(&self, event: Track<'_, P>) -> Result<MessageId, EnqueueError> {
        self.enqueue(&event)
    }

    /// Queues who a user is.
    ///
    /// # Errors
    /// As [`track`](Self::track).
    pub fn identify<T: Serialize>(&self, event: Identify<'_, T>) -> Result<MessageId, EnqueueError> {
        self.enqueue(&event)
    }

    /// Queues a web page viewed.
    ///
    /// # Errors
    /// As [`track`](Self::track).
    pub fn page<P: Serialize>(&self, event: Page<'_, P>) -> Result<MessageId, EnqueueError> {
        self.enqueue(&event)
    }

    /// Queues a mobile screen viewed.
    ///
    /// # Errors
    /// As [`track`](Self::track).
    pub fn screen<P: Serialize>(&self, event: Screen<'_, P>) -> Result<MessageId, EnqueueError> {
        self.enqueue(&event)
    }

    /// Queues the group a user belongs to.
    ///
    /// # Errors
    /// As [`track`](Self::track).
    pub fn group<T: Serialize>(&self, event: Group<'_, T>) -> Result<MessageId, EnqueueError> {
        self.enqueue(&event)
    }

    /// Queues a second id of a user.
    ///
    /// # Errors
    /// As [`track`](Self::track).
    pub fn alias(&self, event: Alias<'_>) -> Result<MessageId, EnqueueError> {
        self.enqueue(&event)
    }

    /// Queues an event of any kind whose free-form parts are JSON texts.
    ///
    /// # Errors
    /// As [`track`](Self::track); [`EnqueueError::Unserialisable`] for a text that is not JSON.
    pub fn enqueue_json(&self, event: &JsonEvent<'_>) -> Result<MessageId, EnqueueError> {
        self.enqueue(event)
    }

    fn enqueue(&self, event: &impl Encode) -> Result<MessageId, EnqueueError> {
        let shared = self.shared();
        let mut buffer = SCRATCH.take();
        let result = encode(event, &shared.ids, shared.wall(), &mut buffer)
            .and_then(|id| shared.backlog.queue.push(&buffer).map(|pushed| (id, pushed)))
            .map_err(|error| match error {
                // An app has no id for a person who did not agree: that, and not the id, is what is missing.
                EnqueueError::MissingUser if !shared.has_consent() => EnqueueError::ConsentWithheld,
                other => other,
            });
        // A buffer that grew in an odd case must not stay that large for the life of the thread.
        buffer.truncate(0);
        if buffer.capacity() <= 2 * MAX_EVENT_BYTES {
            SCRATCH.set(buffer);
        }
        let counters = &shared.counters;
        match result {
            Ok((id, pushed)) => {
                count(&counters.tracked, 1);
                if pushed.dropped > 0 {
                    count(&counters.overflowed, pushed.dropped);
                }
                if pushed.wake {
                    shared.wake();
                }
                Ok(id)
            }
            Err(error) => {
                match error {
                    EnqueueError::QueueFull => count(&counters.overflowed, 1),
                    EnqueueError::ConsentWithheld => count(&counters.without_consent, 1),
                    _ => {}
                }
                Err(error)
            }
        }
    }

    /// Sends everything tracked until now, without waiting for a batch to fill, and completes once each event is stored
    /// or has failed for good.
    ///
    /// # Errors
    /// [`FlushError::Undelivered`] as soon as one attempt fails for a reason that may pass; the events stay queued and
    /// are tried again in the background. Others as [`FlushError`] says.
    pub async fn flush(&self) -> Result<(), FlushError> {
        let shared = self.shared();
        let answer = shared.flushes.join().ok_or(FlushError::Stopped)?;
        shared.signal.notify();
        answer.await.unwrap_or(Err(FlushError::Stopped))
    }

    /// Completes once everything tracked until now is written to the durable queue and forced to the disk. Without a
    /// durable queue it completes at once.
    ///
    /// # Errors
    /// [`JournalError`](crate::JournalError) when the file system or the disk limit refuses; the events stay in memory
    /// and the write is tried again.
    #[cfg(feature = "durable")]
    pub async fn persist(&self) -> Result<(), crate::JournalError> {
        match &self.shared().backlog.source {
            Source::Journal(journal) => journal.persist().await,
            _ => Ok(()),
        }
    }

    /// Completes once everything tracked until now is sent, or in the store given to
    /// [`store`](AnalyticsClientBuilder::store). Without one it completes at once.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) while events are held in memory alone, because the host refused them, now or before, or the
    /// limit is reached; they are sent from there.
    #[cfg(feature = "store")]
    pub async fn stored(&self) -> Result<(), crate::StoreError> {
        match &self.shared().backlog.source {
            Source::Store(depot) => depot.persist().await,
            _ => Ok(()),
        }
    }

    /// Takes no more events, sends what is queued within the shutdown timeout, and says what is left.
    ///
    /// What memory holds of the rest goes to `on_failure`; what is on disk stays for the next client of the folder,
    /// which may be opened as soon as this completes. A second call waits for the same shutdown.
    pub async fn shutdown(&self) -> ShutdownReport {
        let shared = self.shared();
        let answer = shared.shutdowns.join();
        shared.close();
        match answer {
            Some(answer) => answer.await.unwrap_or_else(|_| shared.after_the_end()),
            None => shared.after_the_end(),
        }
    }

    /// Says whether the user agrees to be tracked. While not, nothing is queued and nothing is sent.
    ///
    /// What is held when consent is withdrawn is forgotten or kept, as
    /// [`on_withdrawal`](AnalyticsClientBuilder::on_withdrawal) says; the request under way is cut off. What a durable
    /// queue holds is deleted a moment after this returns.
    pub fn set_consent(&self, granted: bool) {
        self.shared().set_consent(granted);
    }

    /// Whether the user agrees to be tracked, as far as the client was told.
    #[cfg(feature = "app")]
    pub(crate) fn has_consent(&self) -> bool {
        self.shared().has_consent()
    }

    /// What the client did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = self.shared();
        let counters = &shared.counters;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            tracked: read(&counters.tracked),
            without_consent: read(&counters.without_consent),
            delivered: read(&counters.delivered),
            duplicates: read(&counters.duplicates),
            rejected: read(&counters.rejected),
            failed: read(&counters.failed),
            overflowed: read(&counters.overflowed) + shared.backlog.dropped(),
            forgotten: read(&counters.forgotten),
            requests: read(&counters.requests),
            retries: read(&counters.retries),
            held: shared.held(),
            held_bytes: shared.backlog.queue.held().1 as u64,
            ..shared.backlog.disk_stats()
        }
    }
}
