use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_channel::oneshot::Sender;
use futures_util::future::{Either, select};

use super::failure::{FailedEvents, FailureReason};
use super::parcel::{Interrupt, Parcel};
use super::source::SourceError;
use crate::error::FlushError;
use crate::shared::{Shared, ShutdownReport};
use crate::stats::count;

/// The background task of one client.
pub(crate) struct Courier {
    shared: Arc<Shared>,
    /// Flushes under way: each is answered once everything up to its mark is settled.
    flushes: Vec<(u64, Sender<Result<(), FlushError>>)>,
    /// Taken but not settled, since consent is withheld or a shutdown has waited long enough.
    kept: Option<Parcel>,
    /// Lost events that the application was told of.
    losses_told: u64,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Nothing to send.
    Nothing,
    /// Events, but not yet a batch full.
    Some,
    /// A whole batch, or somebody waits for a flush.
    Due,
    /// Nothing may be sent; somebody may be waiting for a flush to be told so.
    Withheld { asked: bool },
    /// The client is being shut down.
    Closing,
}

impl Courier {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, flushes: Vec::new(), kept: None, losses_told: 0 }
    }

    /// Runs until the client is shut down or dropped.
    pub(crate) async fn run(mut self) {
        while !self.shared.is_closing() {
            let timed = self.wait_for_work().await;
            self.send_all(timed).await;
            self.tell_losses();
        }
        self.finish().await;
    }

    fn look(&self) -> Look {
        let shared = &self.shared;
        let asked = !shared.flushes.is_empty();
        if shared.is_closing() {
            Look::Closing
        } else if !shared.has_consent() {
            Look::Withheld { asked }
        } else if asked || shared.backlog.has_full_batch() || self.kept.is_some() {
            Look::Due
        } else if shared.backlog.is_waiting() {
            Look::Some
        } else {
            Look::Nothing
        }
    }

    /// Waits until something is to be sent; says whether it was the interval that made it so.
    async fn wait_for_work(&self) -> bool {
        let mut look = self.look();
        loop {
            let seen = look;
            let changed = pin!(self.shared.signal.until(|| Some(self.look()).filter(|now| *now != seen)));
            look = match look {
                Look::Due | Look::Closing => return false,
                Look::Some => match select(self.shared.runtime.sleep(self.shared.pace.interval), changed).await {
                    Either::Left(((), _)) => return true,
                    Either::Right((look, _)) => look,
                },
                Look::Nothing | Look::Withheld { asked: false } => changed.await,
                Look::Withheld { asked: true } => {
                    let left = self.shared.held();
                    for reply in self.shared.flushes.take() {
                        // Whoever no longer waits needs no answer.
                        let _ = reply.send(Err(FlushError::ConsentWithheld { left }));
                    }
                    self.look()
                }
            };
        }
    }

    /// Sends what is due: everything there is when the interval is over, or for a flush, or to shut down; otherwise
    /// whole batches.
    async fn send_all(&mut self, timed: bool) {
        let everything = if timed { self.shared.backlog.mark().await } else { 0 };
        loop {
            self.join_flushes().await;
            if self.must_stop() {
                return;
            }
            let parcel = match self.next_parcel().await {
                Ok(Some(parcel)) => parcel,
                Ok(None) => return self.answer_flushes(u64::MAX),
                Err(error) => return self.wait_out(&error).await,
            };
            let upto = parcel.upto();
            match parcel.deliver(self).await {
                Ok(()) => self.answer_flushes(upto),
                Err((Interrupt::Forgotten, parcel)) => {
                    parcel.forget();
                    self.answer_flushes(upto);
                }
                Err((Interrupt::Withheld | Interrupt::Deadline, parcel)) => {
                    self.kept = Some(*parcel);
                    return;
                }
            }
            self.tell_losses();
            let shared = &self.shared;
            let asked = !self.flushes.is_empty() || !shared.flushes.is_empty();
            if !(asked || shared.is_closing() || upto < everything || shared.backlog.has_full_batch()) {
                return;
            }
        }
    }

    /// Whether nothing may be sent now, or no longer.
    fn must_stop(&self) -> bool {
        let over = self.shared.deadline.get().is_some_and(|deadline| *deadline <= self.shared.runtime.now());
        over || !self.shared.has_consent()
    }

    async fn next_parcel(&mut self) -> Result<Option<Parcel>, SourceError> {
        if let Some(kept) = self.kept.take() {
            return Ok(Some(kept));
        }
        let batch = self.shared.backlog.take().await?;
        Ok(batch.map(|batch| Parcel::new(batch, self.shared.clone())))
    }

    /// Waits before a source that failed is asked again.
    async fn wait_out(&mut self, error: &SourceError) {
        tracing::warn!(%error, "events cannot be read from the durable queue");
        let (left, cause) = (self.shared.held(), Arc::<str>::from(error.to_string()));
        for (_, reply) in self.flushes.drain(..) {
            // Whoever no longer waits needs no answer.
            let _ = reply.send(Err(FlushError::Unreadable { left, cause: cause.clone() }));
        }
        let closing = pin!(self.shared.signal.until(|| self.shared.is_closing().then_some(())));
        select(self.shared.runtime.sleep(self.shared.pace.interval), closing).await;
    }

    /// Makes flushes that were asked for since the last look part of the work.
    pub(super) async fn join_flushes(&mut self) {
        let replies = self.shared.flushes.take();
        if !replies.is_empty() {
            let mark = self.shared.backlog.mark().await;
            self.flushes.extend(replies.into_iter().map(|reply| (mark, reply)));
        }
    }

    fn answer_flushes(&mut self, upto: u64) {
        for (_, reply) in self.flushes.extract_if(.., |(mark, _)| *mark <= upto) {
            // Whoever no longer waits needs no answer.
            let _ = reply.send(Ok(()));
        }
    }

    /// Tells those who wait for a flush that an attempt failed; their events are tried again without them.
    pub(super) fn fail_flushes(&mut self, cause: &Arc<acd_core::Error>) {
        let left = self.shared.held();
        for (_, reply) in self.flushes.drain(..) {
            // Whoever no longer waits needs no answer.
            let _ = reply.send(Err(FlushError::Undelivered { left, cause: cause.clone() }));
        }
    }

    /// Waits before the next attempt. Cut short by a flush, by the beginning and the end of a shutdown, and by what forbids
    /// sending.
    pub(super) async fn pause(&mut self, wait: Duration, forgettings: u64) {
        let shared = self.shared.clone();
        let was_closing = shared.is_closing();
        let now = shared.runtime.now();
        let mut left = shared.deadline.get().map_or(wait, |deadline| wait.min(deadline.since(now)));
        let until = now + left;
        while !left.is_zero() {
            let cut = pin!(shared.signal.until(|| {
                let begins_closing = !was_closing && shared.is_closing();
                let forbidden = !shared.has_consent() || shared.backlog.queue.forgettings() != forgettings;
                (begins_closing || forbidden || !shared.flushes.is_empty()).then_some(())
            }));
            // In slices, since events may be lost meanwhile, of which the application is to hear soon.
            let slice = left.min(shared.pace.interval.max(Duration::from_secs(1)));
            if let Either::Right(_) = select(shared.runtime.sleep(slice), cut).await {
                return;
            }
            self.tell_losses();
            left = until.since(shared.runtime.now());
        }
    }

    /// Tells the application of events lost for want of room since it was last told.
    fn tell_losses(&mut self) {
        let lost = self.shared.counters.overflowed.load(Ordering::Acquire) + self.shared.backlog.dropped();
        let news = lost - self.losses_told;
        if news > 0 {
            self.losses_told = lost;
            self.shared.report(FailedEvents { reason: FailureReason::Overflow, count: news, events: Vec::new() });
        }
    }

    /// Sends what is left within the deadline and says what then remains.
    async fn finish(&mut self) {
        self.send_all(false).await;
        let mut handed_back = 0;
        let shared = self.shared.clone();
        if let Some(parcel) = self.kept.take().filter(|parcel| !parcel.is_kept()) {
            handed_back += parcel.fail(FailureReason::Shutdown);
        }
        let unwritten = shared.backlog.close().await;
        let queued = std::iter::from_fn(|| shared.backlog.queue.take().map(|portion| portion.chunk));
        for chunk in unwritten.into_iter().chain(queued) {
            handed_back += chunk.len() as u64;
            count(&shared.counters.failed, chunk.len() as u64);
            shared.report(FailedEvents::of(FailureReason::Shutdown, chunk.events()));
        }
        self.tell_losses();
        let on_disk = shared.backlog.on_disk();
        for reply in shared.shutdowns.take() {
            // Whoever no longer waits needs no answer.
            let _ = reply.send(ShutdownReport { left: handed_back + on_disk, on_disk });
        }
    }
}

impl Drop for Courier {
    /// The task also ends with its executor. Then nobody sends any more: events are refused and waiters let go.
    fn drop(&mut self) {
        self.shared.close();
        self.shared.flushes.end();
        self.shared.shutdowns.end();
    }
}
