//! What was used of a limit in a sliding window of time, and by whom.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A window is kept in so many parts. More are more exact, and a longer row.
const PARTS: i64 = 100;
/// Units count this much longer than their window: replicas' clocks differ, and an answer may overtake another.
const GUARD_MS: i64 = 500;
/// Units stay known this long after they stopped counting, to be held against what an answer under way meanwhile tells.
const MEMORY_MS: i64 = 60_000;

/// Units by who used them and when they were known to be used. All times are milliseconds since 1970.
///
/// A unit is entered when its call is over, which is never before the vendor counted it. So it stops counting here no
/// earlier than there: whoever keeps to this window keeps to the vendor's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Window {
    /// Number of the part of time, and the units entered in it, in order.
    parts: BTreeMap<String, Vec<(i64, u64)>>,
}

/// How long units count and how finely time is told apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    window_ms: i64,
    grain_ms: i64,
}

impl Span {
    pub(super) fn new(window_ms: i64) -> Self {
        let window_ms = window_ms.max(1);
        Self { window_ms, grain_ms: (window_ms / PARTS).max(1) }
    }

    /// The length of the window.
    pub(super) fn window_ms(self) -> i64 {
        self.window_ms
    }

    fn part(self, at: i64) -> i64 {
        at.div_euclid(self.grain_ms)
    }

    /// When units of a part stop counting.
    fn end(self, part: i64) -> i64 {
        (part + 1) * self.grain_ms + self.window_ms + GUARD_MS
    }
}

impl Window {
    /// Enters units.
    pub(super) fn enter(&mut self, span: Span, who: &str, units: u64, now: i64) {
        if units == 0 {
            return;
        }
        let part = span.part(now);
        let parts = match self.parts.get_mut(who) {
            Some(parts) => parts,
            None => self.parts.entry(who.to_owned()).or_default(),
        };
        match parts.last_mut() {
            // Never before the last: time does not run backwards here.
            Some((last, held)) if *last >= part => *held += units,
            _ => parts.push((part, units)),
        }
    }

    /// Forgets what no question is about any more.
    pub(super) fn forget(&mut self, span: Span, now: i64) {
        for parts in self.parts.values_mut() {
            parts.retain(|(part, _)| span.end(*part) + MEMORY_MS > now);
        }
        self.parts.retain(|_, parts| !parts.is_empty());
    }

    fn sum(parts: &[(i64, u64)], counts: impl Fn(i64) -> bool) -> u64 {
        parts.iter().filter(|(part, _)| counts(*part)).map(|(_, units)| units).sum()
    }

    /// What counts at this time.
    pub(super) fn used(&self, span: Span, at: i64) -> u64 {
        self.parts.values().map(|parts| Self::sum(parts, |part| span.end(part) > at)).sum()
    }

    /// What counts of one.
    pub(super) fn used_by(&self, span: Span, who: &str, at: i64) -> u64 {
        self.parts.get(who).map_or(0, |parts| Self::sum(parts, |part| span.end(part) > at))
    }

    /// What was entered at this time or later.
    pub(super) fn since(&self, span: Span, at: i64) -> u64 {
        let first = span.part(at);
        self.parts.values().map(|parts| Self::sum(parts, |part| part >= first)).sum()
    }

    /// Who has used anything that counts.
    pub(super) fn users(&self, span: Span, at: i64) -> impl Iterator<Item = &str> {
        let counts = move |parts: &[(i64, u64)]| parts.iter().any(|(part, _)| span.end(*part) > at);
        self.parts.iter().filter(move |(_, parts)| counts(parts)).map(|(who, _)| who.as_str())
    }

    /// When units that count now stop doing so, soonest first.
    pub(super) fn ends(&self, span: Span, now: i64) -> BTreeMap<i64, u64> {
        let mut ends = BTreeMap::new();
        for (part, units) in self.parts.values().flatten() {
            let end = span.end(*part);
            if end > now {
                *ends.entry(end).or_insert(0) += units;
            }
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_count_a_window_long_and_a_little_more() {
        let span = Span::new(300_000);
        let mut window = Window::default();
        window.enter(span, "a", 3, 0);
        window.enter(span, "b", 2, 200_000);
        assert_eq!((window.used(span, 300_000), window.used_by(span, "b", 300_000)), (5, 2));
        assert_eq!(window.used(span, 303_500), 2, "a hundredth and the guard later");
        assert_eq!(window.ends(span, 0).into_iter().next(), Some((303_500, 3)));
        assert_eq!(window.users(span, 303_500).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn what_ended_is_known_for_a_while_and_then_forgotten() {
        let span = Span::new(1_000);
        let mut window = Window::default();
        window.enter(span, "a", 3, 0);
        window.forget(span, 10_000);
        assert_eq!((window.used(span, 10_000), window.used(span, 900)), (0, 3));
        window.forget(span, 70_000);
        assert_eq!(window, Window::default());
    }
}
