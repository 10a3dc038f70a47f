//! A future with a limit of time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{BoxFuture, SystemSleep};

pin_project! {
    /// Written out, as an `async fn` would hold the future it is given twice: every step of the pipeline that has a limit
    /// would double everything behind it.
    pub(super) struct Timeout<F> {
        #[pin]
        future: F,
        #[pin]
        timer: Timer,
    }
}

pin_project! {
    /// The system's own timer needs no box.
    #[project = TimerProjection]
    pub(super) enum Timer {
        System { #[pin] sleep: SystemSleep },
        Other { sleep: BoxFuture<'static, ()> },
    }
}

impl<F> Timeout<F> {
    pub(super) fn new(future: F, timer: Timer) -> Self {
        Self { future, timer }
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        let timer = match this.timer.project() {
            TimerProjection::System { sleep } => sleep.poll(cx),
            TimerProjection::Other { sleep } => sleep.as_mut().poll(cx),
        };
        timer.map(|()| None)
    }
}
