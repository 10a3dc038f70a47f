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

struct Flight {
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

    /// Ends a flight and tells everyone who waits.
    pub(super) fn land(&mut self, id: u64, outcome: Outcome, now: Instant, unit: f64) {
        let landed = match outcome {
            Ok(current) => {
                self.current = Some(Current::clone(&current));
                (self.ended, self.failures, self.pause) = (None, 0, None);
                Ok(current)
            }
            Err(cause) => Err((Arc::clone(&cause), self.begin_pause(cause, now, unit))),
        };
        if let Some(flight) = self.flight.take_if(|flight| flight.id == id) {
            for waiting in flight.waiting {
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

    /// Clears a flight whose task was dropped. Its callers learn of it by their closed channels.
    pub(super) fn abandon(&mut self, id: u64) {
        self.flight.take_if(|flight| flight.id == id);
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
