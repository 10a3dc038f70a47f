//! Cursors that lead back to where they were.

/// Notices a sequence of cursors that repeats itself, by Brent's method: one earlier cursor is kept and compared, and
/// replaced after ever longer distances. Nothing else is remembered, however long the list.
#[derive(Debug)]
pub(super) struct Cycle {
    kept: Option<String>,
    distance: u64,
    steps: u64,
}

impl Cycle {
    /// Begins at the cursor of the first page that is asked for.
    pub(super) const fn new(start: Option<String>) -> Self {
        Self { kept: start, distance: 1, steps: 0 }
    }

    /// Takes the next cursor; `true` says that it was there before.
    pub(super) fn closes_with(&mut self, cursor: &str) -> bool {
        if self.kept.as_deref() == Some(cursor) {
            return true;
        }
        self.steps += 1;
        if self.steps == self.distance {
            (self.kept, self.steps, self.distance) = (Some(cursor.to_owned()), 0, self.distance.saturating_mul(2));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cycle_is_noticed_soon_and_nothing_else_is_one(start in 0_usize..40, length in 1_usize..40) {
            let mut straight = Cycle::new(None);
            prop_assert!((0..200).all(|n| !straight.closes_with(&n.to_string())));
            let mut cycle = Cycle::new(Some("first".to_owned()));
            let round = (0..start).chain((start..start + length).cycle());
            let noticed = round.take(400).position(|n| cycle.closes_with(&n.to_string()));
            prop_assert!(noticed.is_some_and(|at| at <= 3 * (start + length)), "{:?}", noticed);
        }
    }
}
