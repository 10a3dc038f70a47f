use std::sync::{Mutex, PoisonError};

use futures_channel::oneshot::{self, Receiver, Sender};

/// Callers who wait for the background task to answer them.
#[derive(Debug)]
pub(crate) struct Waiters<T>(Mutex<Option<Vec<Sender<T>>>>);

impl<T> Default for Waiters<T> {
    fn default() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }
}

impl<T> Waiters<T> {
    /// Joins the queue. `None` when the background task has ended and nobody would answer.
    pub(crate) fn join(&self) -> Option<Receiver<T>> {
        let (reply, answer) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.push(reply);
        Some(answer)
    }

    /// Takes everyone who waits, to answer them.
    pub(crate) fn take(&self) -> Vec<Sender<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(Vec::is_empty)
    }

    /// Admits nobody from now on; who still waits learns that no answer comes.
    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
