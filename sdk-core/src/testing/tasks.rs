//! Background tasks that a test's own thread runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use crate::Result;
use crate::runtime::{BoxFuture, Spawn};

/// Tasks that make progress only while [`ManualClock::run`](super::ManualClock::run) drives a future. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Tasks(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Tasks {
    /// Polls every task once, those that they start meanwhile included.
    pub(super) fn poll(&self, cx: &mut Context<'_>) {
        let mut pending = Vec::new();
        loop {
            // Taken out first: a task that starts another one would otherwise find the list locked.
            let batch = std::mem::take(&mut *self.lock());
            if batch.is_empty() {
                break;
            }
            pending
                .extend(batch.into_iter().filter_map(|mut task| task.as_mut().poll(cx).is_pending().then_some(task)));
        }
        *self.lock() = pending;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<BoxFuture<'static, ()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spawn for Tasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        self.lock().push(task);
        Ok(())
    }
}
