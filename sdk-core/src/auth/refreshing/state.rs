//! What is known of the token, and what follows from it. No I/O; the time is given.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use http::HeaderValue;

use super::super::Token;
use crate::error::{Error, ErrorKind};
use crate::retry::backoff;
use crate::runtime::Instant;

/// A token this young was not refused for its age: another refresh would bring the same answer, call after call.
const YOUNG: Duration = Duration::from_secs(60);

/// The pause after a failed refresh: this long at least, and by chance up to a bound that doubles from the second to the
/// third with each failure.
const PAUSE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(59)];

/// How a flight ends.
pub(super) type Outcome = Result<Box<Current>, Arc<Error>>;

/// What those who wait are told: the same, and with a failure how long the next flight is away.
pub(super) type Landed = Result<Box<Current>, (Arc<Error>, Duration)>;

/// A token in use: it is in the store.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) token: Token,
    /// The header's value, made once.
    pub(super) value: HeaderValue,
    /// From when on it is worth renewing.
    pub(super) refresh_at: Option<SystemTime>,
    /// When this process got it from the service; `None` for a token that was found in the store.
    pub(super) obtained: Option<Instant>,
    /// The server does not take it.
    pub(super) refused: bool,
}

/// A token that the service gave and the store does not have yet.
#[derive(Clone)]
pub(super) struct Unsaved {
    pub(super) token: Token,
    /// What the store held when the token was asked for.
    pub(super) base: Option<Token>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) current: Option<Current>,
    pub(super) unsaved: Option<Unsaved>,
    /// The token that the service refuses to renew for good.
    pub(super) ended: Option<Token>,
    flight: Option<Flight>,
    flights: u64,
    failures: u32,
    pause: Option<Pause>,
}

pub(super) struct Flight {
    id: u64,
    waiting: Vec<oneshot::Sender<Landed>>,
}

struct Pause {
    until: Instant,
    cause: Arc<Error>,
}

/// What a caller does next. A number is that of a flight to be launched.
pub(super) enum Step {
    Use(Box<Current>),
    UseAndRefresh(Box<Current>, u64),
    Wait(oneshot::Receiver<Landed>),
    Refresh(oneshot::Receiver<Landed>, u64),
    Fail(Error),
}

/// What follows from a 401.
pub(super) enum Refusal {
    /// The token that was sent is no longer the one in use.
    Replaced,
    /// The token is too young to be stale.
    Young,
    /// It is too early for another refresh.
    Paused(Error),
    /// The token that was sent is out of use; the next step renews it.
    Marked,
}

impl State {
    pub(super) fn step(&mut self, wall: SystemTime, now: Instant) -> Step {
        let Some(current) = self.usable(wall).cloned().map(Box::new) else { return self.step_without_token(now) };
        let due = self.unsaved.is_some() || current.refresh_at.is_some_and(|at| at <= wall);
        if !due || self.flight.is_some() || self.paused(now).is_some() {
            return Step::Use(current);
        }
        Step::UseAndRefresh(current, self.begin().id)
    }

    fn step_without_token(&mut self, now: Instant) -> Step {
        if let Some(flight) = &mut self.flight {
            return Step::Wait(flight.join());
        }
        if let Some((cause, rest)) = self.paused(now) {
            return Step::Fail(failure(cause, rest));
        }
        let flight = self.begin();
        Step::Refresh(flight.join(), flight.id)
    }

    pub(super) fn refuse(&mut self, value: &HeaderValue, wall: SystemTime, now: Instant) -> Refusal {
        let is_replaced = self.usable(wall).is_some_and(|current| current.value != value);
        let paused = self.paused(now).map(|(cause, rest)| failure(cause, rest));
        match self.current.as_mut().filter(|current| current.value == value) {
            None if is_replaced => Refusal::Replaced,
            None => Refusal::Marked,
            Some(current) if current.obtained.is_some_and(|at| now.since(at) < YOUNG) => Refusal::Young,
            Some(current) => match paused {
                Some(error) => Refusal::Paused(error),
                None => {
                    current.refused = true;
                    Refusal::Marked
                }
            },
        }
    }

    /// Ends a flight. What is returned tells everyone who waits, once the state is unlocked: a waker may do anything.
    pub(super) fn land(&mut self, id: u64, outcome: Outcome, now: Instant, unit: f64) -> impl FnOnce() + use<> {
        let landed = match outcome {
            Ok(current) => {
                self.current = Some(Current::clone(&current));
                (self.ended, self.failures, self.pause) = (None, 0, None);
                Ok(current)
            }
            Err(cause) => Err((Arc::clone(&cause), self.begin_pause(cause, now, unit))),
        };
        let flight = self.flight.take_if(|flight| flight.id == id);
        move || {
            for waiting in flight.into_iter().flat_map(|flight| flight.waiting) {
                // A caller that has gone away needs no answer.
                let _gone = waiting.send(landed.clone());
            }
        }
    }

