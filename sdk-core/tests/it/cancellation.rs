//! Dropping the future of a call.

mod companion;
mod guards;
mod token;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acd_core::testing::{Capture, Harness, ManualClock, Script, answer, cancel_at_every_poll};
use acd_core::{Call, Client, Next, Policy, Response, Result, RetryBudgets};

use crate::server::{Reply, Server, ok};

#[tokio::test]
async fn dropping_a_call_hangs_up() {
    let server = Server::start([Reply::Hang, ok("next")]).await;
    let client = Client::builder(server.url()).build().unwrap();
    tokio::select! {
        _ = client.call(&Harness::GET).send() => panic!("the server never answers"),
        () = server.received(1) => {}
    }
    server.gone(1).await;
    let response = client.call(&Harness::GET).send().await.unwrap();
    assert_eq!(response.body().unwrap(), "next", "the client is as good as new");
}

/// A policy that waits before and after the steps behind it, and counts who is inside.
#[derive(Clone, Default)]
struct Turnstile(Arc<AtomicUsize>);

impl Turnstile {
    fn inside(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Policy for Turnstile {
    async fn send(&self, call: &mut Call, next: Next<'_>) -> Result<Response> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let _inside = Inside(Arc::clone(&self.0));
        call.runtime().sleep(Duration::from_millis(1)).await;
        let result = next.send(call).await;
        call.runtime().sleep(Duration::from_millis(1)).await;
        result
    }
}

struct World {
    harness: Harness,
    client: Client,
    budgets: RetryBudgets,
    turnstile: Turnstile,
    capture: Capture,
}

impl World {
    fn new() -> (ManualClock, Self) {
        let harness = Harness::new([answer(503), Script::hang(), answer(200), answer(200)]);
        let (budgets, turnstile) = (RetryBudgets::default(), Turnstile::default());
        let builder = harness.client().retry_budgets(budgets.clone());
        let client = builder.per_call(turnstile.clone()).per_attempt(turnstile.clone()).build().unwrap();
        (harness.clock().clone(), Self { harness, client, budgets, turnstile, capture: Capture::start() })
    }

    async fn call(&self) -> Result<Response> {
        self.client.call(&Harness::GET).send().await
    }
}

#[test]
fn dropping_a_call_at_any_point_leaves_nothing_behind() {
    let polls = cancel_at_every_poll(World::new, World::call, |world, cut| {
        assert!(world.harness.clock().sleepers().is_empty(), "{cut}");
        assert_eq!(world.capture.open_spans(), 0, "{cut}");
        assert_eq!(world.turnstile.inside(), 0, "{cut}");
        assert!(world.budgets.available(Harness::AUTHORITY) >= 500 - 2 * 14, "{cut}");
        let again = world.harness.run(world.call());
        assert_eq!(again.unwrap().status(), 200, "{cut}: the client is as good as new");
    });
    assert!(polls > 10, "every wait of three attempts is a point of its own, not {polls}");
}

#[test]
fn the_future_of_a_call_may_move_between_threads() {
    fn assert_send(_: &(impl Future + Send)) {}
    let client = Client::builder("https://server.test").runtime(ManualClock::new().runtime()).build().unwrap();
    assert_send(&client.call(&Harness::GET).send());
    assert_send(&client.call(&Harness::GET).send_json::<u32>());
}
