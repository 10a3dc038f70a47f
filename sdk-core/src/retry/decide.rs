//! The decision itself. It does no I/O, reads no clock and draws no random number.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::RetryConfig;
use super::backoff::backoff;
use crate::operation::Safety;

/// What is known of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The same call may succeed later.
    pub transient: bool,
    /// The server asked for fewer calls.
    pub throttled: bool,
    /// The breaker or a limit of this side refused the attempt.
    pub refused: bool,
    /// The server may have acted.
    pub may_have_been_sent: bool,
    /// A kept-alive connection was found dead before an answer began.
    pub stale_connection: bool,
    /// The server did not know the caller and the next attempt carries other credentials. True at most once per call.
    pub renewed_credentials: bool,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
}

/// Where the call stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Attempts made so far, the failed one included.
    pub attempt: u32,
    /// Whether the operation may be repeated.
    pub safety: Safety,
    /// Whether an idempotency key travels with the request.
    pub keyed: bool,
    /// Whether the body can be sent again.
    pub replayable: bool,
    /// Whether a dead connection was already excused once in this call.
    pub stale_excused: bool,
    /// The time left until the overall deadline.
    pub remaining: Option<Duration>,
    /// A random number in `0.0..1.0` for the jitter.
    pub unit: f64,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It succeeded.
    Done,
    /// Try again after `delay`, if the budget has `cost` tokens.
    Wait {
        /// The wait.
        delay: Duration,
        /// What the retry takes from the budget.
        cost: u32,
    },
    /// Report the failure. The reason is `None` when the failure would not pass by itself.
    Fail(Option<GiveUp>),
}

/// Why a failure that may pass is not followed by another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiveUp {
    /// All attempts are used.
    Attempts,
    /// The server may have acted and the operation must not act twice.
    UnknownOutcome,
    /// The body can be read only once.
    Body,
    /// The wait would outlast the deadline.
    Deadline,
    /// The authority's retry budget is empty.
    Budget,
    /// The breaker or a limit of this side refused the attempt, and would refuse the next.
    Refused,
}

impl GiveUp {
    /// The name, in snake case, as metrics and bindings show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Body => "body",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempts => "all attempts are used",
            Self::UnknownOutcome => "the server may have acted and the operation must not be repeated",
            Self::Body => "the body can be sent only once",
            Self::Deadline => "the next wait would outlast the deadline",
            Self::Budget => "the retry budget is empty",
            Self::Refused => "the breaker or a limit would refuse the next attempt too",
        })
    }
}

/// Decides what follows an attempt; `None` stands for a success.
pub fn decide(failure: Option<&Failure>, at: &Situation, config: &RetryConfig) -> Decision {
    let Some(failure) = failure else { return Decision::Done };
    if failure.renewed_credentials {
        // The server has not acted on a request whose sender it does not know, and the trouble is mended.
        return if at.replayable {
            Decision::Wait { delay: Duration::ZERO, cost: 0 }
        } else {
            Decision::Fail(Some(GiveUp::Body))
        };
    }
    if !failure.transient {
        return Decision::Fail(None);
    }
    if failure.refused {
        return Decision::Fail(Some(GiveUp::Refused));
    }
    if at.attempt >= config.max_attempts {
        return Decision::Fail(Some(GiveUp::Attempts));
    }
    if failure.may_have_been_sent && !may_repeat(at) {
        return Decision::Fail(Some(GiveUp::UnknownOutcome));
    }
    if !at.replayable {
        return Decision::Fail(Some(GiveUp::Body));
    }
    if failure.stale_connection && !at.stale_excused {
        // The server closed an idle connection, which says nothing about its health: no wait, and nothing to pay.
        return Decision::Wait { delay: Duration::ZERO, cost: 0 };
    }
    let (base, cost) =
        if failure.throttled { (config.throttled_base, config.throttled_cost) } else { (config.base, config.cost) };
    let floor = failure.retry_after.unwrap_or_default().min(config.max_retry_after);
    let delay = backoff(at.attempt, at.unit, base, config.cap).max(floor);
    if at.remaining.is_some_and(|remaining| delay >= remaining) {
        return Decision::Fail(Some(GiveUp::Deadline));
    }
    Decision::Wait { delay, cost }
}

