//! Who is next: start-time fair queueing.

use std::collections::{HashMap, VecDeque};
use std::task::Waker;

/// Waiters in the order of their virtual start times. A caller's next start lies as far behind its last one as that one
/// cost, so that callers who wait together are served in turns, by units and not by number of calls, however many each
/// has in the queue.
#[derive(Default)]
pub(super) struct FairQueue {
    /// The start of the waiter served last: who joins now begins here, and nobody saves up the past.
    now: u64,
    next_id: u64,
    /// In their order: who joins comes last or nearly so, and who leaves mostly came first.
    waiters: VecDeque<(Ticket, Waiter)>,
    finished: HashMap<Box<str>, u64>,
}

/// A place in the queue. Orders by virtual start, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    start: u64,
    id: u64,
}

struct Waiter {
    cost: u32,
    poked: bool,
    waker: Option<Waker>,
}

impl FairQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// The units asked for by everyone who waits.
    pub(super) fn units(&self) -> u32 {
        self.waiters.iter().fold(0, |sum, (_, waiter)| sum.saturating_add(waiter.cost))
    }

    pub(super) fn join(&mut self, caller: &str, cost: u32) -> Ticket {
        let start = self.finished.get(caller).map_or(self.now, |finished| self.now.max(*finished));
        let finish = start.saturating_add(u64::from(cost.max(1)));
        match self.finished.get_mut(caller) {
            Some(finished) => *finished = finish,
            None => {
                self.finished.insert(caller.into(), finish);
            }
        }
        let ticket = Ticket { start, id: self.next_id };
        self.next_id += 1;
        let place = self.waiters.partition_point(|(other, _)| *other < ticket);
        self.waiters.insert(place, (ticket, Waiter { cost, poked: false, waker: None }));
        ticket
    }

    fn place(&self, ticket: Ticket) -> Option<usize> {
        self.waiters.binary_search_by_key(&ticket, |(other, _)| *other).ok()
    }

    pub(super) fn is_head(&self, ticket: Ticket) -> bool {
        self.waiters.front().is_some_and(|(head, _)| *head == ticket)
    }

    /// The head has been served.
    pub(super) fn serve(&mut self, ticket: Ticket) -> Option<Waker> {
        self.now = self.now.max(ticket.start);
        self.leave(ticket)
    }

    /// Takes a waiter out, and says whom to wake if the head changed by that.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        let was_head = self.is_head(ticket);
        if let Some(place) = self.place(ticket) {
            self.waiters.remove(place);
        }
        if self.waiters.is_empty() {
            // Without anyone waiting there is nothing to be fair about, and callers' names must not pile up.
            self.finished.clear();
            return None;
        }
        if was_head { self.poke_head() } else { None }
    }

    /// Asks the head to look again; it is to be woken once the lock is released.
    pub(super) fn poke_head(&mut self) -> Option<Waker> {
        let (_, waiter) = self.waiters.front_mut()?;
        waiter.poked = true;
        waiter.waker.take()
    }

    /// Whether the waiter was asked to look again; if not, it is woken when it is.
    pub(super) fn take_poke(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        let waiter = self.place(ticket).and_then(|place| self.waiters.get_mut(place));
        let Some((_, waiter)) = waiter else { return true };
        if std::mem::take(&mut waiter.poked) {
            return true;
        }
        waiter.waker = Some(waker.clone());
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Serves everyone; the callers in the order of service.
    fn drain(queue: &mut FairQueue, names: &HashMap<Ticket, &'static str>) -> Vec<&'static str> {
        let mut order = Vec::new();
        while let Some((head, _)) = queue.waiters.front() {
            let head = *head;
            order.push(names[&head]);
            queue.serve(head);
        }
        order
    }

    impl std::hash::Hash for Ticket {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            (self.start, self.id).hash(state);
        }
    }

    #[test]
    fn a_caller_with_many_calls_does_not_starve_one_with_few() {
        let mut queue = FairQueue::default();
        let mut names = HashMap::new();
        for _ in 0..4 {
            names.insert(queue.join("busy", 1), "busy");
        }
        for _ in 0..2 {
            names.insert(queue.join("quiet", 1), "quiet");
        }
        assert_eq!(drain(&mut queue, &names), ["busy", "quiet", "busy", "quiet", "busy", "busy"]);
    }

    #[test]
    fn turns_are_counted_in_units() {
        let mut queue = FairQueue::default();
        let mut names = HashMap::new();
        for _ in 0..2 {
            names.insert(queue.join("dear", 3), "dear");
        }
        for _ in 0..4 {
            names.insert(queue.join("cheap", 1), "cheap");
        }
        assert_eq!(drain(&mut queue, &names), ["dear", "cheap", "cheap", "cheap", "dear", "cheap"]);
    }

    #[test]
    fn names_do_not_pile_up() {
        let mut queue = FairQueue::default();
        for n in 0..100 {
            let ticket = queue.join(&n.to_string(), 1);
            queue.leave(ticket);
        }
        assert!(queue.finished.is_empty());
    }

    proptest! {
        #[test]
        fn between_two_that_wait_neither_gets_ahead_by_more_than_one_call(
            costs in proptest::collection::vec((any::<bool>(), 1_u32..10), 2..60),
        ) {
            let mut queue = FairQueue::default();
            let mut waiting = HashMap::new();
            let mut left = [0_u64; 2];
            for (who, cost) in costs {
                let caller = usize::from(who);
                waiting.insert(queue.join(["a", "b"][caller], cost), (caller, u64::from(cost)));
                left[caller] += u64::from(cost);
            }
            let mut served = [0_u64; 2];
            while let Some((head, _)) = queue.waiters.front() {
                let head = *head;
                let (caller, cost) = waiting[&head];
                queue.serve(head);
                served[caller] += cost;
                left[caller] -= cost;
                if left[0] > 0 && left[1] > 0 {
                    prop_assert!(served[0].abs_diff(served[1]) <= 2 * 9);
                }
            }
        }
    }
}
