use acd_platform::JobLimitId;
use acd_platform::jobs::{self, JobLimit, JobLimits, SetJobLimit};
use acd_platform::keys::Scope;
use axum::extract::State;
use http::StatusCode;

use super::TAG;
use crate::app::App;
use crate::kernel::extract::{Json, PathId};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

pub(super) fn routes(api: Api, app: &App) -> Api {
    const WRITE: Access = Access::Scope(Scope::JobsWrite);
    api.route(
        app,
        Route::new(jobs::LIST_LIMITS, TAG, Access::Scope(Scope::JobsRead), "List limits")
            .reply::<JobLimits>(StatusCode::OK, "The limits, by product and key."),
        list,
    )
    .route(
        app,
        Route::new(jobs::SET_LIMIT, TAG, WRITE, "Set a limit")
            .describe(
                "Jobs with its key keep to it over all workers: how many run at a time, how many start in a period.",
            )
            .body::<SetJobLimit>()
            .reply::<JobLimit>(StatusCode::OK, "The limit, new or changed."),
        set,
    )
    .route(
        app,
        Route::new(jobs::DELETE_LIMIT, TAG, WRITE, "Delete a limit")
            .describe("Refused while jobs that are not finished keep to it.")
            .id::<JobLimitId>(),
        delete,
    )
}

async fn list(State(app): State<App>, principal: Principal) -> Result<axum::Json<JobLimits>> {
    app.jobs.list_limits(&principal).await.map(axum::Json)
}

async fn set(
    State(app): State<App>,
    principal: Principal,
    Json(wanted): Json<SetJobLimit>,
) -> Result<axum::Json<JobLimit>> {
    app.jobs.set_limit(&principal, wanted).await.map(axum::Json)
}

async fn delete(State(app): State<App>, principal: Principal, PathId(id): PathId<JobLimitId>) -> Result<StatusCode> {
    app.jobs.delete_limit(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
