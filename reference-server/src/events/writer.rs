//! Group commit: events of many requests are stored by one transaction, and each request hears of its own.
//!
//! There is no timer. A lane takes whatever waits when it is free; while it writes, the next group gathers.
//! So a lone event is stored at once, and under load groups grow until the disk's commit no longer counts.

use std::sync::Arc;
use std::time::Duration;

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use uuid::{ContextV7, Timestamp, Uuid};

use super::row::Row;
use super::stamp::{happened_at, neighbours};
use super::store::{self, Stamped};
use super::told::Told;
use crate::ads::attribution::Capture;
use crate::identity::Persons;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// A transaction that hangs longer is given up; it must stay well below the guarded time around a month's end.
const FLUSH_LIMIT: Duration = Duration::from_secs(60);
const UNIT: usize = 1024;
const WORTH_A_LANE: usize = 200;

/// How the writer is sized.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// Transactions at work side by side.
    pub lanes: usize,
    /// Most rows in one transaction; a single request may exceed it.
    pub max_rows: usize,
    /// Most memory of waiting events, in bytes. A request beyond it waits, then gets 503.
    pub max_bytes: usize,
    /// How long a request waits for memory.
    pub patience: Duration,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { lanes: 2, max_rows: 4_000, max_bytes: 64 << 20, patience: Duration::from_secs(5) }
    }
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    Duplicate,
    /// PostgreSQL refused this very row.
    Unstorable,
}

struct Submission {
    product: ProductSlug,
    rows: Vec<Row>,
    request_id: RequestId,
    reply: oneshot::Sender<Result<Vec<Outcome>>>,
    _memory: OwnedSemaphorePermit,
}

/// Takes events of many requests and stores them together. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::UnboundedSender<Submission>,
    memory: Arc<Semaphore>,
    settings: Arc<WriterSettings>,
}

impl Writer {
    /// Starts the lanes. They end when every clone of the writer is gone and the queue is empty.
    pub fn start(db: Db, persons: Persons, capture: Capture, clock: Clock, settings: WriterSettings) -> Self {
        // The queue is bounded by the memory permits that every submission carries.
        let (queue, receiver) = mpsc::unbounded_channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let settings = Arc::new(settings);
        for _ in 0..settings.lanes.max(1) {
            let lane = Lane {
                db: db.clone(),
                persons: persons.clone(),
                capture: capture.clone(),
                clock: clock.clone(),
                ids: ContextV7::new().into(),
            };
            tokio::spawn(lane.run(Arc::clone(&receiver), settings.max_rows));
        }
        let memory = Arc::new(Semaphore::new((settings.max_bytes / UNIT).max(1)));
        Self { queue, memory, settings }
    }

