//! The rules of jobs: putting them into the queue, looking at them, calling them off, giving them another chance.

use acd_platform::jobs::{
    EnqueueJob, EnqueueJobs, EnqueuedJob, EnqueuedJobs, Job, JobDetails, JobQueues, JobState, ListJobs, RetriedJobs,
    RetryJobs,
};
use acd_platform::{JobId, Page, ProductSlug};
use http::StatusCode;
use uuid::Uuid;

use super::new::NewJob;
use super::store::insert::{self, Origin};
use super::store::{self, JobRow, read, settle};
use super::wakes::Wakes;
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::{check, paging};

/// Jobs of one request.
const MAX_BATCH: usize = 1_000;
/// Jobs that one bulk retry takes.
const RETRIED_AT_ONCE: i64 = 1_000;
/// Between finding that a key is taken and reading who has it, that job may have been finished.
const TRIES: usize = 3;

/// Jobs in this database. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) wakes: Wakes,
}

/// Puts a job into the queue inside the transaction of what causes it: it is there when that commits, and else never was.
/// Gives its id, or that of the one that is there when its unique key is taken.
///
/// # Errors
/// 422 `unknown_limit` when its limit does not exist; 503 when the database is away.
pub async fn enqueue(
    tx: &mut Tx,
    clock: &Clock,
    product: Option<&ProductSlug>,
    job: &NewJob,
    request_id: &RequestId,
) -> Result<JobId> {
    let origin = Origin { product, now: clock.now(), request_id };
    let (row, _) = put(tx, origin, std::slice::from_ref(job)).await?.pop().ok_or_else(busy)?;
    Ok(JobId::from(row.id))
}

/// The stored job of each that was given, in their order, and whether it is new.
async fn put(tx: &mut Tx, origin: Origin<'_>, jobs: &[NewJob]) -> Result<Vec<(JobRow, bool)>> {
    check_limits(tx, origin.product, jobs).await?;
    let mut found: Vec<Option<(JobRow, bool)>> = vec![None; jobs.len()];
    for _ in 0..TRIES {
        let ids: Vec<Uuid> = jobs.iter().map(|_| Uuid::now_v7()).collect();
        let missing: Vec<usize> = (0..jobs.len()).filter(|at| found[*at].is_none()).collect();
        let wanted: Vec<(Uuid, &NewJob)> = missing.iter().map(|at| (ids[*at], &jobs[*at])).collect();
        let mut stored = insert::insert(tx, origin, &wanted).await?;
        for at in missing {
            found[at] = match stored.remove(&ids[at]) {
                Some(row) => Some((row, true)),
                None => existing(tx, origin.product, &jobs[at]).await?.map(|row| (row, false)),
            };
        }
        if found.iter().all(Option::is_some) {
            return Ok(found.into_iter().flatten().collect());
        }
    }
    Err(busy())
}

fn busy() -> Problem {
    Problem::unavailable("job_busy", "a job with this key is being made and finished elsewhere; try again shortly")
}

async fn existing(tx: &mut Tx, product: Option<&ProductSlug>, job: &NewJob) -> Result<Option<JobRow>> {
    if let Some(key) = &job.idempotency_key
        && let Some(row) = insert::by_idempotency_key(tx, product, key).await?
    {
        // The same idempotency key for another request is a mistake of the caller's, not a repeat.
        if row.kind != job.kind || row.payload != job.payload {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "idempotency_key_reused",
                "this Idempotency-Key was used for a different request; use a new one",
            ));
        }
        return Ok(Some(row));
    }
    match &job.unique_key {
        Some(key) => insert::by_unique_key(tx, product, &job.kind, key).await,
        None => Ok(None),
    }
}

async fn check_limits(tx: &mut Tx, product: Option<&ProductSlug>, jobs: &[NewJob]) -> Result<()> {
    let mut keys: Vec<&str> = jobs.iter().filter_map(|job| job.limit_key.as_deref()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(());
    }
    let known = insert::known_limits(tx, product, &keys).await?;
    match keys.into_iter().find(|key| !known.iter().any(|one| one == key)) {
        Some(key) => {
            let detail = format!("limit_key: the product has no limit `{key}`; PUT /v1/jobs/limits makes one");
            Err(Problem::invalid("unknown_limit", detail))
        }
        None => Ok(()),
    }
}

