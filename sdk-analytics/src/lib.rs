#![doc = include_str!("../README.md")]

#[cfg(feature = "app")]
pub mod app;
pub mod operations;
pub mod wire;

#[cfg(feature = "client")]
mod builder;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod context;
#[cfg(feature = "client")]
mod delivery;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod event;
#[cfg(feature = "durable")]
mod journal;
#[cfg(feature = "client")]
mod json;
#[cfg(feature = "client")]
mod queue;
#[cfg(feature = "client")]
mod sender;
#[cfg(feature = "client")]
mod shared;
#[cfg(feature = "client")]
mod signal;
#[cfg(feature = "client")]
mod stats;
#[cfg(feature = "store")]
mod store;

#[cfg(feature = "client")]
pub use crate::{
    builder::{AnalyticsClientBuilder, Own, Pipeline},
    client::AnalyticsClient,
    context::{App, Context, Named},
    delivery::{FailedEvent, FailedEvents, FailureReason},
    error::{BuildError, EnqueueError, FlushError},
    event::{Alias, Group, Identify, JsonEvent, MessageId, Page, Screen, Track},
    queue::Overflow,
    sender::{BatchReceipt, BatchSender},
    shared::{ShutdownReport, Withdrawal},
    stats::Stats,
};
#[cfg(feature = "durable")]
pub use journal::{DurableQueue, JournalError, SyncPolicy};
#[cfg(feature = "store")]
pub use store::{EventStore, RecordKey, StoreError};
