//! Writes what came of jobs: whatever waits goes into one transaction, and while that is written the next gathers.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::Shared;
use crate::jobs::store::settle::{self, Failure, Hold};
use crate::jobs::work::{count, fail_all};
use crate::kernel::problem::Result;

const TRY_AGAIN: Duration = Duration::from_millis(200);

/// How a job ended here.
#[derive(Debug)]
pub(super) enum Ack {
    Done(Hold, Option<Value>),
    Failed(Failure),
    Released(Hold),
}

/// What came of jobs and is not written yet.
#[derive(Debug, Default)]
pub(super) struct Acks {
    done: Vec<Hold>,
    results: Vec<Option<Value>>,
    failed: Vec<Failure>,
    released: Vec<Hold>,
}

impl Acks {
    pub(super) fn add(&mut self, ack: Ack) {
        match ack {
            Ack::Done(hold, result) => {
                self.done.push(hold);
                self.results.push(result);
            }
            Ack::Failed(failure) => self.failed.push(failure),
            Ack::Released(hold) => self.released.push(hold),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.done.len() + self.failed.len() + self.released.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes at most so many out.
    pub(super) fn take(&mut self, most: usize) -> Self {
        let (done, results) = (first(&mut self.done, most), first(&mut self.results, most));
        let most = most - done.len();
        let failed = first(&mut self.failed, most);
        let most = most - failed.len();
        Self { done, results, failed, released: first(&mut self.released, most) }
    }

    /// Whether all of them can be told in the call that claims the next jobs: they are done, and gave nothing.
    fn are_plain(&self) -> bool {
        self.failed.is_empty() && self.released.is_empty() && self.results.iter().all(Option::is_none)
    }

    /// Takes all of them for the call that claims the next jobs, if they fit into it.
    pub(super) fn take_along(&mut self, most: usize) -> Vec<Hold> {
        if self.len() > most || !self.are_plain() {
            return Vec::new();
        }
        std::mem::take(self).done
    }

    /// Writes them, again and again while the database is away, for as long as the leases last.
    pub(super) async fn write(self, shared: &Shared) {
        // Later than that, others have the jobs.
        let until = Instant::now() + shared.lease;
        while let Err(problem) = self.write_once(shared).await {
            tracing::warn!(cause = problem.cause_chain(), "the end of jobs could not be written: {problem}");
            // A database that is away comes back; one that refuses a value refuses it again.
            if problem.status != StatusCode::SERVICE_UNAVAILABLE || Instant::now() >= until {
                break;
            }
            let _ = timeout(TRY_AGAIN, std::future::pending::<()>()).await;
        }
        let failed = self.failed.iter().map(|failure| failure.hold);
        shared.held.remove(self.done.iter().chain(&self.released).copied().chain(failed));
    }

    async fn write_once(&self, shared: &Shared) -> Result<()> {
        let now = shared.jobs.clock.now();
        if self.are_plain() {
            count(&settle::complete_as_service(&shared.jobs.db, &self.done, now).await?);
            return Ok(());
        }
        let mut tx = shared.jobs.db.queue(&shared.principal).await?;
        let mut settled = Vec::new();
        if !self.done.is_empty() {
            settled.extend(settle::complete(&mut tx, &self.done, &self.results, now).await?);
        }
        if !self.failed.is_empty() {
            settled.extend(fail_all(&mut tx, &self.failed, now, &shared.principal.request_id).await?);
        }
        if !self.released.is_empty() {
            settle::release(&mut tx, &self.released, now).await?;
            settle::wake(&mut tx).await?;
        }
        tx.commit().await?;
        count(&settled);
        Ok(())
    }
}

impl From<Vec<Hold>> for Acks {
    fn from(done: Vec<Hold>) -> Self {
        Self { results: vec![None; done.len()], done, ..Self::default() }
    }
}

fn first<T>(of: &mut Vec<T>, most: usize) -> Vec<T> {
    let rest = of.split_off(most.min(of.len()));
    std::mem::replace(of, rest)
}
