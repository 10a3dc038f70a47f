//! The system runtime under JavaScript.
//!
//! JavaScript's futures belong to one thread. They are wrapped where they are made, so that the rest of the crate needs
//! no conditional bounds; the wrapper panics if a future ever reached a second thread, which a module without shared
//! memory does not have.

mod sleep;

use std::time::{Duration, SystemTime};

use js_sys::Date;
use wasm_bindgen::prelude::wasm_bindgen;

pub(super) use sleep::{SystemSleep, system_sleep};

use super::{BoxFuture, Clock, Instant, Random, Spawn};
use crate::Result;
use crate::error::{Error, ErrorKind};

#[wasm_bindgen]
extern "C" {
    /// Milliseconds on the host's [monotonic clock](https://www.w3.org/TR/hr-time-3/#dom-performance-now), whose origin is
    /// the same for the whole module.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic() -> f64;
}

pub(super) struct System;

impl Clock for System {
    fn now(&self) -> Instant {
        Instant::from_origin(Duration::from_micros((monotonic() * 1000.0) as u64))
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(Date::now() as u64)
    }
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
