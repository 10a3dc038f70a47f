//! One circuit: closed, open, or trying again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::BreakerConfig;
use super::window::Window;
use crate::runtime::Instant;

/// Where a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Attempts pass.
    Closed,
    /// Attempts are refused until the time has come to try again.
    Open,
    /// A few attempts pass to find out whether the server is back.
    HalfOpen,
}

impl BreakerState {
    /// The name in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A change of state, for logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) from: BreakerState,
    pub(crate) to: BreakerState,
}

/// One circuit, shared by all calls of an authority and operation group.
pub(crate) struct Circuit {
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    window: Window,
    /// Counts the changes of state. A result that belongs to an earlier state decides nothing in a later one.
    generation: u64,
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen { under_way: u32, succeeded: u32 },
}

impl State {
    const fn name(self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

/// The answer to an attempt that asks to pass.
pub(crate) enum Admission {
    /// It may pass, and reports with the ticket how it went.
    Pass(Ticket, Option<Transition>),
    /// It may not; the time says when the next probe is due, if that is known.
    Refused(Option<Duration>),
}

impl Circuit {
    pub(super) fn new(config: &BreakerConfig) -> Self {
        let window = Window::new(config.window);
        Self { inner: Mutex::new(Inner { state: State::Closed, window, generation: 0 }) }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.lock().state.name()
    }

    /// Whether forgetting the circuit loses nothing.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let mut inner = self.lock();
        matches!(inner.state, State::Closed) && inner.window.totals(now).0 == 0
    }

    pub(crate) fn admit(self: &Arc<Self>, config: &BreakerConfig, now: Instant) -> Admission {
        let mut inner = self.lock();
        let mut transition = None;
        if let State::Open { until } = inner.state {
            if now < until {
                return Admission::Refused(Some(until.since(now)));
            }
            transition = Some(inner.turn(State::HalfOpen { under_way: 0, succeeded: 0 }));
        }
        if let State::HalfOpen { under_way, succeeded } = &mut inner.state {
            if under_way.saturating_add(*succeeded) >= config.probes.max(1) {
                return Admission::Refused(None);
            }
            *under_way += 1;
        }
        let generation = inner.generation;
        drop(inner);
        Admission::Pass(Ticket { circuit: Arc::clone(self), generation, open: true }, transition)
    }

    fn record(&self, generation: u64, failed: bool, config: &BreakerConfig, now: Instant) -> Option<Transition> {
        let mut inner = self.lock();
        if inner.generation != generation {
            return None;
        }
        match inner.state {
            State::Closed => {
                inner.window.record(now, failed);
                let (all, bad) = inner.window.totals(now);
                let too_many = f64::from(bad) >= config.failure_rate * f64::from(all);
                (failed && all >= config.min_samples && too_many)
                    .then(|| inner.turn(State::Open { until: now + config.open_for }))
            }
            State::HalfOpen { .. } if failed => Some(inner.turn(State::Open { until: now + config.open_for })),
            State::HalfOpen { under_way, succeeded } if succeeded + 1 < config.probes.max(1) => {
                inner.state = State::HalfOpen { under_way: under_way.saturating_sub(1), succeeded: succeeded + 1 };
                None
            }
            State::HalfOpen { .. } => {
                inner.window.clear();
                Some(inner.turn(State::Closed))
            }
            State::Open { .. } => None,
        }
    }

    fn abandon(&self, generation: u64) {
        let mut inner = self.lock();
        if inner.generation != generation {
            return;
        }
        if let State::HalfOpen { under_way, .. } = &mut inner.state {
            *under_way = under_way.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is complete before the lock is released: a panic elsewhere leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn turn(&mut self, to: State) -> Transition {
        let transition = Transition { from: self.state.name(), to: to.name() };
        self.state = to;
        self.generation += 1;
        transition
    }
}

/// The right of one attempt to pass. Dropped without a report, because the call was cancelled say, it frees its place
/// and says nothing about the server.
pub(crate) struct Ticket {
    circuit: Arc<Circuit>,
    generation: u64,
    open: bool,
}

impl Ticket {
    /// Reports how the attempt went.
    pub(crate) fn report(mut self, failed: bool, config: &BreakerConfig, now: Instant) -> Option<Transition> {
        self.open = false;
        self.circuit.record(self.generation, failed, config, now)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.open {
            self.circuit.abandon(self.generation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rig {
        config: BreakerConfig,
        circuit: Arc<Circuit>,
        now: Duration,
    }

    impl Rig {
        fn new() -> Self {
            let config = BreakerConfig::default().with_failure_rate(0.5, 4).with_probes(2);
            let circuit = Arc::new(Circuit::new(&config));
            Self { config, circuit, now: Duration::ZERO }
        }

        fn now(&self) -> Instant {
            Instant::from_origin(self.now)
        }

        fn ticket(&self) -> Option<Ticket> {
            match self.circuit.admit(&self.config, self.now()) {
                Admission::Pass(ticket, _) => Some(ticket),
                Admission::Refused(_) => None,
            }
        }

        fn report(&self, failed: bool) {
            self.ticket().expect("the circuit lets it pass").report(failed, &self.config, self.now());
        }

        fn open(&mut self) {
            (0..4).for_each(|_| self.report(true));
            assert_eq!(self.circuit.state(), BreakerState::Open);
        }

        fn half_open(&mut self) {
            self.open();
            self.now += self.config.open_for;
        }
    }

    #[test]
    fn it_opens_at_the_rate_and_not_before_the_minimum() {
        let rig = Rig::new();
        (0..3).for_each(|_| rig.report(true));
        assert_eq!(rig.circuit.state(), BreakerState::Closed, "three samples say nothing yet");
        let rig = Rig::new();
        [false, false, false, true, true].into_iter().for_each(|failed| rig.report(failed));
        assert_eq!(rig.circuit.state(), BreakerState::Closed, "two of five");
        rig.report(true);
        assert_eq!(rig.circuit.state(), BreakerState::Open, "three of six");
    }

    #[test]
    fn an_open_circuit_says_when_to_come_back() {
        let mut rig = Rig::new();
        rig.open();
        rig.now += Duration::from_secs(2);
        let Admission::Refused(wait) = rig.circuit.admit(&rig.config, rig.now()) else { panic!("it let one pass") };
        assert_eq!(wait, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_few_probes_pass_and_their_success_closes() {
        let mut rig = Rig::new();
        rig.half_open();
        let (first, second) = (rig.ticket().unwrap(), rig.ticket().unwrap());
        assert!(rig.ticket().is_none(), "two probes are under way");
        assert_eq!(first.report(false, &rig.config, rig.now()), None);
        assert!(rig.ticket().is_none(), "one has succeeded and one is under way: no third is needed");
        let closed = second.report(false, &rig.config, rig.now());
        assert_eq!(closed, Some(Transition { from: BreakerState::HalfOpen, to: BreakerState::Closed }));
        rig.report(true);
        assert_eq!(rig.circuit.state(), BreakerState::Closed, "the failures of before are forgotten");
    }

    #[test]
    fn a_failed_probe_opens_again() {
        let mut rig = Rig::new();
        rig.half_open();
        rig.report(true);
        assert!(rig.ticket().is_none());
    }

    #[test]
    fn an_abandoned_probe_frees_its_place() {
        let mut rig = Rig::new();
        rig.half_open();
        let probes = [rig.ticket(), rig.ticket()];
        assert!(rig.ticket().is_none());
        drop(probes);
        assert!(rig.ticket().is_some());
    }

    #[test]
    fn a_result_from_before_the_change_decides_nothing() {
        let mut rig = Rig::new();
        let late = rig.ticket().unwrap();
        rig.half_open();
        let probe = rig.ticket().unwrap();
        late.report(true, &rig.config, rig.now());
        assert_eq!(rig.circuit.state(), BreakerState::HalfOpen);
        drop(probe);
    }
}
