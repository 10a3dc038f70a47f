//! What time does: lets jobs wait for a worker when theirs comes, takes back what is lost, runs schedules.

use std::time::Duration;

use acd_platform::jobs::AttemptOutcome;
use chrono::{DateTime, Utc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::cron::{self, Cron};
use super::service::Jobs;
use super::store::schedules::Due;
use super::store::settle::Failure;
use super::store::{insert, schedules, settle, upkeep};
use super::work::{count, fail_all};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// A job that is put off may start this much late where nothing later was known of it.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const NOT_SOONER: Duration = Duration::from_millis(5);

impl Jobs {
    /// Does once what time asks for, and tells when it asks next. Replicas share the work: each row goes to one of them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn keep_up(&self) -> Result<Option<DateTime<Utc>>> {
        let principal = Principal::service(RequestId::new());
        let now = self.clock.now();
        let mut tx = self.db.queue(&principal).await?;
        let promoted = upkeep::promote(&mut tx, now).await?;
        let lost = upkeep::lost(&mut tx, now).await?;
        let failures: Vec<Failure> = lost
            .into_iter()
            .map(|(hold, worker)| Failure {
                hold,
                outcome: AttemptOutcome::Lost.as_str(),
                error: format!(
                    "the worker {} was not heard of before its lease ended",
                    worker.as_deref().unwrap_or("that had it")
                ),
                retry_after_ms: Some(0),
                is_permanent: false,
            })
            .collect();
        let standings = if failures.is_empty() {
            Vec::new()
        } else {
            fail_all(&mut tx, &failures, now, &principal.request_id).await?
        };
        let due = schedules::due(&mut tx, now).await?;
        for schedule in &due {
            insert::insert_run(&mut tx, schedule, now, &schedule.payload).await?;
            // Times that were missed meanwhile are made up for by this one job.
            schedules::move_on(&mut tx, schedule, next(schedule, now)?).await?;
        }
        if promoted > 0 {
            settle::wake(&mut tx).await?;
        }
        let next = upkeep::next_due(&mut tx).await?;
        tx.commit().await?;
        if promoted > 0 || !standings.is_empty() || !due.is_empty() {
            self.wakes.wake();
        }
        count(&standings);
        Ok(next)
    }

    /// Keeps up until the token is cancelled.
    pub async fn keep_up_until(self, until: CancellationToken) {
        let keeping = async {
            loop {
                let wait = match self.keep_up().await {
                    Ok(Some(next)) => {
                        (next - self.clock.now()).to_std().unwrap_or_default().clamp(NOT_SOONER, LOOK_AGAIN)
                    }
                    Ok(None) => LOOK_AGAIN,
                    Err(problem) => {
                        tracing::warn!(cause = problem.cause_chain(), "jobs could not be kept up: {problem}");
                        LOOK_AGAIN
                    }
                };
                let _ = timeout(wait, std::future::pending::<()>()).await;
            }
        };
        until.run_until_cancelled(keeping).await;
    }
}

fn next(schedule: &Due, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let cron = Cron::parse(&schedule.cron).map_err(Problem::internal)?;
    let zone = cron::zone(&schedule.time_zone).map_err(Problem::internal)?;
    Ok(cron.next_after(now, zone))
}
