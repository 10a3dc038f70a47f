use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[cfg(feature = "store")]
use acd_core::runtime::BoxFuture;
use acd_core::{Basic, Client, ClientBuilder, RetryConfig, Runtime, Secret};

use crate::client::AnalyticsClient;
use crate::context::Context;
use crate::delivery::{Backlog, Courier, FailedEvents, Source, Waiters, envelope_bytes};
use crate::error::BuildError;
use crate::event::MessageIds;
#[cfg(feature = "durable")]
use crate::journal::{DurableQueue, Journal, MIN_DISK_BYTES};
use crate::queue::{BatchLimits, Overflow, Queue, QueueLimits};
use crate::shared::{FailureCallback, Pace, Shared, Withdrawal};
use crate::signal::Signal;
use crate::stats::Counters;
#[cfg(feature = "store")]
use crate::store::{Depot, EventStore, MIN_STORE_BYTES, Surroundings};
use crate::wire::{MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES};

/// For how long the same events are tried again, where they are held in memory alone.
const GIVE_UP_AFTER: Duration = Duration::from_secs(12 * 60 * 60);

type Customise = Box<dyn FnOnce(ClientBuilder) -> ClientBuilder>;

/// Settings of an [`AnalyticsClient`]. Each has a default that suits a server process.
#[must_use = "a client is made by build()"]
pub struct AnalyticsClientBuilder {
    write_key: Secret,
    base_url: String,
    pub(crate) runtime: Runtime,
    customise: Option<Customise>,
    queue: QueueLimits,
    batch_events: usize,
    batch_bytes: usize,
    interval: Duration,
    give_up_after: Option<Option<Duration>>,
    shutdown_timeout: Duration,
    pub(crate) consent: bool,
    withdrawal: Withdrawal,
    pub(crate) context: Context,
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

impl AnalyticsClientBuilder {
    pub(crate) fn new(write_key: Secret, base_url: String) -> Self {
        Self {
            write_key,
            base_url,
            runtime: Runtime::system(),
            customise: None,
            queue: QueueLimits { events: 20_000, bytes: 16 * 1024 * 1024, overflow: Overflow::DropNewest },
            batch_events: 100,
            batch_bytes: 400 * 1024,
            interval: Duration::from_secs(1),
            give_up_after: None,
            shutdown_timeout: Duration::from_secs(10),
            consent: true,
            withdrawal: Withdrawal::Forget,
            context: Context::default(),
            on_failure: None,
            #[cfg(feature = "durable")]
            durable: None,
            #[cfg(feature = "store")]
            store: None,
            #[cfg(feature = "store")]
            store_bytes: 8 * 1024 * 1024,
        }
    }

    /// Sets how many events the queue in memory holds, the batch under way not counted. Default 20,000, at least 1.
    pub fn queue_events(mut self, events: usize) -> Self {
        self.queue.events = events;
        self
    }

    /// Sets how many bytes of events the queue in memory holds, the batch under way not counted. Default 16 MiB, at
    /// least 32 KiB, which is one event of the largest size.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue.bytes = bytes;
        self
    }

