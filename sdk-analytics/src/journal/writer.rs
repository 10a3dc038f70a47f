use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use super::error::JournalError;
use super::handle::{Held, Shared};
use super::log::{Log, Receipt, Taken};
use super::options::SyncPolicy;
use crate::queue::{BatchLimits, Chunk, Queue};
use crate::signal::Signal;

/// How long the writer gathers after a write before it sleeps: it spares `track()` a system call an event.
const GATHER: Duration = Duration::from_millis(1);
/// How long it waits before it tries again what the file system refused.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer thread is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Look into the queue.
    Wake,
    /// Hand out a batch, with the forgettings before it.
    Take(BatchLimits, oneshot::Sender<Result<Option<(Taken, u64)>, JournalError>>),
    /// Events of a batch need not be sent again.
    Settle(Receipt),
    /// Say how many events will have been handed out once everything tracked until now has been.
    Mark(oneshot::Sender<u64>),
    /// Delete everything tracked before the forgetting of this number.
    Forget(u64),
    /// Write and force to the disk what was tracked until now.
    Persist(oneshot::Sender<Result<(), JournalError>>),
    /// End the thread and give back what could not be written.
    Close(oneshot::Sender<Option<Chunk>>),
}

/// The only one to touch the files: moves events from the queue to the log and answers the background task.
pub(super) struct Writer {
    pub(super) log: Log,
    pub(super) queue: Arc<Queue>,
    pub(super) signal: Arc<Signal>,
    pub(super) shared: Arc<Shared>,
    pub(super) sync: SyncPolicy,
    /// Taken from the queue, refused by the file system or the disk limit.
    pub(super) refused: Option<Chunk>,
    /// The forgettings before all that is here.
    pub(super) forgettings: u64,
    /// The trouble there is, to log its beginning and its end rather than each attempt.
    pub(super) trouble: bool,
    pub(super) unsynced_since: Option<Instant>,
}

