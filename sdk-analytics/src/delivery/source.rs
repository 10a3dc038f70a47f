use std::sync::Arc;

#[cfg(feature = "durable")]
use crate::journal::{Journal, Receipt};
use crate::queue::{Chunk, Portion, Queue};
use crate::stats::Stats;
#[cfg(feature = "store")]
use crate::store::Depot;

/// Where the background task takes events from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The queue in memory itself.
    Memory,
    /// The folder that the writer thread moves the queue to.
    #[cfg(feature = "durable")]
    Journal(Journal),
    /// The store that a task moves the queue to.
    #[cfg(feature = "store")]
    Store(Depot),
}

/// Events taken for sending.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) chunk: Chunk,
    /// The context they were made in, as JSON.
    pub(crate) context: Arc<[u8]>,
    /// The mark that is reached once they are settled.
    pub(crate) upto: u64,
    /// The forgettings before its events.
    pub(crate) forgettings: u64,
    /// Whether its events outlive the process.
    pub(crate) is_kept: bool,
    #[cfg(feature = "durable")]
    receipt: Option<Receipt>,
}

/// The source cannot give events at present; the reason is for the log.
pub(crate) type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// A source with the queue in front of it.
#[derive(Debug)]
pub(crate) struct Backlog {
    pub(crate) queue: Arc<Queue>,
    pub(crate) source: Source,
    /// The context of this run, as JSON.
    pub(crate) context: Arc<[u8]>,
}

impl Backlog {
    /// Takes the oldest events, as many as one batch may have.
    pub(crate) async fn take(&self) -> Result<Option<Batch>, SourceError> {
        match &self.source {
            Source::Memory => Ok(self.queue.take().map(|Portion { chunk, upto, forgettings }| Batch {
                chunk,
                context: self.context.clone(),
                upto,
                forgettings,
                is_kept: false,
                #[cfg(feature = "durable")]
                receipt: None,
            })),
            #[cfg(feature = "durable")]
            Source::Journal(journal) => {
                let taken = journal.take().await?;
                Ok(taken.map(|(taken, forgettings)| Batch {
                    chunk: taken.chunk,
                    context: taken.context,
                    upto: taken.upto,
                    forgettings,
                    is_kept: true,
                    receipt: Some(taken.receipt),
                }))
            }
            #[cfg(feature = "store")]
            Source::Store(depot) => Ok(depot.take().await.map(|taken| Batch {
                chunk: taken.chunk,
                context: taken.context,
                upto: taken.upto,
                forgettings: taken.forgettings,
                is_kept: taken.is_kept,
                #[cfg(feature = "durable")]
                receipt: None,
            })),
        }
    }

    /// Forgets a batch whose events need not be sent again.
    pub(crate) fn settle(&self, batch: Batch) {
        #[cfg(feature = "durable")]
        if let (Source::Journal(journal), Some(receipt)) = (&self.source, batch.receipt) {
            journal.settle(receipt);
            return;
        }
        #[cfg(feature = "store")]
        if let Source::Store(depot) = &self.source {
            depot.settle();
        }
        self.queue.recycle(batch.chunk);
    }

    /// What [`Batch::upto`] reaches once everything tracked until now is settled.
    pub(crate) async fn mark(&self) -> u64 {
        match &self.source {
            Source::Memory => self.queue.mark(),
            // A writer that is gone hands nothing out: the next take says so.
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.mark().await.unwrap_or(u64::MAX),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.mark(),
        }
    }

    /// Whether anything waits to be taken.
    pub(crate) fn is_waiting(&self) -> bool {
        match &self.source {
            Source::Memory => self.queue.held().0 > 0,
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.is_waiting(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.is_waiting(),
        }
    }

    /// Whether a whole batch waits to be taken.
    pub(crate) fn has_full_batch(&self) -> bool {
        match &self.source {
            Source::Memory => self.queue.has_full_batch(),
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.has_full_batch(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.has_full_batch(),
        }
    }

    /// Events held, the batch under way not counted unless it is on disk.
    pub(crate) fn held(&self) -> u64 {
        match &self.source {
            Source::Memory => self.queue.held().0 as u64,
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.held(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.held(),
        }
    }

    /// Forgets everything held and says how many events that were.
    pub(crate) fn forget(&self) -> u64 {
        match &self.source {
            Source::Memory => self.queue.forget(),
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.forget(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.forget(),
        }
    }

    /// Events dropped or damaged behind the queue.
    pub(crate) fn dropped(&self) -> u64 {
        match &self.source {
            Source::Memory => 0,
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.dropped(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.dropped(),
        }
    }

    /// Ends the source. Gives what it took from the queue and could not keep.
    pub(crate) async fn close(&self) -> Vec<Chunk> {
        match &self.source {
            Source::Memory => Vec::new(),
            // A writer that is gone has nothing to give.
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.close().await.ok().flatten().into_iter().collect(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.close().await,
        }
    }

    /// Events that outlive the process.
    pub(crate) fn on_disk(&self) -> u64 {
        match &self.source {
            Source::Memory => 0,
            #[cfg(feature = "durable")]
            Source::Journal(journal) => journal.unsettled(),
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.kept(),
        }
    }

    /// The disk's part of the stats, the rest zero.
    pub(crate) fn disk_stats(&self) -> Stats {
        match &self.source {
            Source::Memory => Stats::default(),
            #[cfg(feature = "durable")]
            Source::Journal(journal) => Stats {
                disk_bytes: journal.disk_bytes(),
                damaged_bytes: journal.damaged_bytes(),
                disk_failures: journal.failures(),
                ..Stats::default()
            },
            #[cfg(feature = "store")]
            Source::Store(depot) => depot.stats(),
        }
    }

    /// Whether events are held behind the queue until they are settled, the batch under way among them.
    pub(crate) fn is_durable(&self) -> bool {
        !matches!(self.source, Source::Memory)
    }
}
