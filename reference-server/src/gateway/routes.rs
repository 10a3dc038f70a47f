//! `/v1/keys`.

use acd_platform::keys::{self, ApiKey, CreateApiKey, ListApiKeys, NewApiKey, RotateApiKey, Scope};
use acd_platform::{ApiKeyId, Page};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of API keys.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "keys";
    api.tag(TAG, "API keys: create, list, rotate with an overlap, revoke at once.")
        .route(
            app,
            Route::new(keys::LIST, TAG, Access::Scope(Scope::KeysRead), "List keys")
                .query::<ListApiKeys>()
                .reply::<Page<ApiKey>>(StatusCode::OK, "The keys, oldest first."),
            list,
        )
        .route(
            app,
            Route::new(keys::CREATE, TAG, Access::Scope(Scope::KeysWrite), "Create a key")
                .describe("The secret is in this answer and never again: only a keyed hash of it is stored.")
                .body::<CreateApiKey>()
                .idempotency_key()
                .reply::<NewApiKey>(StatusCode::CREATED, "The key, with its secret."),
            create,
        )
        .route(
            app,
            Route::new(keys::ROTATE, TAG, Access::Scope(Scope::KeysWrite), "Rotate a key")
                .describe("Makes a successor with the same rights. The old key works on for the overlap.")
                .id::<ApiKeyId>()
                .body::<RotateApiKey>()
                .idempotency_key()
                .reply::<NewApiKey>(StatusCode::CREATED, "The successor, with its secret."),
            rotate,
        )
        .route(
            app,
            Route::new(keys::REVOKE, TAG, Access::Scope(Scope::KeysWrite), "Revoke a key")
                .describe("Effective at once on the instance that answers, within a second on the others.")
                .id::<ApiKeyId>(),
            revoke,
        )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListApiKeys>,
) -> Result<axum::Json<Page<ApiKey>>> {
    app.keys.list(&principal, query.product, query.limit, query.cursor.as_deref()).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<CreateApiKey>,
) -> Result<(StatusCode, axum::Json<NewApiKey>)> {
    let key = app.keys.create(&principal, wanted, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(key)))
}

async fn rotate(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<ApiKeyId>,
    headers: HeaderMap,
    Json(how): Json<RotateApiKey>,
) -> Result<(StatusCode, axum::Json<NewApiKey>)> {
    let key = app.keys.rotate(&principal, id, &how, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(key)))
}

async fn revoke(State(app): State<App>, principal: Principal, PathId(id): PathId<ApiKeyId>) -> Result<StatusCode> {
    app.keys.revoke(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
