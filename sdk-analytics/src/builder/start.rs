use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Settings, check};
use crate::client::AnalyticsClient;
use crate::delivery::{Backlog, Courier, Source, Waiters, envelope_bytes};
use crate::error::BuildError;
use crate::event::MessageIds;
#[cfg(feature = "durable")]
use crate::journal::Journal;
use crate::queue::{BatchLimits, Queue};
use crate::sender::DynBatchSender;
use crate::shared::{Pace, Shared};
use crate::signal::Signal;
use crate::stats::Counters;
#[cfg(feature = "store")]
use crate::store::Surroundings;
use crate::wire::MAX_EVENT_BYTES;

/// For how long the same events are tried again, where they are held in memory alone.
const GIVE_UP_AFTER: Duration = Duration::from_secs(12 * 60 * 60);

impl Settings {
    /// Starts a client with settings that were checked.
    pub(super) fn start(self, context: &str, sender: Box<dyn DynBatchSender>) -> Result<AnalyticsClient, BuildError> {
        let context: Arc<[u8]> = check::context(context)?.into();
        // Room for the largest context, not for this one: a durable queue may hold events of an earlier run's.
        let bytes = self.batch_bytes - envelope_bytes(MAX_EVENT_BYTES);
        let limits = BatchLimits { events: self.batch_events, bytes };
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
            sender,
            runtime: self.runtime,
            backlog: Backlog { queue, source, context },
            signal,
            ids: MessageIds::new(keys.map(u64::from_le_bytes)),
            counters: Counters::default(),
            pace,
            withdrawal: self.withdrawal,
            deadline: OnceLock::new(),
            flushes: Waiters::default(),
            shutdowns: Waiters::default(),
            on_failure: self.on_failure,
        });
        shared.runtime.spawn(Courier::new(shared.clone()).run()).map_err(BuildError::Http)?;
        Ok(AnalyticsClient::new(shared))
    }
}