impl Jobs {
    /// Jobs in this database. `wakes` is told of jobs that wait.
    pub fn new(db: Db, clock: Clock, wakes: Wakes) -> Self {
        Self { db, clock, wakes }
    }

    /// Tells of jobs that wait.
    pub fn wakes(&self) -> &Wakes {
        &self.wakes
    }

    /// Puts a job into the queue.
    pub async fn enqueue(
        &self,
        principal: &Principal,
        wanted: EnqueueJob,
        idempotency_key: Option<&str>,
    ) -> Result<EnqueuedJob> {
        let product = self.product_of(principal, wanted.product.clone())?;
        let job = NewJob::checked(wanted, self.clock.now())?.idempotency_key(idempotency_key.map(str::to_owned));
        let mut made = self.enqueue_all(principal, &product, &[job]).await?;
        made.pop().ok_or_else(busy)
    }

    /// Puts jobs into the queue, all or none.
    pub async fn enqueue_batch(
        &self,
        principal: &Principal,
        wanted: EnqueueJobs,
        idempotency_key: Option<&str>,
    ) -> Result<EnqueuedJobs> {
        check_count(wanted.jobs.len())?;
        let now = self.clock.now();
        let mut product = None;
        let mut jobs = Vec::with_capacity(wanted.jobs.len());
        for (at, job) in wanted.jobs.into_iter().enumerate() {
            let of = self.product_of(principal, job.product.clone()).map_err(|problem| in_item(at, problem))?;
            if product.get_or_insert_with(|| of.clone()) != &of {
                return Err(check::invalid(&format!("jobs[{at}].product"), "must be the same for all jobs of a batch"));
            }
            let key = idempotency_key.map(|key| format!("{key}#{at}"));
            jobs.push(NewJob::checked(job, now).map_err(|problem| in_item(at, problem))?.idempotency_key(key));
        }
        let product = product.ok_or_else(busy)?;
        Ok(EnqueuedJobs { jobs: self.enqueue_all(principal, &product, &jobs).await? })
    }

    async fn enqueue_all(
        &self,
        principal: &Principal,
        product: &ProductSlug,
        jobs: &[NewJob],
    ) -> Result<Vec<EnqueuedJob>> {
        let origin = Origin { product: Some(product), now: self.clock.now(), request_id: &principal.request_id };
        let mut tx = self.db.scoped(principal).await?;
        let stored = put(&mut tx, origin, jobs).await?;
        tx.commit().await?;
        self.wakes.wake();
        stored.into_iter().map(|(row, is_new)| Ok(EnqueuedJob { job: row.try_into()?, is_new })).collect()
    }

    pub(super) fn product_of(&self, principal: &Principal, named: Option<ProductSlug>) -> Result<ProductSlug> {
        principal
            .pick_product(named)?
            .ok_or_else(|| Problem::invalid("product_required", "product: name the product that this concerns"))
    }

    /// Jobs, newest first.
    pub async fn list(&self, principal: &Principal, query: ListJobs) -> Result<Page<Job>> {
        let product = principal.pick_product(query.product)?;
        let filter = read::Filter {
            product: product.as_ref(),
            state: query.state,
            kind: query.kind.as_deref(),
            unique_key: query.unique_key.as_deref(),
            schedule: None,
            below: paging::read_cursor(query.cursor.as_deref())?,
        };
        self.page(principal, &filter, query.limit).await
    }

