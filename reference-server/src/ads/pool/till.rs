//! One product at one pool of this replica: units in hand, calls under way, calls that wait.

use std::collections::BTreeMap;
use std::time::Duration;

use acd_core::limits::{Permit, Priority};
use acd_core::runtime::Instant;
use acd_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

use super::exchange::Ask;

/// The most runs of alike calls of one product that one report tells of; the others wait for the next.
const RUNS: usize = 64;
/// The least worth having in hand: four writes.
const LEAST_AHEAD: u64 = 12;

/// Orders by urgency, then by arrival.
pub(super) type Turn = (Priority, u64);

#[derive(Default)]
pub(super) struct Till {
    /// Units that may be used at once.
    pub(super) hand: u64,
    /// When they were taken, and how many: of calls that are not over.
    flying: BTreeMap<u64, (Instant, u32)>,
    /// Units of calls that are over and not reported yet.
    pub(super) done: u64,
    /// Units taken since the last report.
    taken: u64,
    queue: BTreeMap<Turn, Waiter>,
}

struct Waiter {
    cost: u32,
    since: Instant,
    /// It waits no longer than until then.
    until: Instant,
    /// Whether an exchange told the ledger of it.
    is_reported: bool,
    answer: oneshot::Sender<Result<Permit>>,
}

/// An answer to a waiter, sent once nothing is locked any more: a permit that nobody takes comes back to the till.
pub(super) type Answer = (oneshot::Sender<Result<Permit>>, Result<Permit>);

impl Till {
    pub(super) fn is_idle(&self) -> bool {
        self.hand == 0 && self.flying.is_empty() && self.done == 0 && self.queue.is_empty()
    }

    /// Whether anybody waits.
    pub(super) fn waits(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn held(&self) -> u64 {
        self.hand + self.flying.values().map(|(_, units)| u64::from(*units)).sum::<u64>()
    }

    /// When the oldest call under way took its units.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.flying.values().map(|(at, _)| *at).min()
    }

    /// Takes units for a call; false when there are not enough.
    pub(super) fn take(&mut self, id: u64, cost: u32, now: Instant) -> bool {
        let Some(hand) = self.hand.checked_sub(u64::from(cost)) else { return false };
        self.hand = hand;
        self.taken += u64::from(cost);
        self.flying.insert(id, (now, cost));
        true
    }

    pub(super) fn refund(&mut self, id: u64) {
        if let Some((_, units)) = self.flying.remove(&id) {
            self.hand += u64::from(units);
        }
    }

    pub(super) fn finished(&mut self, id: u64) {
        if let Some((_, units)) = self.flying.remove(&id) {
            self.done += u64::from(units);
        }
    }

    pub(super) fn join(
        &mut self,
        turn: Turn,
        cost: u32,
        since: Instant,
        max_wait: Duration,
    ) -> oneshot::Receiver<Result<Permit>> {
        let (answer, receiver) = oneshot::channel();
        self.queue.insert(turn, Waiter { cost, since, until: since + max_wait, is_reported: false, answer });
        receiver
    }

    pub(super) fn leave(&mut self, turn: Turn) {
        self.queue.remove(&turn);
    }

    /// Serves those that wait, in their order, from what is in hand.
    pub(super) fn serve(&mut self, now: Instant, permit: impl Fn(u64, u32) -> Permit, answers: &mut Vec<Answer>) {
        while let Some(entry) = self.queue.first_entry() {
            let ((_, id), cost) = (*entry.key(), entry.get().cost);
            if self.hand < u64::from(cost) {
                return;
            }
            let waiter = entry.remove();
            self.take(id, cost, now);
            answers.push((waiter.answer, Ok(permit(id, cost))));
        }
    }

    /// Sends away whoever waited long enough, will have to wait for longer than it may, or asks for more than there ever
    /// is. `wait` is the least that a call goes on waiting.
    pub(super) fn refuse(&mut self, now: Instant, wait: Duration, largest: Option<u32>, answers: &mut Vec<Answer>) {
        let refused: Vec<Turn> = self
            .queue
            .iter()
            .filter(|(_, waiter)| {
                let is_over = waiter.is_reported && (now >= waiter.until || now + wait > waiter.until);
                is_over || largest.is_some_and(|largest| waiter.cost > largest)
            })
            .map(|(turn, _)| *turn)
            .collect();
        for turn in refused {
            if let Some(waiter) = self.queue.remove(&turn) {
                let error = match largest {
                    Some(largest) if waiter.cost > largest => too_dear(waiter.cost, largest),
                    _ => limited(wait),
                };
                answers.push((waiter.answer, Err(error)));
            }
        }
    }

    /// Puts down what is in hand unless more calls are likely to come and there is plenty.
    pub(super) fn lay_down(&mut self, is_roomy: bool) {
        if self.waits() || !is_roomy || self.taken == 0 {
            self.hand = 0;
        }
    }

    /// No more calls are to be expected: what is in hand is put down with the next report.
    pub(super) fn close(&mut self) {
        self.taken = 0;
    }

    /// What to ask for ahead of calls, by what was taken since the last report.
    pub(super) fn ahead(&mut self) -> u64 {
        match std::mem::take(&mut self.taken) {
            0 => 0,
            taken => (taken * 2).max(LEAST_AHEAD).saturating_sub(self.hand),
        }
    }

    /// Who waits, in order; from now on as one that the ledger knows of.
    pub(super) fn asks(&mut self, product: &str, wall: impl Fn(Instant) -> i64, asks: &mut Vec<Ask>) {
        let mut runs: Vec<Ask> = Vec::new();
        for ((priority, _), waiter) in &mut self.queue {
            let is_background = *priority == Priority::Background;
            let is_full = runs.len() >= RUNS;
            match runs.last_mut() {
                Some(run) if run.cost == waiter.cost && run.is_background == is_background => run.count += 1,
                _ if is_full => break,
                _ => runs.push(Ask {
                    product: product.to_owned(),
                    cost: waiter.cost,
                    count: 1,
                    since: wall(waiter.since),
                    is_background,
                }),
            }
            waiter.is_reported = true;
        }
        asks.append(&mut runs);
    }
}

/// The error of a call that may not wait so long.
pub(super) fn limited(wait: Duration) -> Error {
    let what = "the limit that all products share at the vendor is reached: come back later, or allow a longer wait";
    Error::new(ErrorKind::RateLimited, what).with_retry_after(wait)
}

pub(super) fn too_dear(cost: u32, largest: u32) -> Error {
    let what = format!("the call costs {cost} units and its pool never holds more than {largest}: split it");
    Error::new(ErrorKind::Request, what)
}
