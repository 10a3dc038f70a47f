//! Ending a request that nobody waits for any more.

use web_sys::{AbortController, AbortSignal};

use super::failure;
use crate::Result;

/// Aborts its request when it is dropped, unless the answer has come to its end before.
pub(super) struct AbortOnDrop {
    controller: AbortController,
    is_over: bool,
}

impl AbortOnDrop {
    pub(super) fn new() -> Result<Self> {
        let controller = AbortController::new().map_err(|thrown| failure::of_the_host(&thrown))?;
        Ok(Self { controller, is_over: false })
    }

    pub(super) fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }

    /// Nothing is left to abort.
    pub(super) fn over(&mut self) {
        self.is_over = true;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if !self.is_over {
            self.controller.abort();
        }
    }
}