    pub(super) async fn page(
        &self,
        principal: &Principal,
        filter: &read::Filter<'_>,
        limit: Option<u16>,
    ) -> Result<Page<Job>> {
        let limit = paging::limit(limit, 50, 200)?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = read::list(&mut tx, filter, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, Job::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A job with the attempts that failed.
    pub async fn get(&self, principal: &Principal, id: JobId) -> Result<JobDetails> {
        let mut tx = self.db.scoped(principal).await?;
        let row = read::get(&mut tx, id.uuid()).await?.ok_or_else(no_job)?;
        let attempts = read::attempts(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        Ok(JobDetails { job: row.try_into()?, attempts })
    }

    /// Calls a job off. One that was called off before stays as it is.
    pub async fn cancel(&self, principal: &Principal, id: JobId) -> Result<Job> {
        let mut tx = self.db.scoped(principal).await?;
        let job: Job = match read::cancel(&mut tx, id.uuid(), self.clock.now()).await? {
            Some(row) => row.try_into()?,
            None => {
                let job: Job = read::get(&mut tx, id.uuid()).await?.ok_or_else(no_job)?.try_into()?;
                if job.state != JobState::Cancelled {
                    return Err(Problem::new(
                        StatusCode::CONFLICT,
                        "job_finished",
                        format!("the job is {} already; there is nothing to call off", job.state),
                    ));
                }
                job
            }
        };
        if job.state == JobState::Running {
            read::tell_cancelled(&mut tx, id.uuid()).await?;
        }
        tx.commit().await?;
        Ok(job)
    }

    /// Gives a job another chance now. One that waits for a worker already stays as it is.
    pub async fn retry(&self, principal: &Principal, id: JobId) -> Result<Job> {
        let mut tx = self.db.scoped(principal).await?;
        let job: Job = match read::retry(&mut tx, id.uuid(), self.clock.now()).await? {
            Some(row) => {
                settle::wake(&mut tx).await?;
                row.try_into()?
            }
            None => {
                let job: Job = read::get(&mut tx, id.uuid()).await?.ok_or_else(no_job)?.try_into()?;
                if job.state != JobState::Pending {
                    return Err(Problem::new(
                        StatusCode::CONFLICT,
                        "job_not_failed",
                        format!("the job is {}; put a new one into the queue to do its work again", job.state),
                    ));
                }
                job
            }
        };
        tx.commit().await?;
        self.wakes.wake();
        Ok(job)
    }

    /// Gives dead jobs another chance, up to 1,000 of them.
    pub async fn retry_many(&self, principal: &Principal, which: RetryJobs) -> Result<RetriedJobs> {
        let product = principal.pick_product(which.product)?;
        let ids: Option<Vec<Uuid>> = which.ids.map(|ids| ids.into_iter().map(JobId::uuid).collect());
        if let Some(ids) = &ids {
            check_count(ids.len())?;
        }
        for (field, text, most) in [("kind", &which.kind, 100), ("error_contains", &which.error_contains, 500)] {
            if let Some(text) = text {
                check::text(field, text, 1..=most)?;
            }
        }
        let chosen = read::Chosen {
            product: product.as_ref(),
            kind: which.kind.as_deref(),
            ids: ids.as_deref(),
            error_contains: which.error_contains.as_deref(),
            most: RETRIED_AT_ONCE,
        };
        let mut tx = self.db.scoped(principal).await?;
        let retried = read::retry_many(&mut tx, &chosen, self.clock.now()).await?.len();
        if retried > 0 {
            settle::wake(&mut tx).await?;
        }
        tx.commit().await?;
        self.wakes.wake();
        Ok(RetriedJobs { retried: retried as u64, has_more: i64::try_from(retried) == Ok(RETRIED_AT_ONCE) })
    }

    /// Depth, wait and throughput by product and kind.
    pub async fn queues(&self, principal: &Principal, product: Option<ProductSlug>) -> Result<JobQueues> {
        let product = principal.pick_product(product)?;
        let mut tx = self.db.scoped(principal).await?;
        let queues = store::queues::queues(&mut tx, product.as_ref(), self.clock.now()).await?;
        tx.commit().await?;
        Ok(JobQueues { queues })
    }
}

/// The number of things in a list of a request.
pub(super) fn check_count(count: usize) -> Result<()> {
    if (1..=MAX_BATCH).contains(&count) {
        return Ok(());
    }
    Err(check::invalid("jobs", &format!("has {count} entries; wanted are 1 to {MAX_BATCH}")))
}

/// The same problem, with the place in the list in front.
fn in_item(at: usize, problem: Problem) -> Problem {
    problem.within(&format!("jobs[{at}]."))
}

fn no_job() -> Problem {
    Problem::not_found("job")
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jobs")
    }
}
