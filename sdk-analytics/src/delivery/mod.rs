//! The background task: takes events from the backlog, sends them in batches, and settles what became of them.

mod backoff;
mod body;
mod courier;
mod failure;
mod outcome;
mod parcel;
mod source;
mod waiters;

pub(crate) use body::envelope_bytes;
pub(crate) use courier::Courier;
pub use failure::{FailedEvent, FailedEvents, FailureReason};
pub(crate) use source::{Backlog, Source};
pub(crate) use waiters::Waiters;