    fn begin_pause(&mut self, cause: Arc<Error>, now: Instant, unit: f64) -> Duration {
        if let Some(current) = &mut self.current {
            // A token that cannot be renewed just now may still be good: the server decides. One whose authorisation has
            // ended is not.
            current.refused &= self.ended.is_some();
        }
        self.failures = self.failures.saturating_add(1);
        let [least, base, cap] = PAUSE;
        let asked = cause.retry_after().unwrap_or_default();
        let pause = (least + backoff(self.failures, unit, base, cap)).max(asked);
        self.pause = Some(Pause { until: now + pause, cause });
        pause
    }

    /// Clears a flight whose task was dropped. Its callers learn of it when what is returned is dropped.
    pub(super) fn abandon(&mut self, id: u64) -> Option<Flight> {
        self.flight.take_if(|flight| flight.id == id)
    }

    fn usable(&self, wall: SystemTime) -> Option<&Current> {
        self.current.as_ref().filter(|current| !current.refused && !current.token.is_expired(wall))
    }

    fn begin(&mut self) -> &mut Flight {
        self.flights += 1;
        self.flight.insert(Flight { id: self.flights, waiting: Vec::new() })
    }

    fn paused(&self, now: Instant) -> Option<(&Arc<Error>, Duration)> {
        let pause = self.pause.as_ref()?;
        let rest = pause.until.since(now);
        (!rest.is_zero()).then_some((&pause.cause, rest))
    }
}

impl Flight {
    fn join(&mut self) -> oneshot::Receiver<Landed> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push(sender);
        receiver
    }
}

/// The error of one of many callers, with the time until a refresh is tried again.
pub(super) fn failure(cause: &Arc<Error>, pause: Duration) -> Error {
    let mut error = Error::new(ErrorKind::Credentials, format!("there is no valid access token: {}", cause.message()))
        .with_source(Arc::clone(cause));
    if let Some(code) = cause.code() {
        error = error.with_code(code);
    }
    if cause.is_retryable() { error.with_retryable(true).with_retry_after(pause) } else { error }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Instant = Instant::from_origin(Duration::ZERO);

    fn state_with(current: &str) -> State {
        let mut state = State::default();
        let Step::Refresh(_landing, flight) = state.step(SystemTime::UNIX_EPOCH, START) else {
            panic!("an empty state refreshes")
        };
        state.land(flight, Ok(Box::new(token(current))), START, 0.0)();
        state
    }

    fn token(text: &str) -> Current {
        let value = HeaderValue::from_str(text).unwrap();
        let token = Token::new(text.into());
        Current { token, value, refresh_at: None, obtained: None, refused: false }
    }

    #[test]
    fn a_flight_that_is_abandoned_closes_its_callers_channels_and_is_followed_by_another() {
        let mut state = State::default();
        let Step::Refresh(mut first, flight) = state.step(SystemTime::UNIX_EPOCH, START) else { panic!() };
        let Step::Wait(mut second) = state.step(SystemTime::UNIX_EPOCH, START) else { panic!() };
        drop(state.abandon(flight));
        assert!(first.try_recv().is_err() && second.try_recv().is_err());
        assert!(matches!(state.step(SystemTime::UNIX_EPOCH, START), Step::Refresh(_, next) if next != flight));
    }

    #[test]
    fn the_end_of_an_old_flight_does_not_answer_for_a_new_one() {
        let mut state = State::default();
        let Step::Refresh(_, old) = state.step(SystemTime::UNIX_EPOCH, START) else { panic!() };
        drop(state.abandon(old));
        let Step::Refresh(mut landing, _) = state.step(SystemTime::UNIX_EPOCH, START) else { panic!() };
        drop(state.abandon(old));
        assert!(matches!(landing.try_recv(), Ok(None)), "still under way");
    }

    #[test]
    fn a_refused_token_is_marked_once_and_one_that_is_replaced_is_not() {
        let mut state = state_with("a1");
        let mut refuse = |text| state.refuse(&HeaderValue::from_static(text), SystemTime::UNIX_EPOCH, START);
        assert!(matches!(refuse("a0"), Refusal::Replaced));
        assert!(matches!(refuse("a1"), Refusal::Marked));
        assert!(matches!(refuse("a0"), Refusal::Marked), "what replaced it is out of use as well");
    }

    proptest! {
        #[test]
        fn a_pause_lasts_a_second_to_a_minute_or_as_long_as_the_service_asks(
            failures in 1_u32..40, unit in 0.0..1.0_f64, asked in proptest::option::of(0_u64..600),
        ) {
            let mut state = State::default();
            let mut pause = Duration::ZERO;
            for _ in 0..failures {
                let error = Error::new(ErrorKind::Throttled, "slow down");
                let error = match asked {
                    Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
                    None => error,
                };
                pause = state.begin_pause(Arc::new(error), START, unit);
            }
            let asked = Duration::from_secs(asked.unwrap_or_default());
            prop_assert!(pause >= asked.max(Duration::from_secs(1)));
            prop_assert!(pause <= asked.max(Duration::from_secs(60)));
        }
    }
}
