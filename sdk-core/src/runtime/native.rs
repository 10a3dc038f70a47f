//! The system runtime on native targets: tokio.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use super::{BoxFuture, Clock, Instant, Random, Spawn};
use crate::Result;
use crate::error::{Error, ErrorKind};

/// One origin for the whole process: clients that share breakers or limits must agree on what now is.
static ORIGIN: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

pub(super) struct System;

impl Clock for System {
    fn now(&self) -> Instant {
        Instant::from_origin(ORIGIN.elapsed())
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

pub(super) type SystemSleep = tokio::time::Sleep;

#[expect(clippy::disallowed_methods, reason = "this is where the real sleep is injected")]
pub(super) fn system_sleep(duration: Duration) -> SystemSleep {
    tokio::time::sleep(duration)
}

impl Random for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes).map_err(|cause| {
            Error::new(ErrorKind::Environment, "the operating system gave no random bytes").with_source(cause)
        })
    }
}

impl Spawn for System {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        let executor = tokio::runtime::Handle::try_current().map_err(|cause| {
            Error::new(
                ErrorKind::Environment,
                "no tokio runtime is running: call from inside one, or give the client its own with Runtime::with_spawn",
            )
            .with_source(cause)
        })?;
        executor.spawn(task);
        Ok(())
    }
}

/// Runs work that waits for the file system on a thread made for it. Without a tokio runtime it runs in place.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let Ok(executor) = tokio::runtime::Handle::try_current() else { return Ok(work()) };
    executor.spawn_blocking(work).await.map_err(|cause| {
        Error::new(ErrorKind::Environment, "work on a file was ended, as its runtime is shutting down")
            .with_source(cause)
    })
}
