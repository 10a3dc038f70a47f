mod check;
mod own;
mod pipeline;
mod start;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use acd_core::Runtime;
#[cfg(feature = "store")]
use acd_core::runtime::BoxFuture;

pub use own::Own;
pub use pipeline::Pipeline;

use crate::delivery::FailedEvents;
#[cfg(feature = "durable")]
use crate::journal::DurableQueue;
use crate::queue::{Overflow, QueueLimits};
use crate::shared::{FailureCallback, Withdrawal};
#[cfg(feature = "store")]
use crate::store::{Depot, EventStore, Surroundings};

/// Settings of an [`AnalyticsClient`](crate::AnalyticsClient). Each has a default that suits a server process.
///
/// `W` is the way to the server: the [`Pipeline`] of `acd-core`, or a program's [`Own`].
#[must_use = "a client is made by build()"]
pub struct AnalyticsClientBuilder<W = Pipeline> {
    pub(crate) way: W,
    pub(crate) settings: Settings,
}

/// What is set whichever way events are sent.
pub(crate) struct Settings {
    pub(crate) runtime: Runtime,
    queue: QueueLimits,
    batch_events: usize,
    batch_bytes: usize,
    interval: Duration,
    give_up_after: Option<Option<Duration>>,
    shutdown_timeout: Duration,
    pub(crate) consent: bool,
    withdrawal: Withdrawal,
    on_failure: Option<FailureCallback>,
    #[cfg(feature = "durable")]
    durable: Option<DurableQueue>,
    #[cfg(feature = "store")]
    store: Option<OpenStore>,
    #[cfg(feature = "store")]
    store_bytes: u64,
}

/// Opens a store once the rest of the client is there.
#[cfg(feature = "store")]
type OpenStore = Box<dyn FnOnce(u64, Overflow, Surroundings) -> (Depot, BoxFuture<'static, ()>)>;

impl Default for Settings {
    fn default() -> Self {
        Self {
            runtime: Runtime::system(),
            queue: QueueLimits { events: 20_000, bytes: 16 * 1024 * 1024, overflow: Overflow::DropNewest },
            batch_events: 100,
            batch_bytes: 400 * 1024,
            interval: Duration::from_secs(1),
            give_up_after: None,
            shutdown_timeout: Duration::from_secs(10),
            consent: true,
            withdrawal: Withdrawal::Forget,
            on_failure: None,
            #[cfg(feature = "durable")]
            durable: None,
            #[cfg(feature = "store")]
            store: None,
            #[cfg(feature = "store")]
            store_bytes: 8 * 1024 * 1024,
        }
    }
}

impl<W> AnalyticsClientBuilder<W> {
    /// Sets how many events the queue in memory holds, the batch under way not counted. Default 20,000, at least 1.
    pub fn queue_events(mut self, events: usize) -> Self {
        self.settings.queue.events = events;
        self
    }

    /// Sets how many bytes of events the queue in memory holds, the batch under way not counted. Default 16 MiB, at
    /// least 32 KiB, which is one event of the largest size.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.settings.queue.bytes = bytes;
        self
    }

    /// Sets what gives way when the queue in memory is full. Default [`Overflow::DropNewest`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.settings.queue.overflow = overflow;
        self
    }

    /// Sets how many events make a batch full. Default 100, at most 2,500.
    pub fn batch_events(mut self, events: usize) -> Self {
        self.settings.batch_events = events;
        self
    }

    /// Sets how many bytes a batch request may have, context included. Default 400 KiB, 72 KiB to 500 KiB.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.settings.batch_bytes = bytes;
        self
    }

    /// Sets how long an event waits for a batch to fill. Default 1 s. Zero sends as soon as possible.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.settings.interval = interval;
        self
    }

    /// Sets for how long the same events are tried again, from their first failure; `None` is for ever. Default: 12
    /// hours, and for ever with a durable queue, which its disk limit bounds.
    pub fn give_up_after(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings.give_up_after = Some(limit.into());
        self
    }

    /// Sets for how long [`shutdown`](crate::AnalyticsClient::shutdown) sends what is queued. Default 10 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.settings.shutdown_timeout = timeout;
        self
    }

    /// Sets whether the user has agreed to be tracked. Default yes: a server process acts on agreements made elsewhere.
    ///
    /// Events of an earlier run in a durable queue are kept, and sent once consent is given.
    pub fn consent(mut self, granted: bool) -> Self {
        self.settings.consent = granted;
        self
    }

    /// Sets what becomes of held events when consent is withdrawn. Default [`Withdrawal::Forget`].
    pub fn on_withdrawal(mut self, withdrawal: Withdrawal) -> Self {
        self.settings.withdrawal = withdrawal;
        self
    }

    /// Sets what is called with events that failed for good, in the background task. It should return soon, as no
    /// events are sent meanwhile. It must not block.
    pub fn on_failure(mut self, callback: impl Fn(FailedEvents) + Send + Sync + 'static) -> Self {
        self.settings.on_failure = Some(Arc::new(callback));
        self
    }

    /// Keeps events on disk until the server has them.
    #[cfg(feature = "durable")]
    pub fn durable(mut self, queue: DurableQueue) -> Self {
        self.settings.durable = Some(queue);
        self
    }

    /// Keeps events in this store until the server has them, where there are no files for
    /// [`DurableQueue`](crate::DurableQueue). It takes that one's place.
    #[cfg(feature = "store")]
    pub fn store(mut self, store: impl EventStore) -> Self {
        self.settings.store = Some(Box::new(move |max_bytes, overflow, surroundings| {
            let (depot, keeper) = Depot::new(store, max_bytes, overflow, surroundings);
            (depot, Box::pin(keeper))
        }));
        self
    }

    /// Sets how many bytes of events wait in the store, and with it in memory. Default 8 MiB, at least 512 KiB. At the limit
    /// the queue in memory fills up and overflows by its policy, or the oldest events in the store give way, as
    /// [`overflow`](Self::overflow) says.
    #[cfg(feature = "store")]
    pub fn store_bytes(mut self, bytes: u64) -> Self {
        self.settings.store_bytes = bytes;
        self
    }

    /// Sets clock, waiting, randomness and executor. Default [`Runtime::system`].
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.settings.runtime = runtime;
        self
    }
}

impl<W> fmt::Debug for AnalyticsClientBuilder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnalyticsClientBuilder")
            .field("queue", &self.settings.queue)
            .field("batch_events", &self.settings.batch_events)
            .field("batch_bytes", &self.settings.batch_bytes)
            .field("interval", &self.settings.interval)
            .finish_non_exhaustive()
    }
}