    /// Stores events and says what became of each, once they are on disk.
    pub(super) async fn store(
        &self,
        product: &ProductSlug,
        rows: Vec<Row>,
        request_id: &RequestId,
    ) -> Result<Vec<Outcome>> {
        let bytes = rows.iter().map(Row::bytes).sum::<usize>().min(self.settings.max_bytes);
        let units = u32::try_from((bytes / UNIT).max(1)).unwrap_or(u32::MAX);
        let memory = tokio::time::timeout(self.settings.patience, Arc::clone(&self.memory).acquire_many_owned(units));
        let Ok(Ok(memory)) = memory.await else {
            metrics::counter!("acd_events_refused_busy_total").increment(1);
            return Err(Problem::unavailable(
                "ingest_busy",
                "too many events are waiting to be stored; send again shortly",
            ));
        };
        let (reply, answer) = oneshot::channel();
        let submission =
            Submission { product: product.clone(), rows, request_id: request_id.clone(), reply, _memory: memory };
        let gone = || Problem::unavailable("shutting_down", "the server is stopping; send again shortly");
        self.queue.send(submission).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

struct Lane {
    db: Db,
    persons: Persons,
    capture: Capture,
    clock: Clock,
    ids: std::sync::Mutex<ContextV7>,
}

impl Lane {
    async fn run(self, queue: Arc<Mutex<mpsc::UnboundedReceiver<Submission>>>, max_rows: usize) {
        loop {
            let mut group = Vec::new();
            let mut rows = 0;
            let mut turn = queue.lock().await;
            let Some(first) = turn.recv().await else { return };
            rows += first.rows.len();
            group.push(first);
            while rows < max_rows {
                let Ok(next) = turn.try_recv() else { break };
                rows += next.rows.len();
                group.push(next);
            }
            // What comes while a small group is written joins the next one: two lanes would halve it and double the
            // cost. Only work worth a transaction of its own runs side by side.
            let turn = (rows < WORTH_A_LANE).then_some(turn);
            metrics::histogram!("acd_events_group_rows").record(rows as f64);
            // Same products lie side by side, so that claims change as rarely as possible.
            group.sort_by(|one, other| one.product.cmp(&other.product));
            self.answer(group).await;
            drop(turn);
        }
    }

    async fn answer(&self, group: Vec<Submission>) {
        // PostgreSQL shows the first request of the group for all of them.
        let Some(request_id) = group.first().map(|first| first.request_id.clone()) else { return };
        let mut jobs: Vec<(&ProductSlug, &Row)> = Vec::new();
        for submission in &group {
            jobs.extend(submission.rows.iter().map(|row| (&submission.product, row)));
        }
        let result = self.store(&jobs, &request_id).await;
        match result {
            Ok(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                for submission in group {
                    let own = outcomes.by_ref().take(submission.rows.len()).collect();
                    // The caller may be gone; its events are stored all the same.
                    let _ = submission.reply.send(Ok(own));
                }
            }
            Err(problem) => {
                tracing::warn!(
                    cause = problem.cause_chain(),
                    requests = group.len(),
                    "a group of events was not stored"
                );
                for submission in group {
                    let _ = submission.reply.send(Err(problem.shared()));
                }
            }
        }
    }

    /// Stores rows in one transaction. Where PostgreSQL refuses a value, halves until the row itself is found.
    async fn store(&self, jobs: &[(&ProductSlug, &Row)], request_id: &RequestId) -> Result<Vec<Outcome>> {
        let attempt = tokio::time::timeout(FLUSH_LIMIT, self.store_together(jobs, request_id)).await;
        let cause = match attempt {
            Ok(Ok(outcomes)) => return Ok(outcomes),
            Ok(Err(StoreError::Other(problem))) => return Err(problem),
            Ok(Err(StoreError::Value(cause))) => cause,
            Err(_) => {
                return Err(Problem::unavailable("database_busy", "the database took too long; send again shortly"));
            }
        };
        if jobs.len() <= 1 {
            tracing::error!(%cause, "PostgreSQL refused a value that the checks let through");
            return Ok(vec![Outcome::Unstorable; jobs.len()]);
        }
        let (left, right) = jobs.split_at(jobs.len() / 2);
        let mut outcomes = Box::pin(self.store(left, request_id)).await?;
        outcomes.extend(Box::pin(self.store(right, request_id)).await?);
        Ok(outcomes)
    }

    async fn store_together(
        &self,
        jobs: &[(&ProductSlug, &Row)],
        request_id: &RequestId,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut told = Told::by(jobs, &self.persons, &self.capture, request_id).await?;
        let mut captured = Vec::new();
        let mut outcomes = Vec::with_capacity(jobs.len());
        let Some((first, _)) = jobs.first() else { return Ok(outcomes) };
        let principal = |product: &ProductSlug| Principal {
            actor: Actor::Product(product.clone()),
            scopes: Vec::new(),
            request_id: request_id.clone(),
        };
        let mut tx = self.db.bulk(&principal(first)).await?;
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

    fn new_id(&self, at: DateTime<Utc>) -> Uuid {
        let context = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, at.timestamp().unsigned_abs(), at.timestamp_subsec_nanos()))
    }
}

/// Why a group was not stored.
pub(crate) enum StoreError {
    /// Class 22 or 23: a value cannot be stored.
    Value(sqlx::Error),
    Other(Problem),
}

impl StoreError {
    /// The answer to a caller that cannot take the rows apart.
    pub(crate) fn into_problem(self) -> Problem {
        match self {
            Self::Value(error) => error.into(),
            Self::Other(problem) => problem,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|db| db.code()).unwrap_or_default().into_owned();
        if code.starts_with("22") || code.starts_with("23") { Self::Value(error) } else { Self::Other(error.into()) }
    }
}

impl From<Problem> for StoreError {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}
