use acd_platform::jobs::{
    self, CreateJobSchedule, Job, JobSchedule, ListJobSchedules, ListScheduleRuns, UpdateJobSchedule,
};
use acd_platform::keys::Scope;
use acd_platform::{JobScheduleId, Page};
use axum::extract::State;
use http::StatusCode;

use super::TAG;
use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const READ: Access = Access::Scope(Scope::JobsRead);
const WRITE: Access = Access::Scope(Scope::JobsWrite);

pub(super) fn routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(jobs::LIST_SCHEDULES, TAG, READ, "List schedules")
            .query::<ListJobSchedules>()
            .reply::<Page<JobSchedule>>(StatusCode::OK, "The schedules, oldest first."),
        list,
    )
    .route(
        app,
        Route::new(jobs::CREATE_SCHEDULE, TAG, WRITE, "Make a schedule")
            .describe(
                "Makes a job at each of its times, once over all replicas. A time that the clock skips when it is put forward is \
                 made up for right after; one that it shows twice counts once. The same again gives the schedule that is there.",
            )
            .body::<CreateJobSchedule>()
            .reply::<JobSchedule>(StatusCode::CREATED, "The schedule.")
            .or(StatusCode::OK, "The schedule that was there, unchanged."),
        create,
    )
    .route(
        app,
        Route::new(jobs::GET_SCHEDULE, TAG, READ, "Get a schedule")
            .id::<JobScheduleId>()
            .reply::<JobSchedule>(StatusCode::OK, "The schedule."),
        get,
    )
    .route(
        app,
        Route::new(jobs::UPDATE_SCHEDULE, TAG, WRITE, "Change a schedule")
            .describe("What is left out stays as it is. Times that pass while it is disabled are left out.")
            .id::<JobScheduleId>()
            .body::<UpdateJobSchedule>()
            .reply::<JobSchedule>(StatusCode::OK, "The schedule after the change."),
        update,
    )
    .route(
        app,
        Route::new(jobs::DELETE_SCHEDULE, TAG, WRITE, "Delete a schedule")
            .describe("The jobs that it made stay.")
            .id::<JobScheduleId>(),
        delete,
    )
    .route(
        app,
        Route::new(jobs::SCHEDULE_RUNS, TAG, READ, "List the jobs of a schedule")
            .describe("For as long as finished jobs are kept.")
            .id::<JobScheduleId>()
            .query::<ListScheduleRuns>()
            .reply::<Page<Job>>(StatusCode::OK, "The jobs, newest first."),
        runs,
    )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListJobSchedules>,
) -> Result<axum::Json<Page<JobSchedule>>> {
    app.jobs.list_schedules(&principal, query).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    Json(wanted): Json<CreateJobSchedule>,
) -> Result<(StatusCode, axum::Json<JobSchedule>)> {
    let (schedule, is_new) = app.jobs.create_schedule(&principal, wanted).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(schedule)))
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<JobScheduleId>,
) -> Result<axum::Json<JobSchedule>> {
    app.jobs.schedule(&principal, id).await.map(axum::Json)
}

async fn update(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<JobScheduleId>,
    Json(change): Json<UpdateJobSchedule>,
) -> Result<axum::Json<JobSchedule>> {
    app.jobs.update_schedule(&principal, id, change).await.map(axum::Json)
}

async fn delete(State(app): State<App>, principal: Principal, PathId(id): PathId<JobScheduleId>) -> Result<StatusCode> {
    app.jobs.delete_schedule(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn runs(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<JobScheduleId>,
    Query(query): Query<ListScheduleRuns>,
) -> Result<axum::Json<Page<Job>>> {
    app.jobs.schedule_runs(&principal, id, query).await.map(axum::Json)
}
