use std::future::poll_fn;
use std::task::Poll;

use futures_util::task::AtomicWaker;

/// Wakes the background task, from any thread and at the cost of a few atomic operations.
#[derive(Debug, Default)]
pub(crate) struct Signal(AtomicWaker);

impl Signal {
    /// Has the background task look at what it waits for.
    pub(crate) fn notify(&self) {
        self.0.wake();
    }

    /// Completes once `ready` gives something. Looked at now and after each [`notify`](Self::notify).
    pub(crate) async fn until<T>(&self, mut ready: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| {
            // Registered before looking, or a change between the two would go unnoticed.
            self.0.register(context.waker());
            ready().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
