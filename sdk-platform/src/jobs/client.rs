use acd_core::Client;

use super::*;
use crate::page::paged;
use crate::{JobId, JobLimitId, JobScheduleId, Page, Paged, PlatformCall};

/// Jobs, and the work on them.
///
/// ```no_run
/// # async fn work(acd: acd_platform::PlatformClient) -> acd_platform::Result<()> {
/// use acd_platform::jobs::{ClaimJobs, CompleteJobs, CompletedJob, EnqueueJob};
///
/// acd.jobs().enqueue(&EnqueueJob::new("email.send", Default::default())).await?;
///
/// // In another process: what is held is done, and said so before the lease ends.
/// let wanted = ClaimJobs { kinds: vec!["email.send".into()], worker: "mailer-1".into(), ..Default::default() };
/// let claimed = acd.jobs().claim(&wanted).await?;
/// let jobs = claimed.jobs.iter().map(|job| CompletedJob { id: job.id, lease_id: job.lease_id, result: None }).collect();
/// acd.jobs().complete(&CompleteJobs { jobs }).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct JobsClient<'c> {
    http: &'c Client,
}

impl<'c> JobsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Puts a job into the queue.
    pub fn enqueue(&self, job: &EnqueueJob) -> PlatformCall<'c, EnqueuedJob> {
        PlatformCall::json(self.http, &ENQUEUE).body(job)
    }

    /// Puts up to 1,000 jobs into the queue, all or none.
    pub fn enqueue_batch(&self, jobs: &EnqueueJobs) -> PlatformCall<'c, EnqueuedJobs> {
        PlatformCall::json(self.http, &ENQUEUE_BATCH).body(jobs)
    }

    /// Lists jobs, newest first. A product sees its own, an administrator all.
    pub fn list(&self, query: &ListJobs) -> PlatformCall<'c, Page<Job>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every job from the query's cursor on.
    pub fn list_all(&self, query: ListJobs) -> Paged<Job> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListJobs { cursor, limit, ..query.clone() });
            async move { JobsClient::new(&http).list(&query).await }
        })
    }

    /// Gets a job with the attempts that failed.
    pub fn get(&self, id: JobId) -> PlatformCall<'c, JobDetails> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Calls a job off: one that waits at once, one that runs when its worker heeds it.
    pub fn cancel(&self, id: JobId) -> PlatformCall<'c, Job> {
        PlatformCall::json(self.http, &CANCEL).id(id)
    }

    /// Gives a dead or cancelled job, or one that waits for its time, another chance now.
    pub fn retry(&self, id: JobId) -> PlatformCall<'c, Job> {
        PlatformCall::json(self.http, &RETRY).id(id)
    }

    /// Gives up to 1,000 dead jobs another chance.
    pub fn retry_many(&self, which: &RetryJobs) -> PlatformCall<'c, RetriedJobs> {
        PlatformCall::json(self.http, &RETRY_MANY).body(which)
    }

    /// Depth, wait and throughput by product and kind.
    pub fn queues(&self, query: &ListJobQueues) -> PlatformCall<'c, JobQueues> {
        PlatformCall::json(self.http, &QUEUES).query(query)
    }

    /// Takes jobs that wait, for the length of a lease.
    pub fn claim(&self, wanted: &ClaimJobs) -> PlatformCall<'c, ClaimedJobs> {
        PlatformCall::json(self.http, &CLAIM).body(wanted)
    }

    /// Extends leases and tells which jobs were called off. Once every third of a lease is a good measure.
    pub fn heartbeat(&self, held: &HeartbeatJobs) -> PlatformCall<'c, Leases> {
        PlatformCall::json(self.http, &HEARTBEAT).body(held)
    }

    /// Says that jobs are done.
    pub fn complete(&self, done: &CompleteJobs) -> PlatformCall<'c, Leases> {
        PlatformCall::json(self.http, &COMPLETE).body(done)
    }

    /// Says that jobs failed; they are tried again, or given up.
    pub fn fail(&self, failed: &FailJobs) -> PlatformCall<'c, Leases> {
        PlatformCall::json(self.http, &FAIL).body(failed)
    }

    /// Gives jobs back undone, as a worker does that stops.
    pub fn release(&self, undone: &ReleaseJobs) -> PlatformCall<'c, Leases> {
        PlatformCall::json(self.http, &RELEASE).body(undone)
    }

    /// Lists limits.
    pub fn limits(&self) -> PlatformCall<'c, JobLimits> {
        PlatformCall::json(self.http, &LIST_LIMITS)
    }

    /// Makes a limit or changes the one with this key.
    pub fn set_limit(&self, limit: &SetJobLimit) -> PlatformCall<'c, JobLimit> {
        PlatformCall::json(self.http, &SET_LIMIT).body(limit)
    }

    /// Deletes a limit that no unfinished job names.
    pub fn delete_limit(&self, id: JobLimitId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE_LIMIT).id(id)
    }

    /// Lists schedules, oldest first.
    pub fn schedules(&self, query: &ListJobSchedules) -> PlatformCall<'c, Page<JobSchedule>> {
        PlatformCall::json(self.http, &LIST_SCHEDULES).query(query)
    }

    /// Makes a schedule. The same again returns the one that is there.
    pub fn create_schedule(&self, schedule: &CreateJobSchedule) -> PlatformCall<'c, JobSchedule> {
        PlatformCall::json(self.http, &CREATE_SCHEDULE).body(schedule)
    }

    /// Gets a schedule.
    pub fn schedule(&self, id: JobScheduleId) -> PlatformCall<'c, JobSchedule> {
        PlatformCall::json(self.http, &GET_SCHEDULE).id(id)
    }

    /// Changes a schedule, or stops and starts it.
    pub fn update_schedule(&self, id: JobScheduleId, change: &UpdateJobSchedule) -> PlatformCall<'c, JobSchedule> {
        PlatformCall::json(self.http, &UPDATE_SCHEDULE).id(id).body(change)
    }

    /// Deletes a schedule. The jobs that it made stay.
    pub fn delete_schedule(&self, id: JobScheduleId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE_SCHEDULE).id(id)
    }

    /// The jobs that a schedule made, newest first, for as long as finished jobs are kept.
    pub fn schedule_runs(&self, id: JobScheduleId, query: &ListScheduleRuns) -> PlatformCall<'c, Page<Job>> {
        PlatformCall::json(self.http, &SCHEDULE_RUNS).id(id).query(query)
    }
}
