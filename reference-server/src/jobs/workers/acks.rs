//! Writes what came of jobs: whatever waits goes into one transaction, and while that is written the next gathers.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::sync::mpsc;
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

#[derive(Default)]
struct Group {
    done: Vec<Hold>,
    results: Vec<Option<Value>>,
    failed: Vec<Failure>,
    released: Vec<Hold>,
}

/// Writes until nothing can come any more.
pub(super) async fn write(shared: Arc<Shared>, mut acks: mpsc::Receiver<Ack>) {
    let mut waiting = Vec::with_capacity(shared.batch);
    while acks.recv_many(&mut waiting, shared.batch).await > 0 {
        let mut group = Group::default();
        for ack in waiting.drain(..) {
            match ack {
                Ack::Done(hold, result) => {
                    group.done.push(hold);
                    group.results.push(result);
                }
                Ack::Failed(failure) => group.failed.push(failure),
                Ack::Released(hold) => group.released.push(hold),
            }
        }
        // Later than that, others have the jobs.
        let until = Instant::now() + shared.lease;
        while let Err(problem) = group.write(&shared).await {
            tracing::warn!(cause = problem.cause_chain(), "the end of jobs could not be written: {problem}");
            // A database that is away comes back; one that refuses a value refuses it again.
            if problem.status != StatusCode::SERVICE_UNAVAILABLE || Instant::now() >= until {
                break;
            }
            let _ = timeout(TRY_AGAIN, std::future::pending::<()>()).await;
        }
        let failed = group.failed.iter().map(|failure| failure.hold);
        shared.held.remove(group.done.iter().chain(&group.released).copied().chain(failed));
    }
}

impl Group {
    async fn write(&self, shared: &Shared) -> Result<()> {
        let now = shared.jobs.clock.now();
        if self.failed.is_empty() && self.released.is_empty() && self.results.iter().all(Option::is_none) {
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
