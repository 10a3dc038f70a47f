use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use acd_core::Runtime;
use acd_core::runtime::Instant;
use chrono::{DateTime, Utc};

use crate::delivery::{Backlog, FailedEvents, Source, Waiters};
use crate::error::FlushError;
use crate::event::MessageIds;
use crate::sender::DynBatchSender;
use crate::signal::Signal;
use crate::stats::{Counters, count};

/// What becomes of events that are still held when consent is withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Withdrawal {
    /// They are forgotten, on disk too. The batch under way is cut off.
    #[default]
    Forget,
    /// They are kept, and sent if consent is given again.
    Keep,
}

/// What a shutdown left undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Events that the server does not have.
    pub left: u64,
    /// Of these, how many are on disk for the next client that opens the folder. The others went to `on_failure`.
    pub on_disk: u64,
}

/// Called with events that failed.
pub(crate) type FailureCallback = Arc<dyn Fn(FailedEvents) + Send + Sync>;

/// How the background task sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) interval: Duration,
    pub(crate) give_up_after: Option<Duration>,
    pub(crate) shutdown_timeout: Duration,
}

/// What the client and its background task share.
pub(crate) struct Shared {
    pub(crate) sender: Box<dyn DynBatchSender>,
    pub(crate) runtime: Runtime,
    pub(crate) backlog: Backlog,
    pub(crate) signal: Arc<Signal>,
    pub(crate) ids: MessageIds,
    pub(crate) counters: Counters,
    pub(crate) pace: Pace,
    pub(crate) withdrawal: Withdrawal,
    /// Set when the client is being shut down: by when it must be over.
    pub(crate) deadline: OnceLock<Instant>,
    pub(crate) flushes: Waiters<Result<(), FlushError>>,
    pub(crate) shutdowns: Waiters<ShutdownReport>,
    pub(crate) on_failure: Option<FailureCallback>,
}

impl Shared {
    /// Now by the wall clock.
    pub(crate) fn wall(&self) -> DateTime<Utc> {
        let since = self.runtime.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
    }

    /// Has somebody look into the queue: its writer, or the background task.
    pub(crate) fn wake(&self) {
        match &self.backlog.source {
            Source::Memory => self.signal.notify(),
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.wake(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.wake(),
        }
    }

    /// What a shutdown finds when the background task has ended already.
    pub(crate) fn after_the_end(&self) -> ShutdownReport {
        ShutdownReport { left: self.held(), on_disk: self.backlog.on_disk() }
    }

    /// Takes no more events and has the background task send what there is.
    pub(crate) fn close(&self) {
        self.backlog.queue.close();
        self.deadline.get_or_init(|| self.runtime.now() + self.pace.shutdown_timeout);
        self.signal.notify();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.deadline.get().is_some()
    }

    pub(crate) fn has_consent(&self) -> bool {
        self.backlog.queue.has_consent()
    }

    /// Events the server does not have yet.
    pub(crate) fn held(&self) -> u64 {
        self.backlog.held() + self.counters.under_way.load(Ordering::Acquire)
    }

    pub(crate) fn set_consent(&self, granted: bool) {
        self.backlog.queue.set_consent(granted);
        if !granted && self.withdrawal == Withdrawal::Forget {
            count(&self.counters.forgotten, self.backlog.forget());
        }
        self.signal.notify();
    }

    /// Hands failed events to the application. Its panics end here: they must not end the sending.
    pub(crate) fn report(&self, failed: FailedEvents) {
        tracing::debug!(reason = failed.reason.as_str(), count = failed.count, "events failed");
        if let Some(callback) = &self.on_failure
            && catch_unwind(AssertUnwindSafe(|| callback(failed))).is_err()
        {
            tracing::error!("the on_failure callback panicked: events it was given are lost");
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("backlog", &self.backlog)
            .field("pace", &self.pace)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