const fn may_repeat(at: &Situation) -> bool {
    match at.safety {
        Safety::Safe | Safety::Idempotent => true,
        Safety::Keyed => at.keyed,
        Safety::Unsafe => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAILURE: Failure = Failure {
        transient: true,
        throttled: false,
        refused: false,
        may_have_been_sent: true,
        stale_connection: false,
        renewed_credentials: false,
        retry_after: None,
    };
    const AT: Situation = Situation {
        attempt: 1,
        safety: Safety::Safe,
        keyed: false,
        replayable: true,
        stale_excused: false,
        remaining: None,
        unit: 0.5,
    };

    fn run(failure: Failure, at: Situation) -> Decision {
        decide(Some(&failure), &at, &RetryConfig::default())
    }

    #[test]
    fn a_transient_failure_waits_half_the_bound_at_half_the_jitter() {
        assert_eq!(run(FAILURE, AT), Decision::Wait { delay: Duration::from_millis(25), cost: 14 });
        let throttled = Failure { throttled: true, ..FAILURE };
        assert_eq!(run(throttled, AT), Decision::Wait { delay: Duration::from_millis(500), cost: 5 });
    }

    #[test]
    fn retry_after_is_a_floor_and_is_clamped() {
        let asked = |secs| Failure { retry_after: Some(Duration::from_secs(secs)), ..FAILURE };
        assert_eq!(run(asked(7), AT), Decision::Wait { delay: Duration::from_secs(7), cost: 14 });
        assert_eq!(run(asked(7200), AT), Decision::Wait { delay: Duration::from_secs(60), cost: 14 });
        assert_eq!(run(asked(0), AT), Decision::Wait { delay: Duration::from_millis(25), cost: 14 });
    }

    #[test]
    fn what_must_not_act_twice_is_repeated_only_when_surely_unsent() {
        let unsafe_at = Situation { safety: Safety::Unsafe, ..AT };
        assert_eq!(run(FAILURE, unsafe_at), Decision::Fail(Some(GiveUp::UnknownOutcome)));
        assert!(matches!(run(Failure { may_have_been_sent: false, ..FAILURE }, unsafe_at), Decision::Wait { .. }));
        let keyed = Situation { safety: Safety::Keyed, keyed: true, ..AT };
        assert!(matches!(run(FAILURE, keyed), Decision::Wait { .. }));
        assert_eq!(run(FAILURE, Situation { keyed: false, ..keyed }), Decision::Fail(Some(GiveUp::UnknownOutcome)));
    }

    #[test]
    fn every_reason_to_stop_is_named() {
        assert_eq!(run(Failure { transient: false, ..FAILURE }, AT), Decision::Fail(None));
        assert_eq!(run(FAILURE, Situation { attempt: 3, ..AT }), Decision::Fail(Some(GiveUp::Attempts)));
        assert_eq!(run(FAILURE, Situation { replayable: false, ..AT }), Decision::Fail(Some(GiveUp::Body)));
        let short = Situation { remaining: Some(Duration::from_millis(25)), ..AT };
        assert_eq!(run(FAILURE, short), Decision::Fail(Some(GiveUp::Deadline)));
        assert_eq!(decide(None, &AT, &RetryConfig::default()), Decision::Done);
    }

    #[test]
    fn a_dead_connection_is_excused_once() {
        let stale = Failure { stale_connection: true, ..FAILURE };
        assert_eq!(run(stale, AT), Decision::Wait { delay: Duration::ZERO, cost: 0 });
        let again = run(stale, Situation { stale_excused: true, ..AT });
        assert_eq!(again, Decision::Wait { delay: Duration::from_millis(25), cost: 14 });
    }

    #[test]
    fn other_credentials_are_tried_at_once_even_after_the_last_attempt_and_by_an_unsafe_call() {
        let renewed = Failure { transient: false, renewed_credentials: true, ..FAILURE };
        let at = Situation { attempt: 3, safety: Safety::Unsafe, ..AT };
        assert_eq!(run(renewed, at), Decision::Wait { delay: Duration::ZERO, cost: 0 });
        assert_eq!(run(renewed, Situation { replayable: false, ..at }), Decision::Fail(Some(GiveUp::Body)));
    }

    proptest! {
        #[test]
        fn an_unsafe_call_that_may_have_been_sent_is_never_repeated(
            transient: bool, throttled: bool, stale_connection: bool, replayable: bool, keyed: bool,
            attempt in 1_u32..5, after in proptest::option::of(0_u64..100), unit in 0.0..1.0_f64,
        ) {
            let retry_after = after.map(Duration::from_secs);
            let failure = Failure {
                transient,
                throttled,
                refused: false,
                may_have_been_sent: true,
                stale_connection,
                renewed_credentials: false,
                retry_after,
            };
            let at = Situation { attempt, safety: Safety::Unsafe, keyed, replayable, unit, ..AT };
            let is_fail = matches!(run(failure, at), Decision::Fail(_));
            prop_assert!(is_fail);
        }
    }
}
