//! Where the work of all objects runs, since a phone brings no executor for Rust.

use std::future::Future;
use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::error::MobileError;

/// A second one would be woken for each call to look for work, and a call takes a phone longer so: what it does between two
/// waits is microseconds. Events are written by a thread of their own; here only the first opening of a release forces a small
/// file to the disk, once. A thread for that would be another one that the JVM has to be told of.
const THREADS: usize = 1;

/// The process's executor, started when first used.
pub(crate) fn executor() -> Result<&'static Runtime, MobileError> {
    static EXECUTOR: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(THREADS).thread_name("acd").enable_all().build();
    EXECUTOR.get_or_init(start).as_ref().map_err(|cause| MobileError::Internal {
        reason: format!("the thread that makes the calls could not be started: {cause}"),
    })
}

/// Runs `work` as a task that ends when the caller goes away, as a cancelled coroutine does. A panic becomes an error.
pub(crate) async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, MobileError>> + Send + 'static,
) -> Result<T, MobileError> {
    let mut task = Cancelling(executor()?.spawn(work));
    let ended = |reason: &str| MobileError::Internal { reason: reason.to_owned() };
    match (&mut task.0).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => Err(ended("the library panicked: report this with the log of the process")),
        Err(_) => Err(ended("the call was ended, as the process is shutting down")),
    }
}

/// A task that is cancelled with whoever waits for it.
struct Cancelling<T>(JoinHandle<T>);

impl<T> Drop for Cancelling<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use tokio::sync::oneshot;

    use super::*;

    /// Completes its receiver when it is dropped.
    struct Dropped(Option<oneshot::Sender<()>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.take().map(|sender| sender.send(()));
        }
    }

    #[test]
    fn a_caller_that_goes_away_takes_the_work_along() {
        let (started, has_started) = oneshot::channel();
        let (sender, dropped) = oneshot::channel();
        {
            let mut call = pin!(run(async move {
                let _guard = Dropped(Some(sender));
                let _ = started.send(());
                pending::<Result<(), MobileError>>().await
            }));
            let mut context = Context::from_waker(Waker::noop());
            assert!(matches!(call.as_mut().poll(&mut context), Poll::Pending));
            has_started.blocking_recv().unwrap();
        }
        dropped.blocking_recv().unwrap();
    }

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        let failed = run::<()>(async { panic!("a bug") }).await;
        assert!(matches!(failed, Err(MobileError::Internal { reason }) if reason.contains("panicked")));
    }
}
