//! Calls that can be given up while they run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::future::{AbortHandle, Abortable};

/// The running calls that JavaScript may give up, by the number it gave each.
#[derive(Default)]
pub(crate) struct Tickets {
    running: RefCell<HashMap<u32, AbortHandle>>,
}

impl Tickets {
    /// The call, which runs to its end or until it is given up: then it is dropped, which aborts its request, and the result
    /// is `None`. It can be given up from now on, before it has begun to run too.
    pub(crate) fn run<T>(
        self: Rc<Self>,
        ticket: u32,
        call: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        let (handle, registration) = AbortHandle::new_pair();
        self.running.borrow_mut().insert(ticket, handle);
        async move {
            let outcome = Abortable::new(call, registration).await;
            self.running.borrow_mut().remove(&ticket);
            outcome.ok()
        }
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
        let tickets = Rc::new(Tickets::default());
        assert_eq!(tickets.clone().run(1, ready(7)).now_or_never(), Some(Some(7)));
        tickets.give_up(1);
        let mut call = Box::pin(tickets.clone().run(2, pending::<()>()));
        assert_eq!(call.as_mut().now_or_never(), None);
        tickets.give_up(2);
        assert_eq!(call.now_or_never(), Some(None));
        let early = tickets.clone().run(3, ready(7));
        tickets.give_up(3);
        assert_eq!(early.now_or_never(), Some(None), "it had not begun to run");
        assert!(tickets.running.borrow().is_empty());
    }
}
