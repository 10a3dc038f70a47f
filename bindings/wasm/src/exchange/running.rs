//! The requests that are under way, by their numbers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

use acd_core::{Response, Result};

thread_local! {
    static RUNNING: RefCell<Running> = RefCell::default();
}

#[derive(Default)]
struct Running {
    last: u32,
    requests: HashMap<u32, Waiting>,
}

#[derive(Default)]
struct Waiting {
    waker: Option<Waker>,
    outcome: Option<Result<Response>>,
}

/// A new number, which is waited for from now on.
pub(super) fn begin() -> u32 {
    RUNNING.with_borrow_mut(|running| {
        // After four billion the first of them have long ended.
        running.last = running.last.wrapping_add(1);
        running.requests.insert(running.last, Waiting::default());
        running.last
    })
}

/// The outcome, once it is there. One that was given is not there any more.
pub(super) fn poll(number: u32, cx: &Context<'_>) -> Poll<Result<Response>> {
    RUNNING.with_borrow_mut(|running| {
        let Some(waiting) = running.requests.get_mut(&number) else { return Poll::Pending };
        match waiting.outcome.take() {
            Some(outcome) => {
                running.requests.remove(&number);
                Poll::Ready(outcome)
            }
            None => {
                waiting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    })
}

/// The outcome is there. It is dropped where nobody waits for it any more.
pub(super) fn end(number: u32, outcome: Result<Response>) {
    let waker = RUNNING.with_borrow_mut(|running| {
        let waiting = running.requests.get_mut(&number)?;
        waiting.outcome = Some(outcome);
        waiting.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Nobody waits any more. Tells whether the request is still under way.
pub(super) fn give_up(number: u32) -> bool {
    let given_up = RUNNING.with_borrow_mut(|running| running.requests.remove(&number));
    given_up.is_some_and(|waiting| waiting.outcome.is_none())
}
