//! The system runtime under JavaScript.
//!
//! JavaScript's futures belong to one thread. They are wrapped where they are made, so that the rest of the crate needs
//! no conditional bounds; the wrapper panics if a future ever reached a second thread, which a module without shared
//! memory does not have.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use gloo_timers::future::TimeoutFuture;
use send_wrapper::SendWrapper;

use super::{BoxFuture, Clock, Instant, Random, Spawn};
use crate::Result;
use crate::error::{Error, ErrorKind};

/// JavaScript fires a timer at once when its delay does not fit a signed 32-bit number of milliseconds.
const LONGEST_TIMER_MS: u32 = i32::MAX as u32;

/// One origin for the whole process: clients that share breakers or limits must agree on what now is.
static ORIGIN: LazyLock<web_time::Instant> = LazyLock::new(web_time::Instant::now);

pub(super) struct System;

impl Clock for System {
    fn now(&self) -> Instant {
        Instant::from_origin(ORIGIN.elapsed())
    }

    fn wall(&self) -> SystemTime {
        let since_epoch = web_time::SystemTime::now().duration_since(web_time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        SystemTime::UNIX_EPOCH + since_epoch
    }
}

pub(super) type SystemSleep = BoxFuture<'static, ()>;

pub(super) fn system_sleep(duration: Duration) -> SystemSleep {
    // Rounded up: waking early would break the promise of `sleep`.
    let mut left = duration.as_nanos().div_ceil(1_000_000);
    Box::pin(SendWrapper::new(async move {
        loop {
            let part = u32::try_from(left).map_or(LONGEST_TIMER_MS, |ms| ms.min(LONGEST_TIMER_MS));
            TimeoutFuture::new(part).await;
            left = left.saturating_sub(u128::from(part));
            if left == 0 {
                return;
            }
        }
    }))
}

impl Random for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes).map_err(|cause| {
            Error::new(ErrorKind::Environment, "this JavaScript host has no crypto.getRandomValues").with_source(cause)
        })
    }
}

impl Spawn for System {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        wasm_bindgen_futures::spawn_local(task);
        Ok(())
    }
}

/// Runs the work at once: there is one thread, and the standard library has no file system to wait for here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Ok(work())
}
