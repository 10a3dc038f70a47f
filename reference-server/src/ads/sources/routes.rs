//! `/v1/ads/sources`.

use acd_platform::ads::sources::{self, CreateMetaSource, ListMetaSources, MetaSource};
use acd_platform::keys::Scope;
use acd_platform::{MetaSourceId, Page};
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of sources.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "ads";
    const ADMIN: Access = Access::Scope(Scope::Admin);
    api.route(
        app,
        Route::new(
            sources::LIST,
            TAG,
            Access::Scope(Scope::LeadsRead),
            "List which pages, forms and Instagram accounts are whose",
        )
        .query::<ListMetaSources>()
        .reply::<Page<MetaSource>>(StatusCode::OK, "What is whose, oldest first."),
        list,
    )
    .route(
        app,
        Route::new(sources::CREATE, TAG, ADMIN, "Make a page, form or Instagram account a product's")
            .describe(
                "Its leads and changes are the product's from now on. Leads that waited for an owner are fetched.",
            )
            .body::<CreateMetaSource>()
            .reply::<MetaSource>(StatusCode::CREATED, "It is the product's from now on.")
            .or(StatusCode::OK, "It was already; nothing changed."),
        create,
    )
    .route(
        app,
        Route::new(sources::DELETE, TAG, ADMIN, "End that a page, form or Instagram account is a product's")
            .describe("What the product was told until now stays its own.")
            .id::<MetaSourceId>(),
        delete,
    )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListMetaSources>,
) -> Result<axum::Json<Page<MetaSource>>> {
    app.sources.list(&principal, query).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    Json(new): Json<CreateMetaSource>,
) -> Result<(StatusCode, axum::Json<MetaSource>)> {
    let (made, is_new) = app.sources.create(&principal, new).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(made)))
}

async fn delete(State(app): State<App>, principal: Principal, PathId(id): PathId<MetaSourceId>) -> Result<StatusCode> {
    app.sources.delete(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
