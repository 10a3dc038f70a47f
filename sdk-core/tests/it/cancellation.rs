//! Dropping the future of a call.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use acd_core::testing::{Harness, ManualClock, Script, answer};
use acd_core::{Client, RetryBudgets};

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

#[test]
fn dropping_a_call_at_any_point_leaves_no_sleeper_behind() {
    for polls in 0..4 {
        let harness = Harness::new([answer(503), Script::hang()]);
        let budgets = RetryBudgets::default();
        let client = harness.client().retry_budgets(budgets.clone()).build().unwrap();
        {
            let mut call = pin!(client.call(&Harness::GET).send());
            for _ in 0..polls {
                let ready = call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
                assert!(!ready, "the second attempt hangs");
                let next = harness.clock().sleepers()[0];
                harness.clock().advance(next.min(std::time::Duration::from_secs(1)));
            }
        }
        assert_eq!(harness.clock().sleepers(), []);
        assert!(budgets.available(Harness::AUTHORITY) >= 500 - 14);
    }
}

#[test]
fn the_future_of_a_call_may_move_between_threads() {
    fn assert_send(_: &(impl Future + Send)) {}
    let client = Client::builder("https://server.test").runtime(ManualClock::new().runtime()).build().unwrap();
    assert_send(&client.call(&Harness::GET).send());
    assert_send(&client.call(&Harness::GET).send_json::<u32>());
}
