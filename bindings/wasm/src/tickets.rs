//! Calls that can be given up while they run.

use std::cell::RefCell;
use std::collections::HashMap;

use futures_util::future::{AbortHandle, Abortable};

/// The running calls that JavaScript may give up, by the number it gave each.
#[derive(Default)]
pub(crate) struct Tickets {
    running: RefCell<HashMap<u32, AbortHandle>>,
}

impl Tickets {
    /// Runs the call to its end, or until it is given up: then it is dropped, which aborts its request, and the result
    /// is `None`.
    pub(crate) async fn run<T>(&self, ticket: u32, call: impl Future<Output = T>) -> Option<T> {
        let (handle, registration) = AbortHandle::new_pair();
        self.running.borrow_mut().insert(ticket, handle);
        let outcome = Abortable::new(call, registration).await;
        self.running.borrow_mut().remove(&ticket);
        outcome.ok()
    }

    /// Gives the call up; one that has ended is left alone.
    pub(crate) fn give_up(&self, ticket: u32) {
        if let Some(handle) = self.running.borrow().get(&ticket) {
            handle.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_call_ends_by_itself_or_is_given_up() {
        let tickets = Tickets::default();
        assert_eq!(tickets.run(1, ready(7)).now_or_never(), Some(Some(7)));
        tickets.give_up(1);
        let mut call = Box::pin(tickets.run(2, pending::<()>()));
        assert_eq!(call.as_mut().now_or_never(), None);
        tickets.give_up(2);
        assert_eq!(call.now_or_never(), Some(None));
        assert!(tickets.running.borrow().is_empty());
    }
}
