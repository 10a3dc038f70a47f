use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::{Either, select};

use super::backoff::Failures;
use super::body::batch_body;
use super::courier::Courier;
use super::failure::{FailedEvent, FailedEvents, FailureReason};
use super::outcome::{Verdict, judge};
use super::source::Batch;
use crate::sender::BatchReceipt;
use crate::shared::Shared;
use crate::stats::count;

/// One batch on its way: whole, or in the halves that the server takes.
pub(super) struct Parcel {
    batch: Batch,
    /// What is not settled yet, the oldest events last.
    ranges: Vec<Range<usize>>,
    failures: Failures,
    shared: Arc<Shared>,
}

/// Why sending was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Consent was withdrawn, and what was held is to be forgotten.
    Forgotten,
    /// Consent is withheld, and what is held is to be kept.
    Withheld,
    /// The shutdown has waited long enough.
    Deadline,
}

impl Parcel {
    pub(super) fn new(batch: Batch, shared: Arc<Shared>) -> Self {
        let all = 0..batch.chunk.len();
        if !shared.backlog.is_durable() {
            shared.counters.under_way.store(all.len() as u64, Ordering::Release);
        }
        Self { batch, ranges: vec![all], failures: Failures::default(), shared }
    }

    /// The mark that is reached once it is settled.
    pub(super) fn upto(&self) -> u64 {
        self.batch.upto
    }

    /// Whether its events outlive the process.
    pub(super) fn is_kept(&self) -> bool {
        self.batch.is_kept
    }

    /// Sends until every event is accepted or has failed for good, or sending is stopped.
    pub(super) async fn deliver(mut self, courier: &mut Courier) -> Result<(), (Interrupt, Box<Self>)> {
        while let Some(range) = self.ranges.pop() {
            courier.join_flushes().await;
            // What forbids sending is looked at first: an attempt that begins may have left before it is cut off.
            let attempt = match select(pin!(self.interrupt()), pin!(self.attempt(&range))).await {
                Either::Left((interrupt, _)) => Err(interrupt),
                Either::Right((attempt, _)) => Ok(attempt),
            };
            match attempt {
                Err(interrupt) => {
                    self.ranges.push(range);
                    return Err((interrupt, Box::new(self)));
                }
                Ok(Ok(receipt)) => {
                    self.failures = Failures::default();
                    self.accepted(&range, receipt);
                }
                Ok(Err(error)) => self.failed(range, Arc::new(error), courier).await,
            }
        }
        self.shared.backlog.settle(self.batch);
        Ok(())
    }

    /// Gives up on what is not settled, and says how many events that is.
    pub(super) fn fail(mut self, reason: FailureReason) -> u64 {
        let ranges = std::mem::take(&mut self.ranges);
        let failed = ranges.into_iter().rev().map(|range| self.fail_range(&range, reason.clone())).sum();
        self.shared.backlog.settle(self.batch);
        failed
    }

    /// Forgets what is not settled. On disk it is forgotten already.
    pub(super) fn forget(mut self) {
        if self.shared.backlog.is_durable() {
            return;
        }
        for range in std::mem::take(&mut self.ranges) {
            self.leave(&range);
            count(&self.shared.counters.forgotten, range.len() as u64);
        }
        self.shared.backlog.settle(self.batch);
    }

    async fn attempt(&self, range: &Range<usize>) -> acd_core::Result<BatchReceipt> {
        let events = self.batch.chunk.joined(range.clone());
        count(&self.shared.counters.requests, 1);
        self.shared.sender.send(batch_body(events, &self.batch.context, self.shared.wall())).await
    }

    /// Completes when sending must stop.
    async fn interrupt(&self) -> Interrupt {
        let forbidden = || {
            if self.shared.backlog.queue.forgettings() != self.batch.forgettings {
                Some(Interrupt::Forgotten)
            } else if !self.shared.has_consent() {
                Some(Interrupt::Withheld)
            } else {
                None
            }
        };
        let closing = || self.shared.deadline.get().map(|deadline| Ok(*deadline));
        match self.shared.signal.until(|| forbidden().map(Err).or_else(closing)).await {
            Err(interrupt) => interrupt,
            Ok(deadline) => {
                let left = deadline.since(self.shared.runtime.now());
                // Without a timer, which a request that fails at once would outrun each time.
                if left.is_zero() {
                    return Interrupt::Deadline;
                }
                match select(self.shared.runtime.sleep(left), pin!(self.shared.signal.until(forbidden))).await {
                    Either::Left(((), _)) => Interrupt::Deadline,
                    Either::Right((interrupt, _)) => interrupt,
                }
            }
        }
    }

    fn accepted(&mut self, range: &Range<usize>, receipt: BatchReceipt) {
        let rejected: Vec<_> = receipt
            .rejected
            .into_iter()
            .filter(|rejection| (rejection.index as usize) < range.len())
            .map(|rejection| {
                let event = self.batch.chunk.event(range.start + rejection.index as usize);
                FailedEvent { rejection: Some(rejection), ..FailedEvent::of(event) }
            })
            .collect();
        let counters = &self.shared.counters;
        count(&counters.delivered, (range.len() - rejected.len().min(range.len())) as u64);
        count(&counters.duplicates, receipt.duplicates.into());
        count(&counters.rejected, rejected.len() as u64);
        self.leave(range);
        if !rejected.is_empty() {
            let reason = FailureReason::Rejected;
            self.shared.report(FailedEvents { reason, count: rejected.len() as u64, events: rejected });
        }
    }

    async fn failed(&mut self, range: Range<usize>, error: Arc<acd_core::Error>, courier: &mut Courier) {
        match judge(&error) {
            Verdict::TooLarge if range.len() > 1 => {
                let middle = range.start + range.len() / 2;
                self.ranges.extend([middle..range.end, range.start..middle]);
            }
            Verdict::TooLarge => {
                self.fail_range(&range, FailureReason::TooLarge(error));
            }
            Verdict::Refused => {
                self.fail_range(&range, FailureReason::Refused(error));
            }
            Verdict::Trouble => {
                courier.fail_flushes(&error);
                let shared = self.shared.clone();
                // Without randomness the longest wait is the considerate one.
                let unit = shared.runtime.random_unit().unwrap_or(1.0);
                let (now, limit) = (shared.runtime.now(), shared.pace.give_up_after);
                match self.failures.next_wait(now, unit, error.retry_after(), limit) {
                    Some(wait) => {
                        tracing::debug!(%error, ?wait, events = range.len(), "events could not be sent and are kept");
                        count(&shared.counters.retries, 1);
                        self.ranges.push(range);
                        courier.pause(wait, self.batch.forgettings).await;
                    }
                    None => {
                        self.fail_range(&range, FailureReason::GaveUp(error));
                    }
                }
            }
        }
    }

    fn fail_range(&self, range: &Range<usize>, reason: FailureReason) -> u64 {
        count(&self.shared.counters.failed, range.len() as u64);
        self.leave(range);
        let events = range.clone().map(|index| self.batch.chunk.event(index));
        self.shared.report(FailedEvents::of(reason, events));
        range.len() as u64
    }

    /// Counts events as no longer held.
    fn leave(&self, range: &Range<usize>) {
        if !self.shared.backlog.is_durable() {
            self.shared.counters.under_way.fetch_sub(range.len() as u64, Ordering::AcqRel);
        }
    }
}
