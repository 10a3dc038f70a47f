//! Which request meets which fault.

use std::time::Duration;

use super::Latency;

/// One thing that goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Answer { status: u16, retry_after: Option<Duration> },
    CutBefore { surely_unsent: bool },
    CutAfter,
    Truncate { keep: usize },
    SlowBody { chunk: usize, pause: Duration },
    Hang,
}

impl Fault {
    /// An answer with this status in the place of the server's. The server never sees the request.
    ///
    /// # Panics
    /// When `status` is not a number from 100 to 999.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        assert!((100..=999).contains(&status), "{status} is not an HTTP status");
        Self(Kind::Answer { status, retry_after: None })
    }

    /// 429 with `Retry-After` in whole seconds, rounded up, in the place of the server's answer.
    pub const fn throttled(retry_after: Duration) -> Self {
        Self(Kind::Answer { status: 429, retry_after: Some(retry_after) })
    }

    /// No connection: the server never sees the request, and the client knows.
    pub const fn refused() -> Self {
        Self(Kind::CutBefore { surely_unsent: true })
    }

    /// The connection is cut before the effect: the server never sees the request, and the client cannot know.
    pub const fn cut_before_effect() -> Self {
        Self(Kind::CutBefore { surely_unsent: false })
    }

    /// The connection is cut after the effect: the server acts and its answer is lost.
    pub const fn cut_after_effect() -> Self {
        Self(Kind::CutAfter)
    }

    /// The server acts, and its answer breaks off after `keep` bytes of the body.
    pub const fn truncated(keep: usize) -> Self {
        Self(Kind::Truncate { keep })
    }

    /// The server acts, and the body of its answer trickles in, `chunk` bytes after each `pause`.
    pub const fn slow_body(chunk: usize, pause: Duration) -> Self {
        Self(Kind::SlowBody { chunk, pause })
    }

    /// The request is taken and never answered. The server does not see it.
    pub const fn hang() -> Self {
        Self(Kind::Hang)
    }

    /// Whether the server sees the request all the same.
    pub const fn reaches_the_server(&self) -> bool {
        matches!(self.0, Kind::CutAfter | Kind::Truncate { .. } | Kind::SlowBody { .. })
    }
}

/// A plan of faults. What is planned for a certain request comes before what happens at random; of several random faults
/// the first that happens does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    latency: Option<Latency>,
    planned: Vec<(u64, Fault)>,
    random: Vec<(f64, Fault)>,
}

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Delays every request, before the server sees it.
    #[must_use]
    pub fn latency(mut self, latency: Latency) -> Self {
        self.latency = Some(latency);
        self
    }

    /// Plans `fault` for the `number`th request, counted from 1 over all calls and attempts.
    #[must_use]
    pub fn on(mut self, number: u64, fault: Fault) -> Self {
        self.planned.push((number, fault));
        self
    }

    /// Lets `fault` happen to this share of the requests, from 0 for none to 1 for all.
    ///
    /// # Panics
    /// When `share` is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn at_rate(mut self, share: f64, fault: Fault) -> Self {
        assert!((0.0..=1.0).contains(&share), "a share is from 0 to 1, not {share}");
        self.random.push((share, fault));
        self
    }

    /// Draws from `unit` as often for every request, so that one request's fate does not shift the next one's.
    pub(super) fn fate<E>(
        &self,
        number: u64,
        mut unit: impl FnMut() -> Result<f64, E>,
    ) -> Result<(Duration, Option<Fault>), E> {
        let delay = self.latency.map(|latency| unit().map(|unit| latency.sample(unit))).transpose()?;
        let mut drawn = None;
        for (share, fault) in &self.random {
            let happens = unit()? < *share;
            drawn = drawn.or(happens.then_some(fault));
        }
        let planned = self.planned.iter().find(|(at, _)| *at == number).map(|(_, fault)| fault);
        Ok((delay.unwrap_or_default(), planned.or(drawn).cloned()))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn fate(faults: &Faults, number: u64, unit: f64) -> Option<Fault> {
        faults.fate(number, || Ok::<_, Infallible>(unit)).unwrap().1
    }

    #[test]
    fn a_plan_comes_before_chance() {
        let faults = Faults::new().at_rate(0.5, Fault::hang()).on(3, Fault::refused()).at_rate(1.0, Fault::status(500));
        assert_eq!(fate(&faults, 3, 0.1), Some(Fault::refused()));
        assert_eq!(fate(&faults, 1, 0.1), Some(Fault::hang()));
        assert_eq!(fate(&faults, 1, 0.5), Some(Fault::status(500)));
        assert_eq!(fate(&Faults::new().at_rate(0.0, Fault::hang()), 1, 0.0), None);
    }
}
