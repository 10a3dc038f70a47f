//! The typed client against the simulator, in a time that passes at once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acd_core::runtime::{BoxFuture, Sleep};
use acd_core::testing::SeededRandom;
use acd_core::{HyperTransport, Request, Response, Result, Runtime, Transport};
use acd_meta::{AdAccountId, MetaClient};
use acd_testing::{ManualClock, MetaSimulator};

/// A client and a simulator that share one clock. It moves when neither has anything else to do, so that hours of waiting
/// take no time and every run of a seed is the same.
pub(crate) struct Story {
    pub(crate) simulator: MetaSimulator,
    pub(crate) meta: MetaClient,
    pub(crate) account: AdAccountId,
    clock: ManualClock,
    open: Arc<AtomicUsize>,
}

impl Story {
    pub(crate) async fn start(seed: u64) -> Self {
        let clock = ManualClock::new();
        let on_the_clock = || Runtime::system().with_clock(clock.clone()).with_random(SeededRandom::new(seed));
        let simulated = on_the_clock().with_sleep(Passing(clock.clone()));
        let simulator = MetaSimulator::builder().runtime(simulated).start().await.unwrap();
        let open = Arc::new(AtomicUsize::new(0));
        let transport = Counted { inner: HyperTransport::new(&Default::default()).unwrap(), open: Arc::clone(&open) };
        let waiting = on_the_clock().with_sleep(clock.clone());
        let world = simulator.world();
        let meta = MetaClient::builder(world.access_token.as_str())
            .app_secret(world.app_secret.as_str())
            .base_url(simulator.url())
            .http(move |http| http.transport(transport).runtime(waiting))
            .build()
            .unwrap();
        let account = AdAccountId::from(world.ad_account.as_str());
        Self { simulator, meta, account, clock, open }
    }

    /// Waits on the story's clock.
    pub(crate) fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(wait)
    }

    /// Drives a future. While no request is on its way, nothing but time can bring it on: then the clock moves to whoever
    /// wakes next.
    pub(crate) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            if polled.is_pending()
                && self.open.load(Ordering::Acquire) == 0
                && let Some(next) = self.clock.sleepers().first()
            {
                self.clock.advance(*next);
                cx.waker().wake_by_ref();
            }
            polled
        })
        .await
    }
}

/// Waits by moving the clock itself: what a simulator's latency does to everybody.
struct Passing(ManualClock);

impl Sleep for Passing {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.advance(duration);
        Box::pin(std::future::ready(()))
    }
}

/// Counts the requests that are on their way, until the last byte of the answer.
struct Counted {
    inner: HyperTransport,
    open: Arc<AtomicUsize>,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Transport for Counted {
    async fn send(&self, request: Request) -> Result<Response> {
        self.open.fetch_add(1, Ordering::AcqRel);
        let _open = Open(Arc::clone(&self.open));
        let response = self.inner.send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Response::new(status, headers, response.bytes().await?))
    }
}

#[tokio::test]
async fn waiting_takes_no_time_and_calls_take_none_of_the_clock() {
    let story = Story::start(1).await;
    let list = acd_meta::ads::campaigns::ListCampaigns::default();
    let outcome = async {
        story.sleep(Duration::from_secs(3600)).await;
        story.meta.campaigns().list(&story.account, &list).await
    };
    assert!(story.run(outcome).await.unwrap().data.is_empty());
    assert_eq!(story.clock.elapsed(), Duration::from_secs(3600));
}