impl Writer {
    /// Serves until it is told to close or nobody is left to tell it.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let closer = loop {
            match self.next(commands) {
                Ok(Command::Close(reply)) => break Some(reply),
                Ok(command) => self.serve(command),
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.write();
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            }
            self.sync_when_due();
            self.publish();
        };
        // Consent may have been withdrawn since: nobody will be there to hear of it.
        self.forget(self.queue.forgettings());
        let _ = self.write();
        let refused = self.refused.take();
        self.publish();
        // The lock of the folder goes with the log: who waits for the end may open it at once.
        if let Err(error) = self.log.close() {
            tracing::error!(%error, "the durable queue could not be closed: after a power cut its last events may be lost");
        }
        if let Some(reply) = closer {
            let _ = reply.send(refused);
        }
    }

    /// Waits for a command. While events keep coming, it looks for them itself instead of being woken for each.
    fn next(&mut self, commands: &Receiver<Command>) -> Result<Command, RecvTimeoutError> {
        while self.shared.awake.load(Ordering::Acquire) {
            match commands.recv_timeout(GATHER) {
                Err(RecvTimeoutError::Timeout) => {}
                other => return other,
            }
            if self.queue.held().0 == 0 || self.refused.is_some() {
                // Whoever tracks from here on wakes us; whoever did just before is seen by the look that follows.
                self.shared.awake.store(false, Ordering::SeqCst);
            }
            let _ = self.write();
            self.sync_when_due();
            self.publish();
        }
        let due = match (self.refused.is_some(), self.sync_due()) {
            (true, due) => Some(due.unwrap_or(RETRY).min(RETRY)),
            (false, due) => due,
        };
        match due {
            Some(due) => commands.recv_timeout(due),
            None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Does what it is told. Whoever is answered must find the published counts up to date, so they come first.
    pub(super) fn serve(&mut self, command: Command) {
        match command {
            // The loop in `next` writes a moment later, together with what else comes until then.
            Command::Wake | Command::Close(_) => {}
            Command::Take(limits, reply) => {
                let _ = self.write();
                let taken = self.log.take(limits);
                self.publish();
                let _ = reply.send(taken.map(|taken| taken.map(|taken| (taken, self.forgettings))));
            }
            Command::Settle(receipt) => {
                if let Err(error) = self.log.settle(receipt) {
                    tracing::warn!(%error, "sent events could not be struck off the durable queue: they may be sent again");
                }
                if self.refused.is_some() {
                    let _ = self.write();
                }
            }
            Command::Mark(reply) => {
                let _ = self.write();
                let refused = self.refused.as_ref().map_or(0, Chunk::len) + self.queue.held().0;
                let _ = reply.send(self.log.totals().appended + refused as u64);
            }
            Command::Forget(forgettings) => self.forget(forgettings),
            Command::Persist(reply) => {
                let persisted = self.write().and_then(|()| self.log.force());
                self.publish();
                let _ = reply.send(persisted);
            }
        }
    }

    /// Deletes what is here, unless it came after the forgetting of this number.
    fn forget(&mut self, forgettings: u64) {
        if self.forgettings >= forgettings {
            return;
        }
        self.forgettings = forgettings;
        self.refused = None;
        if let Err(error) = self.log.clear() {
            tracing::error!(%error, "events that were to be forgotten could not be deleted: delete the folder");
        }
    }

    /// Takes what is to be written next.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        if let Some(refused) = self.refused.take() {
            return Some(refused);
        }
        let portion = {
            let mut held = self.shared.held();
            let portion = self.queue.take()?;
            held.in_hand = portion.chunk.len() as u64;
            portion
        };
        // The command may still be on its way, and must not find these events among those that it is for.
        self.forget(portion.forgettings);
        Some(portion.chunk)
    }

    /// Moves everything from the queue to the log. On an error the rest stays in the queue, which then overflows.
    pub(super) fn write(&mut self) -> Result<(), JournalError> {
        while let Some(chunk) = self.take() {
            match self.log.append(&chunk) {
                Ok(()) => {
                    self.queue.recycle(chunk);
                    self.publish_held();
                }
                Err(error) => {
                    self.refused = Some(chunk);
                    if !std::mem::replace(&mut self.trouble, true) {
                        tracing::warn!(%error, "events cannot be written to the durable queue and stay in memory");
                    }
                    self.shared.failures.fetch_add(1, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        if std::mem::replace(&mut self.trouble, false) {
            tracing::info!("events are written to the durable queue again");
        }
        Ok(())
    }

    fn sync_due(&self) -> Option<Duration> {
        match self.sync {
            SyncPolicy::System => None,
            SyncPolicy::EachWrite => self.log.is_unsynced().then_some(Duration::ZERO),
            SyncPolicy::Within(limit) => self.unsynced_since.map(|since| limit.saturating_sub(since.elapsed())),
        }
    }

    fn sync_when_due(&mut self) {
        if self.log.is_unsynced() {
            self.unsynced_since.get_or_insert_with(Instant::now);
        } else {
            self.unsynced_since = None;
        }
        if self.sync_due() == Some(Duration::ZERO) {
            // A failed sync is tried again after the same time, not in a loop.
            self.unsynced_since = None;
            if let Err(error) = self.log.force() {
                self.shared.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, "events are written but could not be forced to the disk");
                self.unsynced_since = Some(Instant::now());
            }
        }
    }

    fn publish_held(&self) {
        let mut held = self.shared.held();
        // What is yet to be forgotten here has been counted by who asked for that.
        *held = if self.forgettings == self.queue.forgettings() {
            Held { in_hand: self.refused.as_ref().map_or(0, Chunk::len) as u64, unsettled: self.log.unsettled() }
        } else {
            Held::default()
        };
    }

    /// Tells the others what there is now.
    pub(super) fn publish(&self) {
        let totals = self.log.totals();
        let shared = &self.shared;
        self.publish_held();
        shared.disk_bytes.store(self.log.bytes(), Ordering::Release);
        shared.dropped.store(totals.dropped + totals.damaged_events, Ordering::Release);
        shared.damaged_bytes.store(totals.damaged_bytes, Ordering::Release);
        shared.waiting_bytes.store(self.log.waiting_bytes(), Ordering::Release);
        let waiting = totals.appended - totals.handed;
        if shared.waiting.swap(waiting, Ordering::AcqRel) != waiting {
            self.signal.notify();
        }
    }
}
