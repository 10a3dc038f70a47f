//! The rules of working on jobs, over HTTP and in the server.

use std::collections::HashMap;
use std::time::Duration;

use acd_platform::jobs::{
    AttemptOutcome, ClaimJobs, ClaimedJob, ClaimedJobs, CompleteJobs, FailJobs, HeartbeatJobs, JobState, LeaseStanding,
    Leases, ReleaseJobs, ReportedJob,
};
use acd_platform::{JobId, JobLeaseId, ProductSlug};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::new::{check_kind, check_result};
use super::service::{Jobs, check_count};
use super::store::claim::{self, Catch, Claimed, Wanted};
use super::store::settle::{self, Failure, Hold, Standing};
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::{check, outbox};

const LEASE_SECONDS: u16 = 30;
const MAX_KINDS: usize = 100;
const ERROR_CHARS: usize = 4_000;
const MAX_RETRY_MS: u64 = 365 * 86_400_000;
/// While jobs wait that a claim could not have, as for their limit, nothing tells when it can: this is how often it looks.
pub(super) const OTHERS_AGAIN: Duration = Duration::from_millis(50);
/// A claim that waits looks this often although nobody woke it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Counts how long jobs waited until they were claimed.
pub(super) fn count_waits(claimed: &[Claimed], now: DateTime<Utc>) {
    for job in claimed {
        metrics::histogram!("acd_jobs_wait_seconds").record((now - job.run_at).to_std().unwrap_or_default());
    }
}

/// Keeps failed attempts; what is given up for good is told through the outbox.
pub(super) async fn fail_all(
    tx: &mut Tx,
    failures: &[Failure],
    now: DateTime<Utc>,
    request_id: &RequestId,
) -> Result<Vec<Standing>> {
    let standings = settle::fail(tx, failures, now).await?;
    for standing in &standings {
        if standing.state == JobState::Dead.as_str() {
            let error = failures.iter().find(|failure| failure.hold.id == standing.id).map(|failure| &failure.error);
            let payload = json!({
                "id": JobId::from(standing.id), "kind": standing.kind, "attempt": standing.attempt, "error": error,
            });
            let product: Option<ProductSlug> =
                standing.product.as_deref().map(str::parse).transpose().map_err(Problem::internal)?;
            outbox::push(tx, "job.dead", product.as_ref(), &payload, request_id).await?;
        }
    }
    if standings.iter().any(|standing| standing.state == JobState::Pending.as_str()) {
        settle::wake(tx).await?;
    }
    Ok(standings)
}

/// Counts what became of jobs.
pub(super) fn count(standings: &[Standing]) {
    for standing in standings {
        let outcome = match standing.state.parse() {
            Ok(JobState::Scheduled | JobState::Pending) => "again",
            Ok(state) => JobState::as_str(state),
            Err(_) => "unknown",
        };
        metrics::counter!("acd_jobs_settled_total", "outcome" => outcome).increment(1);
    }
}

/// Counts so many jobs that succeeded.
pub(super) fn count_succeeded(jobs: usize) {
    let outcome = JobState::Succeeded.as_str();
    metrics::counter!("acd_jobs_settled_total", "outcome" => outcome).increment(jobs as u64);
}

impl Jobs {
    /// Claims jobs for a product's own worker, waiting for them as long as is asked, or until the token is cancelled.
    pub async fn claim(
        &self,
        principal: &Principal,
        asked: ClaimJobs,
        stopping: &CancellationToken,
    ) -> Result<ClaimedJobs> {
        let product = self.product_of(principal, asked.product)?;
        if !(1..=MAX_KINDS).contains(&asked.kinds.len()) {
            return Err(check::invalid("kinds", "name 1 to 100 kinds"));
        }
        for kind in &asked.kinds {
            check_kind("kinds", kind)?;
        }
        let mut kinds = asked.kinds;
        kinds.sort_unstable();
        kinds.dedup();
        check::text("worker", &asked.worker, 1..=100)?;
        let most = i32::from(whole("limit", asked.limit, 1, 1..=500)?);
        let lease = lease(asked.lease_seconds)?;
        let wait = whole("wait_seconds", asked.wait_seconds, 0, 0..=20)?;
        let until = Instant::now() + Duration::from_secs(u64::from(wait));
        // Before the look, so that whatever comes after it is noticed.
        let mut woken = self.wakes.subscribe(&kinds, Some(product.as_str()));
        loop {
            let now = self.clock.now();
            let wanted = Wanted {
                kinds: &kinds,
                product: Some(product.as_str()),
                most,
                worker: &asked.worker,
                lease_id: Uuid::now_v7(),
                lease_until: now + lease,
                now,
            };
            let mut tx = self.db.queue_unflushed(principal).await?;
            let Catch { jobs, others_wait, .. } = claim::claim(&mut tx, &wanted).await?;
            tx.commit().await?;
            woken.looked(i32::try_from(jobs.len()) == Ok(most));
            count_waits(&jobs, now);
            let left = until.saturating_duration_since(Instant::now());
            if !jobs.is_empty() || left.is_zero() || stopping.is_cancelled() {
                let job = |job| claimed_job(job, &wanted);
                return Ok(ClaimedJobs { jobs: jobs.into_iter().map(job).collect::<Result<_>>()? });
            }
            let wait = woken.wait_at_most(left.min(if others_wait { OTHERS_AGAIN } else { LOOK_AGAIN }));
            stopping.run_until_cancelled(wait).await;
        }
    }

