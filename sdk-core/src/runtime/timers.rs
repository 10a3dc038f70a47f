//! Who waits until when, for a host whose own timers are dear: one of them serves all.

use std::task::Waker;

use super::Instant;

/// The waits of everybody, the one that ends first before the others.
#[derive(Default)]
pub(super) struct Timers {
    waiting: Vec<(Place, Waker)>,
    last: u32,
}

/// A wait among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    due: Instant,
    /// Tells apart what is due at the same moment.
    number: u32,
}

impl Place {
    /// What no other wait has.
    pub(super) fn number(self) -> u32 {
        self.number
    }
}

impl Timers {
    /// Waits until `due`.
    pub(super) fn add(&mut self, due: Instant, waker: Waker) -> Place {
        self.last = self.last.wrapping_add(1);
        let place = Place { due, number: self.last };
        let at = self.waiting.partition_point(|(other, _)| *other < place);
        self.waiting.insert(at, (place, waker));
        place
    }

    /// Whom to wake from now on; false for a wait that is over.
    pub(super) fn update(&mut self, place: Place, waker: &Waker) -> bool {
        let Some(at) = self.find(place) else { return false };
        if let Some((_, known)) = self.waiting.get_mut(at) {
            known.clone_from(waker);
        }
        true
    }

    /// Gives a wait up; one that is over is left alone.
    pub(super) fn remove(&mut self, place: Place) {
        if let Some(at) = self.find(place) {
            self.waiting.remove(at);
        }
    }

    /// When the next wait ends.
    pub(super) fn next(&self) -> Option<Instant> {
        self.waiting.first().map(|(place, _)| place.due)
    }

    /// Ends the waits that are due: whom to wake for them.
    pub(super) fn end(&mut self, now: Instant) -> Vec<Waker> {
        let due = self.waiting.partition_point(|(place, _)| place.due <= now);
        self.waiting.drain(..due).map(|(_, waker)| waker).collect()
    }

    /// Ends one wait, by its [number](Place::number), whenever it is due: whom to wake for it.
    pub(super) fn end_one(&mut self, number: u32) -> Vec<Waker> {
        let at = self.waiting.iter().position(|(place, _)| place.number == number);
        at.map(|at| self.waiting.remove(at).1).into_iter().collect()
    }

    fn find(&self, place: Place) -> Option<usize> {
        self.waiting.binary_search_by(|(other, _)| other.cmp(&place)).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn what_is_due_ends_in_its_order_and_nothing_before() {
        let mut timers = Timers::default();
        let [late, early, same] = [9, 3, 3].map(|due| timers.add(at(due), Waker::noop().clone()));
        assert_eq!(timers.next(), Some(at(3)));
        assert!(timers.end(at(2)).is_empty());
        assert_eq!(timers.end(at(8)).len(), 2);
        assert!(!timers.update(early, Waker::noop()) && !timers.update(same, Waker::noop()));
        assert!(timers.update(late, Waker::noop()));
        assert_eq!(timers.next(), Some(at(9)));
    }

    #[test]
    fn one_wait_ends_by_itself() {
        let mut timers = Timers::default();
        let [first, second] = [5, 5].map(|due| timers.add(at(due), Waker::noop().clone()));
        assert_eq!((timers.end_one(second.number()).len(), timers.end_one(second.number()).len()), (1, 0));
        assert!(timers.update(first, Waker::noop()) && !timers.update(second, Waker::noop()));
    }

    #[test]
    fn a_wait_that_is_given_up_leaves_the_others() {
        let mut timers = Timers::default();
        let [first, second] = [5, 5].map(|due| timers.add(at(due), Waker::noop().clone()));
        timers.remove(first);
        timers.remove(first);
        assert!(timers.update(second, Waker::noop()));
        timers.remove(second);
        assert_eq!(timers.next(), None);
    }
}
