//! Group commit: rows of many requests are stored by one transaction, and each request hears of its own.
//!
//! There is no timer. A lane takes whatever waits when it is free; while it writes, the next group gathers.
//! So a lone row is stored at once, and under load groups grow until the disk's commit no longer counts.

use std::sync::Arc;
use std::time::Duration;

use acd_platform::ProductSlug;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::problem::{Problem, Result};
use super::request_id::RequestId;

/// A transaction that hangs longer is given up; it must stay well below the guarded time around a month's end.
pub const FLUSH_LIMIT: Duration = Duration::from_secs(60);
const UNIT: usize = 1024;
const WORTH_A_LANE: usize = 200;

/// How a writer is sized.
#[derive(Clone, Debug)]
pub struct GroupSettings {
    /// Transactions at work side by side.
    pub lanes: usize,
    /// Most rows in one transaction; a single request may exceed it.
    pub max_rows: usize,
    /// Most memory of waiting rows, in bytes. A request beyond it waits, then gets 503.
    pub max_bytes: usize,
    /// How long a request waits for memory.
    pub patience: Duration,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self { lanes: 2, max_rows: 4_000, max_bytes: 64 << 20, patience: Duration::from_secs(5) }
    }
}

/// Where the rows of a group go.
pub(crate) trait Sink: Send + Sync + 'static {
    /// What is stored.
    type Row: Send + Sync;
    /// What became of one row.
    type Outcome: Clone + Send;

    /// The histogram of how many rows a group has.
    const ROWS_METRIC: &'static str;
    /// The counter of requests that were refused because too much was waiting.
    const BUSY_METRIC: &'static str;

    /// About how much memory a row holds.
    fn bytes(row: &Self::Row) -> usize;

    /// What is said of a row that PostgreSQL refused.
    fn unstorable() -> Self::Outcome;

    /// Stores rows in one transaction: an outcome for each, in their order.
    fn store(
        &self,
        rows: &[(&ProductSlug, &Self::Row)],
        request_id: &RequestId,
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, StoreError>> + Send;
}

struct Submission<S: Sink> {
    product: ProductSlug,
    rows: Vec<S::Row>,
    request_id: RequestId,
    reply: oneshot::Sender<Result<Vec<S::Outcome>>>,
    _memory: OwnedSemaphorePermit,
}

/// Takes rows of many requests and stores them together. Cheap to clone.
pub(crate) struct GroupWriter<S: Sink> {
    queue: mpsc::UnboundedSender<Submission<S>>,
    memory: Arc<Semaphore>,
    settings: Arc<GroupSettings>,
}

impl<S: Sink> Clone for GroupWriter<S> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), memory: Arc::clone(&self.memory), settings: Arc::clone(&self.settings) }
    }
}

impl<S: Sink> GroupWriter<S> {
    /// Starts the lanes. They end when every clone of the writer is gone and the queue is empty.
    pub(crate) fn start(sink: S, settings: GroupSettings) -> Self {
        // The queue is bounded by the memory permits that every submission carries.
        let (queue, receiver) = mpsc::unbounded_channel();
        let (sink, receiver, settings) = (Arc::new(sink), Arc::new(Mutex::new(receiver)), Arc::new(settings));
        for _ in 0..settings.lanes.max(1) {
            tokio::spawn(Lane(Arc::clone(&sink)).run(Arc::clone(&receiver), settings.max_rows));
        }
        let memory = Arc::new(Semaphore::new((settings.max_bytes / UNIT).max(1)));
        Self { queue, memory, settings }
    }

    /// Stores rows and says what became of each, once they are on disk.
    pub(crate) async fn store(
        &self,
        product: &ProductSlug,
        rows: Vec<S::Row>,
        request_id: &RequestId,
    ) -> Result<Vec<S::Outcome>> {
        let bytes = rows.iter().map(S::bytes).sum::<usize>().min(self.settings.max_bytes);
        let units = u32::try_from((bytes / UNIT).max(1)).unwrap_or(u32::MAX);
        let memory = tokio::time::timeout(self.settings.patience, Arc::clone(&self.memory).acquire_many_owned(units));
        let Ok(Ok(memory)) = memory.await else {
            metrics::counter!(S::BUSY_METRIC).increment(1);
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

struct Lane<S>(Arc<S>);

impl<S: Sink> Lane<S> {
    async fn run(self, queue: Arc<Mutex<mpsc::UnboundedReceiver<Submission<S>>>>, max_rows: usize) {
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
            metrics::histogram!(S::ROWS_METRIC).record(rows as f64);
            // Same products lie side by side, so that claims change as rarely as possible.
            group.sort_by(|one, other| one.product.cmp(&other.product));
            self.answer(group).await;
            drop(turn);
        }
    }

    async fn answer(&self, group: Vec<Submission<S>>) {
        // PostgreSQL shows the first request of the group for all of them.
        let Some(request_id) = group.first().map(|first| first.request_id.clone()) else { return };
        let mut jobs: Vec<(&ProductSlug, &S::Row)> = Vec::new();
        for submission in &group {
            jobs.extend(submission.rows.iter().map(|row| (&submission.product, row)));
        }
        let result = self.store(&jobs, &request_id).await;
        match result {
            Ok(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                for submission in group {
                    let own = outcomes.by_ref().take(submission.rows.len()).collect();
                    // The caller may be gone; its rows are stored all the same.
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
    async fn store(&self, jobs: &[(&ProductSlug, &S::Row)], request_id: &RequestId) -> Result<Vec<S::Outcome>> {
        let attempt = tokio::time::timeout(FLUSH_LIMIT, self.0.store(jobs, request_id)).await;
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
            return Ok(vec![S::unstorable(); jobs.len()]);
        }
        let (left, right) = jobs.split_at(jobs.len() / 2);
        let mut outcomes = Box::pin(self.store(left, request_id)).await?;
        outcomes.extend(Box::pin(self.store(right, request_id)).await?);
        Ok(outcomes)
    }
}

/// Why a group was not stored.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// Class 22 or 23: a value cannot be stored.
    Value(sqlx::Error),
    /// Anything else.
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
