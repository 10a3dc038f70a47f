use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use futures_channel::oneshot;

use super::error::JournalError;
use super::log::{Log, Receipt, Taken};
use super::options::{DurableQueue, SyncPolicy};
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
    pub(super) disk_bytes: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) damaged_bytes: AtomicU64,
    pub(super) failures: AtomicU64,
    /// Locked before the queue, and around all that moves events from there to the writer or forgets them.
    held: Mutex<Held>,
}

/// How many events the writer has, apart from those it is yet to forget.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Taken from the queue, and on their way to the disk or refused there.
    pub(super) in_hand: u64,
    /// On disk and not settled.
    pub(super) unsettled: u64,
}

impl Shared {
    /// A panic cannot leave the counts half changed, as nothing in the lock runs foreign code: a poisoned lock is usable.
    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The journal as the client and its background task see it: a thread that is sent commands.
#[derive(Debug)]
pub(crate) struct Journal {
    commands: mpsc::Sender<Command>,
    queue: Arc<Queue>,
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
        let (journal, writer, received) = Self::over(log, options.sync, limits, queue, signal);
        writer.publish();
        thread::Builder::new()
            .name("acd-analytics-journal".into())
            .spawn(move || writer.run(&received))
            .map_err(JournalError::io("start the writer of", &options.folder))?;
        Ok(journal)
    }

    /// A journal, its writer, and the commands that the one sends to the other.
    fn over(
        log: Log,
        sync: SyncPolicy,
        limits: BatchLimits,
        queue: Arc<Queue>,
        signal: Arc<Signal>,
    ) -> (Self, Writer, mpsc::Receiver<Command>) {
        let shared = Arc::new(Shared::default());
        let (commands, received) = mpsc::channel();
        let writer = Writer {
            log,
            queue: queue.clone(),
            signal,
            shared: shared.clone(),
            sync,
            refused: None,
            forgettings: 0,
            trouble: false,
            unsynced_since: None,
        };
        (Self { commands, queue, shared, limits }, writer, received)
    }

    /// Has the writer look into the queue. A system call only when it sleeps.
    pub(crate) fn wake(&self) {
        if !self.shared.awake.swap(true, Ordering::SeqCst) {
            let _ = self.commands.send(Command::Wake);
        }
    }

    /// Takes the oldest events for sending, with the forgettings before them.
    pub(crate) async fn take(&self) -> Result<Option<(Taken, u64)>, JournalError> {
        self.ask(|reply| Command::Take(self.limits, reply)).await?
    }

    /// Strikes the events of a batch off. When the writer is gone they are sent again, to no effect.
    pub(crate) fn settle(&self, receipt: Receipt) {
        let _ = self.commands.send(Command::Settle(receipt));
    }

    /// Forgets all events, the queue's too, and says how many those are. What is on disk is deleted a moment later.
    pub(crate) fn forget(&self) -> u64 {
        let mut held = self.shared.held();
        let Held { in_hand, unsettled } = std::mem::take(&mut *held);
        let forgotten = self.queue.forget() + in_hand + unsettled;
        let _ = self.commands.send(Command::Forget(self.queue.forgettings()));
        forgotten
    }

    /// Events that are not settled, the queue's among them.
    pub(crate) fn held(&self) -> u64 {
        let held = self.shared.held();
        self.queue.held().0 as u64 + held.in_hand + held.unsettled
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
        self.shared.held().unsettled
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Overflow, QueueLimits};

    const LIMITS: BatchLimits = BatchLimits { events: 2, bytes: 100 };

    /// A journal whose writer moves when the test has it move.
    struct Slow {
        journal: Journal,
        writer: Writer,
        received: mpsc::Receiver<Command>,
        folder: tempfile::TempDir,
    }

    impl Slow {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let limits = QueueLimits { events: 100, bytes: 1000, overflow: Overflow::DropNewest };
            let queue = Arc::new(Queue::new(limits, LIMITS, true));
            let log = Log::open(&DurableQueue::new(folder.path()), Arc::from(*b"{}")).unwrap();
            let (journal, writer, received) =
                Journal::over(log, SyncPolicy::System, LIMITS, queue, Arc::new(Signal::default()));
            Self { journal, writer, received, folder }
        }

        fn push(&self, events: &[&str]) {
            events.iter().for_each(|event| assert!(self.journal.queue.push(event.as_bytes()).is_ok()));
        }

        fn serve(&mut self) {
            self.received.try_iter().for_each(|command| self.writer.serve(command));
            self.writer.publish();
        }

        /// What the disk has, in batches.
        fn written(&mut self) -> Vec<String> {
            std::iter::from_fn(|| self.writer.log.take(LIMITS).unwrap())
                .map(|taken| String::from_utf8(taken.chunk.joined(0..taken.chunk.len()).to_vec()).unwrap())
                .collect()
        }
    }

    #[test]
    fn what_is_tracked_after_a_forgetting_is_kept_when_it_is_written_before_that_is_heard_of() {
        let mut slow = Slow::new();
        slow.push(&["{1}", "{2}", "{3}"]);
        slow.writer.write().unwrap();
        assert_eq!(slow.journal.forget(), 3);
        slow.push(&["{4}"]);
        slow.writer.write().unwrap();
        slow.serve();
        assert_eq!(slow.journal.held(), 1);
        assert_eq!(slow.written(), ["{4}"]);
    }

    #[test]
    fn what_the_writer_has_in_hand_is_held_and_forgotten_with_the_rest() {
        let mut slow = Slow::new();
        slow.push(&["{1}", "{2}", "{3}"]);
        let in_hand = slow.writer.take().unwrap();
        assert_eq!((in_hand.len(), slow.journal.held()), (2, 3));
        assert_eq!((slow.journal.forget(), slow.journal.held()), (3, 0));
        assert_eq!(slow.journal.forget(), 0, "each event is forgotten once");
        slow.writer.log.append(&in_hand).unwrap();
        slow.writer.publish();
        assert_eq!(slow.journal.held(), 0);
        slow.serve();
        assert!(slow.written().is_empty());
    }

    #[test]
    fn what_is_forgotten_while_the_writer_ends_is_deleted() {
        let mut slow = Slow::new();
        slow.push(&["{1}", "{2}"]);
        slow.writer.write().unwrap();
        let (reply, _) = oneshot::channel();
        slow.journal.commands.send(Command::Close(reply)).unwrap();
        assert_eq!(slow.journal.forget(), 2);
        let Slow { writer, received, folder, .. } = slow;
        writer.run(&received);
        let left = Log::open(&DurableQueue::new(folder.path()), Arc::from(*b"{}")).unwrap();
        assert_eq!(left.unsettled(), 0);
    }

    #[test]
    fn what_cannot_be_deleted_is_not_handed_out() {
        let mut slow = Slow::new();
        slow.push(&["{1}"]);
        slow.writer.write().unwrap();
        let segment = std::fs::read_dir(slow.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|extension| extension == "events"))
            .unwrap();
        std::fs::remove_file(&segment).unwrap();
        std::fs::create_dir(&segment).unwrap();
        slow.journal.forget();
        slow.serve();
        assert!(slow.written().is_empty());
    }
}
