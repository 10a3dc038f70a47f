//! The one refresh that all callers wait for.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acd_core::runtime::BoxFuture;
use acd_core::testing::{Cut, Harness, ManualClock, answer, cancel_at_every_poll};
use acd_core::{
    Client, MemoryTokenStore, RefreshOptions, RefreshingBearer, Response, Result, Runtime, Secret, Token, TokenProvider,
};

/// A token endpoint that takes a second, and counts.
struct Service {
    runtime: Runtime,
    refreshes: Arc<AtomicUsize>,
}

impl TokenProvider for Service {
    async fn refresh(&self, _: &Token) -> Result<Token> {
        self.runtime.sleep(Duration::from_secs(1)).await;
        let number = self.refreshes.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Token::new(Secret::new(format!("fresh-{number}"))).with_refresh(Secret::from("next")))
    }
}

type Waiting = BoxFuture<'static, Result<Response>>;

struct World {
    harness: Harness,
    client: Client,
    refreshes: Arc<AtomicUsize>,
    other: RefCell<Option<Waiting>>,
}

impl World {
    fn new() -> (ManualClock, Self) {
        let harness = Harness::new([answer(200), answer(200), answer(200)]);
        let (runtime, refreshes) = (harness.runtime(), Arc::default());
        let expired = Token::new(Secret::from("stale")).with_refresh(Secret::from("first"));
        let store = MemoryTokenStore::new(Some(expired.with_expires_at(runtime.wall())));
        let service = Service { runtime: runtime.clone(), refreshes: Arc::clone(&refreshes) };
        let options = RefreshOptions::default().with_runtime(runtime);
        let client = harness.client().auth(RefreshingBearer::with_options(service, store, options)).build().unwrap();
        (harness.clock().clone(), Self { harness, client, refreshes, other: RefCell::default() })
    }

    fn waiting(&self) -> Waiting {
        let client = self.client.clone();
        Box::pin(async move { client.call(&Harness::GET).send().await })
    }

    /// Begins the refresh, with another call that waits for it too.
    async fn call(&self) -> Result<Response> {
        let mut own = pin!(self.waiting());
        poll_fn(|cx| {
            let result = own.as_mut().poll(cx);
            let mut other = self.other.borrow_mut();
            // Once it has ended it is not asked again: its answer is what the check would see.
            if other.get_or_insert_with(|| self.waiting()).as_mut().poll(cx).is_ready() {
                *other = Some(self.waiting());
            }
            result
        })
        .await
    }

    fn check(&self, cut: Cut) {
        let other = self.other.borrow_mut().take().unwrap_or_else(|| self.waiting());
        let result = self.harness.run(other);
        assert!(result.is_ok(), "{cut}: who waited for the same refresh is left alone: {result:?}");
        assert_eq!(self.refreshes.load(Ordering::Relaxed), 1, "{cut}: one refresh serves everyone");
        let last = self.harness.requests().pop().unwrap();
        assert_eq!(last.headers["authorization"], "Bearer fresh-1", "{cut}");
    }
}

#[test]
fn no_single_flight_is_leaked() {
    let polls = cancel_at_every_poll(World::new, World::call, World::check);
    assert!(polls >= 2, "the refresh is waited for, not {polls}");
}
