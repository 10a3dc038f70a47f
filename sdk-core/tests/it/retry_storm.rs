//! What retries do to a server that is down: the known result, reproduced with the real pipeline on a manual clock.
//!
//! Offered load is what callers ask for; the server counts what reaches it. With N plain retries a full outage multiplies
//! the load by 1 + N and the end of the outage meets a wave. With a budget the load stays near what was offered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_core::runtime::Sleep as _;
use acd_core::testing::{Harness, ManualClock};
use acd_core::{Client, ErrorKind, Request, Response, Result, RetryBudgets, RetryConfig, Transport};
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::{HeaderMap, StatusCode};

const CALLS_A_SECOND: u64 = 20;
const OUTAGE: std::ops::Range<u64> = 60..180;
const END: u64 = 300;

/// Answers 200, or 503 during the outage, and counts what it sees in each second.
#[derive(Clone)]
struct Server {
    clock: ManualClock,
    seen: Arc<Mutex<Vec<u64>>>,
}

impl Transport for Server {
    async fn send(&self, _: Request) -> Result<Response> {
        let second = self.clock.elapsed().as_secs();
        if let Some(count) = self.seen.lock().unwrap().get_mut(usize::try_from(second).unwrap()) {
            *count += 1;
        }
        let status = if OUTAGE.contains(&second) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        Ok(Response::new(status, HeaderMap::new(), ""))
    }
}

struct Load {
    /// What reached the server during the outage, over what was offered.
    outage: f64,
    /// The busiest second after the outage, over what was offered in a second.
    recovery: f64,
    /// Calls that failed in the last minute, long after the outage.
    late_failures: usize,
}

fn simulate(client: impl Fn(acd_core::ClientBuilder) -> acd_core::ClientBuilder) -> Load {
    let clock = ManualClock::new();
    let server = Server { clock: clock.clone(), seen: Arc::new(Mutex::new(vec![0; END as usize + 60])) };
    // Many clients of one process, as a fleet of workers has them: budgets and breakers are shared by authority.
    let builder = Client::builder("https://server.test").transport(server.clone()).runtime(clock.runtime());
    let client = client(builder).build().unwrap();
    let late_failures = clock.run(async {
        let mut late = 0;
        let mut calls = FuturesUnordered::new();
        for n in 0..END * CALLS_A_SECOND {
            let (client, is_late) = (&client, n >= (END - 60) * CALLS_A_SECOND);
            calls.push(async move { client.call(&Harness::GET).send().await.is_err() && is_late });
            let mut next = clock.sleep(Duration::from_millis(1000 / CALLS_A_SECOND));
            // Calls go on while the next one is not due yet.
            loop {
                next = match select(next, calls.next()).await {
                    Either::Left(_) => break,
                    Either::Right((None, rest)) => break rest.await,
                    Either::Right((Some(failed), rest)) => {
                        late += usize::from(failed);
                        rest
                    }
                }
            }
        }
        late + calls.filter(|failed| std::future::ready(*failed)).count().await
    });
    assert!(clock.elapsed() >= Duration::from_secs(END));
    let seen = server.seen.lock().unwrap();
    let outage: u64 = OUTAGE.map(|second| seen[second as usize]).sum();
    let offered = (OUTAGE.end - OUTAGE.start) * CALLS_A_SECOND;
    let busiest = seen[OUTAGE.end as usize..].iter().max().copied().unwrap_or_default();
    Load { outage: outage as f64 / offered as f64, recovery: busiest as f64 / CALLS_A_SECOND as f64, late_failures }
}

#[test]
fn plain_retries_multiply_the_load_of_an_outage() {
    let plain = RetryBudgets::new(u32::MAX);
    let load = simulate(|client| client.retry_budgets(plain.clone()).without_breakers());
    assert!((2.9..=3.0).contains(&load.outage), "three attempts each: {}", load.outage);
    let more = RetryConfig::default().with_max_attempts(6);
    let load = simulate(|client| client.retry_budgets(plain.clone()).without_breakers().retry(more.clone()));
    assert!((5.8..=6.0).contains(&load.outage), "six attempts each: {}", load.outage);
}

#[test]
fn a_budget_keeps_the_load_near_what_is_offered() {
    let load = simulate(acd_core::ClientBuilder::without_breakers);
    assert!((1.0..=1.1).contains(&load.outage), "{}", load.outage);
    assert!(load.recovery <= 1.1, "no wave when it is over: {}", load.recovery);
    assert_eq!(load.late_failures, 0);
}

#[test]
fn a_breaker_leaves_the_server_nearly_alone_and_lets_everyone_back() {
    let load = simulate(|client| client);
    // Half a minute of successes has to be outweighed first.
    assert!(load.outage <= 0.2, "{}", load.outage);
    assert!(load.recovery <= 1.1, "{}", load.recovery);
    assert_eq!(load.late_failures, 0);
}

#[test]
fn without_retries_the_server_sees_what_is_offered() {
    let load = simulate(|client| client.retry(RetryConfig::disabled()).without_breakers());
    assert!((load.outage - 1.0).abs() < f64::EPSILON);
}

#[test]
fn what_the_budget_refuses_is_said() {
    let harness = Harness::new((0..2).map(|_| acd_core::testing::answer(503)));
    let client = harness.client().retry_budgets(RetryBudgets::new(14)).build().unwrap();
    let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
    assert_eq!((error.kind(), error.gave_up()), (ErrorKind::Server, Some(acd_core::GiveUp::Budget)));
}
