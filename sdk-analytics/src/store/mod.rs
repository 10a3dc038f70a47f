//! The kept queue: events in a store of the host's, such as a browser's IndexedDB, until the server has them.
//!
//! A task of its own moves events from the queue to the store, a record for what came while the one before was written. What
//! is kept stays in memory too, from where it is sent: the store is read once, for what earlier runs left.

mod error;
mod handle;
mod keeper;
mod record;
mod shelf;

use std::future::Future;

use acd_core::runtime::BoxFuture;

pub use error::StoreError;
pub(crate) use handle::{Depot, Surroundings};

/// Smallest limit of what is kept: a whole batch.
pub(crate) const MIN_STORE_BYTES: u64 = 512 * 1024;

/// Names a record within its store.
pub type RecordKey = u64;

/// Keeps events where they outlive the process, for hosts without the files and threads that
/// [`DurableQueue`](crate::DurableQueue) needs. Given to
/// [`AnalyticsClientBuilder::store`](crate::AnalyticsClientBuilder::store).
///
/// A record is bytes to the store, at most some 500 KB of them. Whether two clients may share one is the store's to say: what
/// both send, the server knows by its `messageId`.
pub trait EventStore: Send + Sync + 'static {
    /// Everything that is kept, oldest first. Asked once, before anything is put.
    ///
    /// # Errors
    /// What the host says; the client goes on without what earlier runs left.
    fn load(&self) -> impl Future<Output = Result<Vec<(RecordKey, Vec<u8>)>, StoreError>> + Send;

    /// Keeps a record, whole or not at all, and completes when it would outlive the process.
    ///
    /// # Errors
    /// What the host says. The events stay in memory and are sent from there; they are not put again.
    fn put(&self, record: Vec<u8>) -> impl Future<Output = Result<RecordKey, StoreError>> + Send;

    /// Removes records. That one is gone already is fine.
    ///
    /// # Errors
    /// What the host says. The next run sends the events again, to no effect.
    fn remove(&self, keys: Vec<RecordKey>) -> impl Future<Output = Result<(), StoreError>> + Send;
}

type Loaded = Result<Vec<(RecordKey, Vec<u8>)>, StoreError>;

/// An [`EventStore`] of any type.
pub(crate) trait DynEventStore: Send + Sync {
    fn load(&self) -> BoxFuture<'_, Loaded>;
    fn put(&self, record: Vec<u8>) -> BoxFuture<'_, Result<RecordKey, StoreError>>;
    fn remove(&self, keys: Vec<RecordKey>) -> BoxFuture<'_, Result<(), StoreError>>;
}

impl<S: EventStore> DynEventStore for S {
    fn load(&self) -> BoxFuture<'_, Loaded> {
        Box::pin(EventStore::load(self))
    }

    fn put(&self, record: Vec<u8>) -> BoxFuture<'_, Result<RecordKey, StoreError>> {
        Box::pin(EventStore::put(self, record))
    }

    fn remove(&self, keys: Vec<RecordKey>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(EventStore::remove(self, keys))
    }
}
