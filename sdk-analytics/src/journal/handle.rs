use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use futures_channel::oneshot;

use super::error::JournalError;
use super::log::{Log, Receipt, Taken};
use super::options::DurableQueue;
use super::writer::{Command, Writer};
use crate::queue::{BatchLimits, Chunk, Queue};
use crate::signal::Signal;

/// What the writer thread tells everyone else, without being asked.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Whether the writer looks into the queue by itself. Set by who wakes it, cleared by the writer.
    pub(super) awake: AtomicBool,
    pub(super) waiting: AtomicU64,
    pub(super) waiting_bytes: AtomicU64,
    pub(super) unsettled: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) disk_bytes: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) damaged_bytes: AtomicU64,
    pub(super) failures: AtomicU64,
}

/// The journal as the client and its background task see it: a thread that is sent commands.
#[derive(Debug)]
pub(crate) struct Journal {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    limits: BatchLimits,
}

impl Journal {
    /// Locks the folder, reads what an earlier run left, and starts the writer thread.
    pub(crate) fn open(
        options: &DurableQueue,
        limits: BatchLimits,
        context: Arc<[u8]>,
        queue: Arc<Queue>,
        signal: Arc<Signal>,
    ) -> Result<Self, JournalError> {
        let log = Log::open(options, context)?;
        let shared = Arc::new(Shared::default());
        let (commands, received) = mpsc::channel();
        let writer = Writer {
            log,
            queue,
            signal,
            shared: shared.clone(),
            sync: options.sync,
            refused: None,
            trouble: false,
            unsynced_since: None,
        };
        writer.publish();
        thread::Builder::new()
            .name("acd-analytics-journal".into())
            .spawn(move || writer.run(&received))
            .map_err(JournalError::io("start the writer of", &options.folder))?;
        Ok(Self { commands, shared, limits })
    }

    /// Has the writer look into the queue. A system call only when it sleeps.
    pub(crate) fn wake(&self) {
        if !self.shared.awake.swap(true, Ordering::SeqCst) {
            let _ = self.commands.send(Command::Wake);
        }
    }

    /// Takes the oldest events for sending.
    pub(crate) async fn take(&self) -> Result<Option<Taken>, JournalError> {
        self.ask(|reply| Command::Take(self.limits, reply)).await?
    }

    /// Strikes the events of a batch off. When the writer is gone they are sent again, to no effect.
    pub(crate) fn settle(&self, receipt: Receipt) {
        let _ = self.commands.send(Command::Settle(receipt));
    }

    /// Deletes all events.
    pub(crate) fn clear(&self) {
        let _ = self.commands.send(Command::Clear);
    }

    /// How many events will have been handed out once everything tracked until now has been.
    pub(crate) async fn mark(&self) -> Result<u64, JournalError> {
        self.ask(Command::Mark).await
    }

    /// Completes once everything tracked until now is on the disk.
    pub(crate) async fn persist(&self) -> Result<(), JournalError> {
        self.ask(Command::Persist).await?
    }

    /// Ends the writer, which writes what is left. Gives back what it could not write and took from the queue before.
    pub(crate) async fn close(&self) -> Result<Option<Chunk>, JournalError> {
        self.ask(Command::Close).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| JournalError::Closed)?;
        answer.await.map_err(|_| JournalError::Closed)
    }

    /// Whether there are events on disk that have not been handed out.
    pub(crate) fn is_waiting(&self) -> bool {
        self.shared.waiting.load(Ordering::Acquire) > 0
    }

    /// Whether these make a batch.
    pub(crate) fn has_full_batch(&self) -> bool {
        self.shared.waiting.load(Ordering::Acquire) >= self.limits.events as u64
            || self.shared.waiting_bytes.load(Ordering::Acquire) >= self.limits.bytes as u64
    }

    /// Events on disk that have not been settled.
    pub(crate) fn unsettled(&self) -> u64 {
        self.shared.unsettled.load(Ordering::Acquire)
    }

    /// Events taken from the queue that the file system or the disk limit has refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Acquire)
    }

    /// Bytes on disk.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.shared.disk_bytes.load(Ordering::Acquire)
    }

    /// Events dropped to keep the disk limit, or unreadable.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Acquire)
    }

    /// Bytes found unreadable.
    pub(crate) fn damaged_bytes(&self) -> u64 {
        self.shared.damaged_bytes.load(Ordering::Acquire)
    }

    /// Writes and syncs that the file system refused.
    pub(crate) fn failures(&self) -> u64 {
        self.shared.failures.load(Ordering::Acquire)
    }
}