    /// Sets what gives way when the queue in memory is full. Default [`Overflow::DropNewest`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.queue.overflow = overflow;
        self
    }

    /// Sets how many events make a batch full. Default 100, at most 2,500.
    pub fn batch_events(mut self, events: usize) -> Self {
        self.batch_events = events;
        self
    }

    /// Sets how many bytes a batch request may have, context included. Default 400 KiB, 72 KiB to 500 KiB.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Sets how long an event waits for a batch to fill. Default 1 s. Zero sends as soon as possible.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets for how long the same events are tried again, from their first failure; `None` is for ever. Default: 12
    /// hours, and for ever with a durable queue, which its disk limit bounds.
    pub fn give_up_after(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.give_up_after = Some(limit.into());
        self
    }

    /// Sets for how long [`shutdown`](AnalyticsClient::shutdown) sends what is queued. Default 10 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Sets whether the user has agreed to be tracked. Default yes: a server process acts on agreements made elsewhere.
    ///
    /// Events of an earlier run in a durable queue are kept, and sent once consent is given.
    pub fn consent(mut self, granted: bool) -> Self {
        self.consent = granted;
        self
    }

    /// Sets what becomes of held events when consent is withdrawn. Default [`Withdrawal::Forget`].
    pub fn on_withdrawal(mut self, withdrawal: Withdrawal) -> Self {
        self.withdrawal = withdrawal;
        self
    }

    /// Sets where the events happen, as far as it is the same for all. Library, operating system, locale and time zone
    /// are filled in where they are unset. At most 32 KiB of JSON; sent once per batch.
    pub fn context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Sets what is called with events that failed for good, in the background task. It should return soon, as no
    /// events are sent meanwhile. It must not block.
    pub fn on_failure(mut self, callback: impl Fn(FailedEvents) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Arc::new(callback));
        self
    }

    /// Keeps events on disk until the server has them.
    #[cfg(feature = "durable")]
    pub fn durable(mut self, queue: DurableQueue) -> Self {
        self.durable = Some(queue);
        self
    }

    /// Keeps events in this store until the server has them, where there are no files for
    /// [`DurableQueue`](crate::DurableQueue). It takes that one's place.
    #[cfg(feature = "store")]
    pub fn store(mut self, store: impl EventStore) -> Self {
        self.store = Some(Box::new(move |max_bytes, overflow, surroundings| {
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
        self.store_bytes = bytes;
        self
    }

    /// Sets clock, waiting, randomness and executor. Default [`Runtime::system`].
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Changes the HTTP client: its transport, timeouts and policies. Its retries stay off, since each attempt must
    /// carry its own `sentAt`; this client repeats by itself.
    pub fn http(mut self, customise: impl FnOnce(ClientBuilder) -> ClientBuilder + 'static) -> Self {
        self.customise = Some(Box::new(customise));
        self
    }

    /// Checks the settings, opens the durable queue if there is one (which reads what it holds), and starts the
    /// background task. On native targets a tokio runtime must be running, unless
    /// [`runtime`](Self::runtime) brings another executor.
    ///
    /// # Errors
    /// [`BuildError`], naming the setting or what refused.
    pub fn build(self) -> Result<AnalyticsClient, BuildError> {
        self.check()?;
        let context =
            serde_json::to_vec(&self.context.captured()).map_err(|error| BuildError::Context(error.to_string()))?;
        if context.len() > MAX_EVENT_BYTES {
            return Err(BuildError::Context(format!("it has {} bytes, more than {MAX_EVENT_BYTES}", context.len())));
        }
        let context: Arc<[u8]> = context.into();
        // Room for the largest context, not for this one: a durable queue may hold events of an earlier run's.
        let bytes = self.batch_bytes - envelope_bytes(MAX_EVENT_BYTES);
        let limits = BatchLimits { events: self.batch_events, bytes };
        let auth = Basic::new(&self.write_key, &Secret::new("")).map_err(BuildError::Http)?;
        let http = Client::builder(self.base_url).auth(auth).runtime(self.runtime.clone());
        let http = match self.customise {
            Some(customise) => customise(http),
            None => http,
        };
        let api = http.retry(RetryConfig::disabled()).build().map_err(BuildError::Http)?;
        let mut keys = [[0; 8]; 2];
        for key in &mut keys {
            self.runtime.fill_random(key).map_err(BuildError::Http)?;
        }
        let signal = Arc::new(Signal::default());
        let queue = Arc::new(Queue::new(self.queue, limits, self.consent));
        #[cfg(feature = "durable")]
        let (source, give_up_after) = match &self.durable {
            None => (Source::Memory, Some(GIVE_UP_AFTER)),
            Some(options) => {
                let journal = Journal::open(options, limits, context.clone(), queue.clone(), signal.clone())?;
                (Source::Journal(journal), None)
            }
        };
        #[cfg(not(feature = "durable"))]
        let (source, give_up_after) = (Source::Memory, Some(GIVE_UP_AFTER));
        #[cfg(feature = "store")]
        let (source, give_up_after) = match self.store {
            None => (source, give_up_after),
            Some(open) => {
                let (queue, context, sending) = (queue.clone(), context.clone(), signal.clone());
                let surroundings = Surroundings { queue, context, sending, limits };
                let (depot, keeper) = open(self.store_bytes, self.queue.overflow, surroundings);
                self.runtime.spawn(keeper).map_err(BuildError::Http)?;
                (Source::Store(depot), None)
            }
        };
        let pace = Pace {
            interval: self.interval,
            give_up_after: self.give_up_after.unwrap_or(give_up_after),
            shutdown_timeout: self.shutdown_timeout,
        };
        let shared = Arc::new(Shared {
            api,
            runtime: self.runtime,
            backlog: Backlog { queue, source, context },
            signal,
            ids: MessageIds::new(keys.map(u64::from_le_bytes)),
            counters: Counters::default(),
            pace,
            withdrawal: self.withdrawal,
            forgettings: AtomicU64::new(0),
            deadline: OnceLock::new(),
            flushes: Waiters::default(),
            shutdowns: Waiters::default(),
            on_failure: self.on_failure,
        });
        shared.runtime.spawn(Courier::new(shared.clone()).run()).map_err(BuildError::Http)?;
        Ok(AnalyticsClient::new(shared))
    }

    fn check(&self) -> Result<(), BuildError> {
        // A batch must take the largest event beside the largest context.
        let least_batch = envelope_bytes(MAX_EVENT_BYTES) + MAX_EVENT_BYTES;
        let within = |setting: &'static str, given: u64, least: usize, most: usize| {
            let allowed = least as u64..=most as u64;
            if allowed.contains(&given) {
                return Ok(());
            }
            let allowed = if most == usize::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
            Err(BuildError::Setting { setting, given: given.to_string(), allowed })
        };
        within("queue_events", self.queue.events as u64, 1, usize::MAX)?;
        within("queue_bytes", self.queue.bytes as u64, MAX_EVENT_BYTES, usize::MAX)?;
        within("batch_events", self.batch_events as u64, 1, MAX_BATCH_EVENTS)?;
        within("batch_bytes", self.batch_bytes as u64, least_batch, MAX_BATCH_BYTES)?;
        #[cfg(feature = "durable")]
        if let Some(durable) = &self.durable {
            within("durable.max_bytes", durable.max_bytes, MIN_DISK_BYTES as usize, usize::MAX)?;
        }
        #[cfg(feature = "store")]
        within("store_bytes", self.store_bytes, MIN_STORE_BYTES as usize, usize::MAX)?;
        Ok(())
    }
}

impl fmt::Debug for AnalyticsClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnalyticsClientBuilder")
            .field("base_url", &self.base_url)
            .field("queue", &self.queue)
            .field("batch_events", &self.batch_events)
            .field("batch_bytes", &self.batch_bytes)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