    /// Extends leases.
    pub async fn heartbeat(&self, principal: &Principal, held: HeartbeatJobs) -> Result<Leases> {
        check_count(held.jobs.len())?;
        let until = self.clock.now() + lease(held.lease_seconds)?;
        let mut progress = Vec::with_capacity(held.jobs.len());
        for job in &held.jobs {
            if job.progress.is_some_and(|percent| percent > 100) {
                return Err(check::invalid("progress", "must be from 0 to 100"));
            }
            if let Some(note) = &job.progress_note {
                check::text("progress_note", note, 0..=500)?;
            }
            progress.push((job.progress.map(i16::from), job.progress_note.clone()));
        }
        let holds = holds(held.jobs.iter().map(|job| (job.id, job.lease_id)));
        let mut tx = self.db.queue(principal).await?;
        let standings = settle::heartbeat(&mut tx, &holds, &progress, until).await?;
        tx.commit().await?;
        leases(&holds, &standings)
    }

    /// Finishes jobs that are done.
    pub async fn complete(&self, principal: &Principal, done: CompleteJobs) -> Result<Leases> {
        check_count(done.jobs.len())?;
        for result in done.jobs.iter().filter_map(|job| job.result.as_ref()) {
            check_result(result)?;
        }
        let holds = holds(done.jobs.iter().map(|job| (job.id, job.lease_id)));
        let results: Vec<_> = done.jobs.into_iter().map(|job| job.result).collect();
        let mut tx = self.db.scoped(principal).await?;
        let standings = settle::complete(&mut tx, &holds, &results, self.clock.now()).await?;
        tx.commit().await?;
        count(&standings);
        leases(&holds, &standings)
    }

    /// Keeps attempts that failed.
    pub async fn fail(&self, principal: &Principal, failed: FailJobs) -> Result<Leases> {
        check_count(failed.jobs.len())?;
        let mut failures = Vec::with_capacity(failed.jobs.len());
        for job in failed.jobs {
            if job.retry_after_ms.is_some_and(|ms| ms > MAX_RETRY_MS) {
                return Err(check::invalid("retry_after_ms", "must be at most a year"));
            }
            let outcome = if job.is_cancelled { AttemptOutcome::Cancelled } else { AttemptOutcome::Failed };
            failures.push(Failure {
                hold: Hold { id: job.id.uuid(), lease_id: job.lease_id.uuid() },
                outcome: outcome.as_str(),
                error: shown(&job.error),
                retry_after_ms: job.retry_after_ms.and_then(|ms| i64::try_from(ms).ok()),
                is_permanent: job.is_permanent,
            });
        }
        let holds: Vec<Hold> = failures.iter().map(|failure| failure.hold).collect();
        let mut tx = self.db.queue(principal).await?;
        let standings = fail_all(&mut tx, &failures, self.clock.now(), &principal.request_id).await?;
        tx.commit().await?;
        self.wakes.wake();
        count(&standings);
        leases(&holds, &standings)
    }

    /// Takes jobs back undone.
    pub async fn release(&self, principal: &Principal, undone: ReleaseJobs) -> Result<Leases> {
        check_count(undone.jobs.len())?;
        let holds = holds(undone.jobs.iter().map(|job| (job.id, job.lease_id)));
        let mut tx = self.db.queue(principal).await?;
        let standings = settle::release(&mut tx, &holds, self.clock.now()).await?;
        settle::wake(&mut tx).await?;
        tx.commit().await?;
        self.wakes.wake();
        leases(&holds, &standings)
    }
}

/// What of an error is kept: PostgreSQL stores no NUL, and nobody reads pages of it.
pub(super) fn shown(error: &str) -> String {
    error.chars().filter(|character| *character != '\0').take(ERROR_CHARS).collect()
}

fn holds(jobs: impl Iterator<Item = (JobId, JobLeaseId)>) -> Vec<Hold> {
    jobs.map(|(id, lease_id)| Hold { id: id.uuid(), lease_id: lease_id.uuid() }).collect()
}

fn leases(holds: &[Hold], standings: &[Standing]) -> Result<Leases> {
    let by_id: HashMap<Uuid, &Standing> = standings.iter().map(|standing| (standing.id, standing)).collect();
    let report = |hold: &Hold| {
        let standing = by_id.get(&hold.id);
        Ok(ReportedJob {
            id: JobId::from(hold.id),
            lease: match standing {
                None => LeaseStanding::Lost,
                Some(standing) if standing.is_cancel_requested && standing.state == "running" => {
                    LeaseStanding::CancelRequested
                }
                Some(_) => LeaseStanding::Held,
            },
            state: standing.map(|standing| standing.state.parse()).transpose().map_err(Problem::internal)?,
        })
    };
    Ok(Leases { jobs: holds.iter().map(report).collect::<Result<_>>()? })
}

fn claimed_job(job: Claimed, wanted: &Wanted<'_>) -> Result<ClaimedJob> {
    Ok(ClaimedJob {
        id: JobId::from(job.id),
        lease_id: JobLeaseId::from(wanted.lease_id),
        lease_until: wanted.lease_until,
        product: job.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
        kind: job.kind,
        payload: job.payload,
        attempt: job.attempt.unsigned_abs(),
        run_at: job.run_at,
    })
}

fn whole(field: &str, asked: Option<u16>, default: u16, range: std::ops::RangeInclusive<u16>) -> Result<u16> {
    let value = asked.unwrap_or(default);
    if range.contains(&value) {
        return Ok(value);
    }
    Err(check::invalid(field, &format!("must be from {} to {}", range.start(), range.end())))
}

fn lease(asked: Option<u16>) -> Result<TimeDelta> {
    whole("lease_seconds", asked, LEASE_SECONDS, 1..=3_600).map(|seconds| TimeDelta::seconds(i64::from(seconds)))
}
