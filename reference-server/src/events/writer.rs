//! Events of many requests, stored together.

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

use super::row::Row;
use super::stamp::{happened_at, neighbours};
use super::store::{self, Stamped};
use super::told::Told;
use super::underway;
use crate::ads::attribution::Capture;
use crate::identity::Persons;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::group::{GroupSettings, GroupWriter, Sink, StoreError};
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::Result;
use crate::kernel::request_id::RequestId;

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    Duplicate,
    /// PostgreSQL refused this very row.
    Unstorable,
}

/// Takes events of many requests and stores them together. Cheap to clone.
#[derive(Clone)]
pub struct Writer(GroupWriter<EventSink>);

impl Writer {
    /// Starts the lanes. They end when every clone of the writer is gone and the queue is empty.
    pub fn start(db: Db, persons: Persons, capture: Capture, clock: Clock, settings: GroupSettings) -> Self {
        Self(GroupWriter::start(EventSink { db, persons, capture, clock, ids: ContextV7::new().into() }, settings))
    }

    /// Stores events and says what became of each, once they are on disk.
    pub(super) async fn store(
        &self,
        product: &ProductSlug,
        rows: Vec<Row>,
        request_id: &RequestId,
    ) -> Result<Vec<Outcome>> {
        self.0.store(product, rows, request_id).await
    }
}

struct EventSink {
    db: Db,
    persons: Persons,
    capture: Capture,
    clock: Clock,
    ids: std::sync::Mutex<ContextV7>,
}

impl Sink for EventSink {
    type Row = Row;
    type Outcome = Outcome;

    const ROWS_METRIC: &'static str = "acd_events_group_rows";
    const BUSY_METRIC: &'static str = "acd_events_refused_busy_total";

    fn bytes(row: &Row) -> usize {
        row.bytes()
    }

    fn unstorable() -> Outcome {
        Outcome::Unstorable
    }

    async fn store(&self, jobs: &[(&ProductSlug, &Row)], request_id: &RequestId) -> Result<Vec<Outcome>, StoreError> {
        let mut told = Told::by(jobs, &self.persons, &self.capture, request_id).await?;
        let mut captured = Vec::new();
        let mut outcomes = Vec::with_capacity(jobs.len());
        let Some((first, _)) = jobs.first() else { return Ok(outcomes) };
        let principal = |product: &ProductSlug| Principal {
            actor: Actor::Product(product.clone()),
            scopes: Vec::new(),
            request_id: request_id.clone(),
        };
        let since = underway::lock_from(self.clock.now());
        let mut tx = self.db.bulk_under_lock(&principal(first), since).await?;
        let mut received_at = self.clock.now();
        let mut elsewhere = neighbours(received_at);
        if elsewhere.alone {
            store::be_alone(&mut tx).await?;
            received_at = self.clock.now();
            elsewhere = neighbours(received_at);
        }
        for chunk in jobs.chunk_by(|one, other| one.0 == other.0) {
            let product = chunk[0].0;
            if product != *first {
                tx.become_actor(&Actor::Product(product.clone())).await?;
            }
            let stamped: Vec<Stamped<'_>> = chunk
                .iter()
                .map(|(_, row)| Stamped {
                    id: self.new_id(received_at),
                    received_at,
                    timestamp: happened_at(row, received_at),
                    row,
                })
                .collect();
            let stored = store::insert(&mut tx, product, &stamped, &elsewhere).await?;
            let first = outcomes.len();
            if stored.len() == stamped.len() {
                outcomes.resize(first + stamped.len(), Outcome::Stored);
            } else {
                let stored: std::collections::HashSet<Uuid> = stored.into_iter().collect();
                outcomes.extend(
                    stamped.iter().map(|s| if stored.contains(&s.id) { Outcome::Stored } else { Outcome::Duplicate }),
                );
            }
            let new = (first..).zip(&stamped).filter(|(at, _)| outcomes.get(*at) == Some(&Outcome::Stored));
            captured.extend(new.filter_map(|(at, stamped)| told.take(at, product, stamped)));
        }
        let written = self.capture.write(&mut tx, &captured).await?;
        tx.commit().await?;
        self.capture.remember(written);
        Ok(outcomes)
    }
}

impl EventSink {
    fn new_id(&self, at: DateTime<Utc>) -> Uuid {
        let context = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, at.timestamp().unsigned_abs(), at.timestamp_subsec_nanos()))
    }
}
