use acd_platform::jobs::{
    self, EnqueueJob, EnqueueJobs, EnqueuedJob, EnqueuedJobs, Job, JobDetails, JobQueues, ListJobQueues, ListJobs,
    RetriedJobs, RetryJobs,
};
use acd_platform::keys::Scope;
use acd_platform::{JobId, Page};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use super::TAG;
use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const READ: Access = Access::Scope(Scope::JobsRead);
const WRITE: Access = Access::Scope(Scope::JobsWrite);

pub(super) fn routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(jobs::LIST, TAG, READ, "List jobs")
            .describe("A product sees its own, an administrator all.")
            .query::<ListJobs>()
            .reply::<Page<Job>>(StatusCode::OK, "The jobs, newest first."),
        list,
    )
    .route(
        app,
        Route::new(jobs::ENQUEUE, TAG, WRITE, "Put a job into the queue")
            .describe(
                "Kept until it is done. While a job of its kind with its unique key is not finished, that one is returned \
                 instead.",
            )
            .body::<EnqueueJob>()
            .idempotency_key()
            .reply::<EnqueuedJob>(StatusCode::CREATED, "The job, now in the queue.")
            .or(StatusCode::OK, "The job that was there, unchanged."),
        enqueue,
    )
    .route(
        app,
        Route::new(jobs::ENQUEUE_BATCH, TAG, WRITE, "Put jobs into the queue")
            .describe("All or none, up to 1,000 of one product.")
            .body::<EnqueueJobs>()
            .idempotency_key()
            .reply::<EnqueuedJobs>(StatusCode::OK, "The jobs, in the order of the request."),
        enqueue_batch,
    )
    .route(
        app,
        Route::new(jobs::QUEUES, TAG, READ, "Measure the queues")
            .describe("Depth, wait and throughput of each product's jobs by kind.")
            .query::<ListJobQueues>()
            .reply::<JobQueues>(StatusCode::OK, "The queues, by product and kind."),
        queues,
    )
    .route(
        app,
        Route::new(jobs::RETRY_MANY, TAG, WRITE, "Retry dead jobs")
            .describe("Those that all the given fields describe, oldest first, up to 1,000 in a call.")
            .body::<RetryJobs>()
            .reply::<RetriedJobs>(StatusCode::OK, "How many wait again."),
        retry_many,
    )
    .route(
        app,
        Route::new(jobs::GET, TAG, READ, "Get a job")
            .describe("With the attempts that failed, each with its cause.")
            .id::<JobId>()
            .reply::<JobDetails>(StatusCode::OK, "The job and its history."),
        get,
    )
    .route(
        app,
        Route::new(jobs::CANCEL, TAG, WRITE, "Cancel a job")
            .describe("One that waits is called off at once; one that runs, when its worker heeds it.")
            .id::<JobId>()
            .reply::<Job>(StatusCode::OK, "The job."),
        cancel,
    )
    .route(
        app,
        Route::new(jobs::RETRY, TAG, WRITE, "Retry a job")
            .describe("Gives one that is dead, cancelled or put off another chance now, with its full number of attempts.")
            .id::<JobId>()
            .reply::<Job>(StatusCode::OK, "The job."),
        retry,
    )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListJobs>,
) -> Result<axum::Json<Page<Job>>> {
    app.jobs.list(&principal, query).await.map(axum::Json)
}

async fn enqueue(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<EnqueueJob>,
) -> Result<(StatusCode, axum::Json<EnqueuedJob>)> {
    let job = app.jobs.enqueue(&principal, wanted, idempotency::key(&headers)?).await?;
    Ok((if job.is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(job)))
}

async fn enqueue_batch(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<EnqueueJobs>,
) -> Result<axum::Json<EnqueuedJobs>> {
    app.jobs.enqueue_batch(&principal, wanted, idempotency::key(&headers)?).await.map(axum::Json)
}

async fn queues(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListJobQueues>,
) -> Result<axum::Json<JobQueues>> {
    app.jobs.queues(&principal, query.product).await.map(axum::Json)
}

async fn retry_many(
    State(app): State<App>,
    principal: Principal,
    Json(which): Json<RetryJobs>,
) -> Result<axum::Json<RetriedJobs>> {
    app.jobs.retry_many(&principal, which).await.map(axum::Json)
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<JobId>,
) -> Result<axum::Json<JobDetails>> {
    app.jobs.get(&principal, id).await.map(axum::Json)
}

async fn cancel(State(app): State<App>, principal: Principal, PathId(id): PathId<JobId>) -> Result<axum::Json<Job>> {
    app.jobs.cancel(&principal, id).await.map(axum::Json)
}

async fn retry(State(app): State<App>, principal: Principal, PathId(id): PathId<JobId>) -> Result<axum::Json<Job>> {
    app.jobs.retry(&principal, id).await.map(axum::Json)
}
