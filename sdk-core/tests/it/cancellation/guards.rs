//! What a call holds while it is under way: units of a limit, a probe of a breaker, a second attempt.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use acd_core::limits::{Limits, LocalPool, OnLimit};
use acd_core::testing::{Capture, Cut, Harness, ManualClock, Script, answer, cancel_at_every_poll};
use acd_core::{
    BreakerConfig, BreakerState, Breakers, Client, Hedge, Operation, Response, Result, RetryBudgets, RetryConfig,
};
use http::Method;

use super::Turnstile;
use super::companion::Companion;

const MINUTE: Duration = Duration::from_secs(60);
const LIST: Operation = Operation::new("ads.list", Method::GET, "/v1/ads").safe().pool("account");

type Waiting = Companion<Result<Response>>;

async fn list(client: Client) -> Result<Response> {
    client.call(&LIST).send().await
}

/// One unit a minute, of which the first is taken; the turnstile makes a call wait between taking a unit and sending.
struct Limited {
    harness: Harness,
    client: Client,
    next: RefCell<Option<Waiting>>,
    capture: Capture,
}

impl Limited {
    fn new() -> (ManualClock, Self) {
        let harness = Harness::new((0..4).map(|_| answer(200)));
        let limits = Limits::new().pool("account", |_| LocalPool::sliding_window(1, MINUTE));
        let limits = limits.on_limit(OnLimit::Wait(10 * MINUTE));
        let unhurried = acd_core::Timeouts { attempt: MINUTE, overall: None };
        let builder = harness.client().limits(limits).timeouts(LIST.timeout_class(), unhurried);
        let client = builder.per_attempt(Turnstile::default()).build().unwrap();
        harness.run(list(client.clone())).unwrap();
        (harness.clock().clone(), Self { harness, client, next: RefCell::new(None), capture: Capture::start() })
    }

    /// Waits for its turn, with another call queued behind.
    async fn call(&self) -> Result<Response> {
        let mut own = pin!(list(self.client.clone()));
        poll_fn(|cx| {
            let result = own.as_mut().poll(cx);
            self.next.borrow_mut().get_or_insert_with(|| Companion::new(list(self.client.clone()))).step();
            result
        })
        .await
    }

    fn check(&self, cut: Cut) {
        let sent = self.harness.requests().len();
        let next = self.next.borrow_mut().take().unwrap_or_else(|| Companion::new(list(self.client.clone())));
        next.finish(self.harness.clock()).unwrap_or_else(|error| panic!("{cut}: {error:?}"));
        assert_eq!(self.harness.requests().len(), sent + 1, "{cut}");
        // The dropped call's unit is the next one's, unless the dropped call was sent and has used it.
        let turn = u32::try_from(sent).unwrap();
        let waited = self.harness.clock().elapsed();
        assert!(waited <= turn * MINUTE + Duration::from_secs(1), "{cut}: a unit was lost, the next waited {waited:?}");
        assert!(self.harness.clock().sleepers().is_empty(), "{cut}");
        assert_eq!(self.capture.open_spans(), 0, "{cut}");
    }
}

#[test]
fn no_unit_of_a_limit_is_lost_and_who_waits_next_is_woken() {
    let polls = cancel_at_every_poll(Limited::new, Limited::call, Limited::check);
    assert!(polls >= 4, "the turn and both sides of the turnstile are waited for, not {polls}");
}

/// An open breaker whose time has come: the next call is the only probe.
struct Broken {
    harness: Harness,
    client: Client,
    breakers: Breakers,
}

impl Broken {
    fn new() -> (ManualClock, Self) {
        let harness = Harness::new([answer(503), answer(503), answer(200), answer(200)]);
        let config = BreakerConfig::default().with_failure_rate(0.5, 2).with_probes(1).with_open_for(MINUTE);
        let breakers = Breakers::new(config);
        let builder = harness.client().breakers(breakers.clone()).retry(RetryConfig::disabled());
        let client = builder.per_attempt(Turnstile::default()).build().unwrap();
        for _ in 0..2 {
            harness.run(list(client.clone())).unwrap_err();
        }
        assert_eq!(breakers.state(Harness::AUTHORITY, "ads"), BreakerState::Open);
        harness.clock().advance(MINUTE);
        (harness.clock().clone(), Self { harness, client, breakers })
    }
}

#[test]
fn no_probe_of_a_half_open_breaker_is_stuck() {
    let polls = cancel_at_every_poll(
        Broken::new,
        async |world| list(world.client.clone()).await,
        |world, cut| {
            let next = world.harness.run(list(world.client.clone()));
            assert!(next.is_ok(), "{cut}: the place of the probe was not freed: {next:?}");
            assert_eq!(world.breakers.state(Harness::AUTHORITY, "ads"), BreakerState::Closed, "{cut}");
        },
    );
    assert!(polls >= 3, "both sides of the turnstile are waited for, not {polls}");
}

struct Hedged {
    harness: Harness,
    client: Client,
    budgets: RetryBudgets,
    turnstile: Turnstile,
    capture: Capture,
}

impl Hedged {
    fn new() -> (ManualClock, Self) {
        let harness = Harness::new([Script::hang(), answer(200), answer(200), answer(200)]);
        let (budgets, turnstile) = (RetryBudgets::default(), Turnstile::default());
        let builder = harness.client().retry_budgets(budgets.clone()).per_attempt(turnstile.clone());
        let client = builder.hedge(Hedge::after(Duration::from_secs(1))).build().unwrap();
        (harness.clock().clone(), Self { harness, client, budgets, turnstile, capture: Capture::start() })
    }
}

#[test]
fn both_attempts_of_a_hedged_call_are_cancelled() {
    let polls = cancel_at_every_poll(
        Hedged::new,
        async |world| list(world.client.clone()).await,
        |world, cut| {
            assert!(world.harness.clock().sleepers().is_empty(), "{cut}");
            assert_eq!(world.turnstile.inside(), 0, "{cut}");
            assert_eq!(world.capture.open_spans(), 0, "{cut}");
            assert!(world.budgets.available(Harness::AUTHORITY) >= 500 - 14, "{cut}");
            assert!(world.harness.run(list(world.client.clone())).is_ok(), "{cut}");
        },
    );
    assert!(polls >= 4, "delay and turnstiles are waited for, not {polls}");
}
