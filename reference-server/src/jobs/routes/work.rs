use acd_platform::jobs::{self, ClaimJobs, ClaimedJobs, CompleteJobs, FailJobs, HeartbeatJobs, Leases, ReleaseJobs};
use acd_platform::keys::Scope;
use axum::extract::State;
use http::StatusCode;

use super::TAG;
use crate::app::App;
use crate::kernel::extract::Json;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const WORK: Access = Access::Scope(Scope::JobsWork);
const LEASES: &str = "What is known of each lease, in the order of the request.";

pub(super) fn routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(jobs::CLAIM, TAG, WORK, "Claim jobs")
            .describe(
                "Takes jobs of a product's own kinds for the length of a lease, and waits for them if asked. What is not \
                 finished, failed or extended before the lease ends goes to someone else.",
            )
            .body::<ClaimJobs>()
            .reply::<ClaimedJobs>(StatusCode::OK, "The jobs, none when none waits."),
        claim,
    )
    .route(
        app,
        Route::new(jobs::HEARTBEAT, TAG, WORK, "Extend leases")
            .describe("Also keeps how far the jobs are, and tells which were called off.")
            .body::<HeartbeatJobs>()
            .reply::<Leases>(StatusCode::OK, LEASES),
        heartbeat,
    )
    .route(
        app,
        Route::new(jobs::COMPLETE, TAG, WORK, "Finish jobs")
            .describe("A lease that is lost changes nothing: the job is someone else's.")
            .body::<CompleteJobs>()
            .reply::<Leases>(StatusCode::OK, LEASES),
        complete,
    )
    .route(
        app,
        Route::new(jobs::FAIL, TAG, WORK, "Fail jobs")
            .describe("Each is tried again after its backoff, or given up when that was its last attempt.")
            .body::<FailJobs>()
            .reply::<Leases>(StatusCode::OK, LEASES),
        fail,
    )
    .route(
        app,
        Route::new(jobs::RELEASE, TAG, WORK, "Give jobs back")
            .describe("Undone, as a worker does that stops. The attempt does not count.")
            .body::<ReleaseJobs>()
            .reply::<Leases>(StatusCode::OK, LEASES),
        release,
    )
}

async fn claim(
    State(app): State<App>,
    principal: Principal,
    Json(asked): Json<ClaimJobs>,
) -> Result<axum::Json<ClaimedJobs>> {
    // Whoever still waited when the process stops would be cut.
    app.jobs.claim(&principal, asked, &app.stopping).await.map(axum::Json)
}

async fn heartbeat(
    State(app): State<App>,
    principal: Principal,
    Json(held): Json<HeartbeatJobs>,
) -> Result<axum::Json<Leases>> {
    app.jobs.heartbeat(&principal, held).await.map(axum::Json)
}

async fn complete(
    State(app): State<App>,
    principal: Principal,
    Json(done): Json<CompleteJobs>,
) -> Result<axum::Json<Leases>> {
    app.jobs.complete(&principal, done).await.map(axum::Json)
}

async fn fail(
    State(app): State<App>,
    principal: Principal,
    Json(failed): Json<FailJobs>,
) -> Result<axum::Json<Leases>> {
    app.jobs.fail(&principal, failed).await.map(axum::Json)
}

async fn release(
    State(app): State<App>,
    principal: Principal,
    Json(undone): Json<ReleaseJobs>,
) -> Result<axum::Json<Leases>> {
    app.jobs.release(&principal, undone).await.map(axum::Json)
}
