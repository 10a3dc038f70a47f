//! `/v1/consents`.

use acd_platform::consents::{self, Consents, GetConsents, PutConsents};
use acd_platform::keys::Scope;
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{Json, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of privacy.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "consents";
    api.tag(TAG, "What people have agreed to. Without a decision nothing is agreed to.")
        .route(
            app,
            Route::new(consents::GET, TAG, Access::Scope(Scope::ConsentsRead), "Get a person's consents")
                .describe("Decisions under any id of the person count, in this product alone.")
                .query::<GetConsents>()
                .reply::<Consents>(StatusCode::OK, "The decisions that count, by purpose."),
            get,
        )
        .route(
            app,
            Route::new(consents::PUT, TAG, Access::Scope(Scope::ConsentsWrite), "Record a person's decisions")
                .describe("The latest decision counts; earlier ones are kept as proof. A repeat records nothing new.")
                .body::<PutConsents>()
                .reply::<Consents>(StatusCode::OK, "The decisions that count now, by purpose."),
            put,
        )
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<GetConsents>,
) -> Result<axum::Json<Consents>> {
    app.consents.get(&principal, query).await.map(axum::Json)
}

async fn put(
    State(app): State<App>,
    principal: Principal,
    Json(decisions): Json<PutConsents>,
) -> Result<axum::Json<Consents>> {
    app.consents.put(&principal, decisions).await.map(axum::Json)
}
