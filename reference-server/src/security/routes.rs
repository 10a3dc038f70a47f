//! `/v1/service-keys`.

use acd_platform::keys::Scope;
use acd_platform::service_keys::{
    self, CreateServiceKey, ListServiceKeys, NewServiceKey, RotateServiceKey, ServiceKey,
};
use acd_platform::{Page, ServiceKeyId};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of service keys.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "service-keys";
    api.tag(TAG, "Keys with which services sign their calls (RFC 9421): create, list, rotate with an overlap, revoke.")
        .route(
            app,
            Route::new(service_keys::LIST, TAG, Access::Scope(Scope::KeysRead), "List service keys")
                .query::<ListServiceKeys>()
                .reply::<Page<ServiceKey>>(StatusCode::OK, "The keys, oldest first."),
            list,
        )
        .route(
            app,
            Route::new(service_keys::CREATE, TAG, Access::Scope(Scope::KeysWrite), "Create a service key")
                .describe(
                    "With a public key, signatures are checked with it. Without one, the server makes a secret, which is \
                     in this answer and never again.",
                )
                .body::<CreateServiceKey>()
                .idempotency_key()
                .reply::<NewServiceKey>(StatusCode::CREATED, "The key, with its secret if there is one."),
            create,
        )
        .route(
            app,
            Route::new(service_keys::ROTATE, TAG, Access::Scope(Scope::KeysWrite), "Rotate a service key")
                .describe("Makes a successor with the same rights. The old key works on for the overlap.")
                .id::<ServiceKeyId>()
                .body::<RotateServiceKey>()
                .idempotency_key()
                .reply::<NewServiceKey>(StatusCode::CREATED, "The successor, with its secret if there is one."),
            rotate,
        )
        .route(
            app,
            Route::new(service_keys::REVOKE, TAG, Access::Scope(Scope::KeysWrite), "Revoke a service key")
                .describe("Effective at once on the instance that answers, within a second on the others.")
                .id::<ServiceKeyId>(),
            revoke,
        )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListServiceKeys>,
) -> Result<axum::Json<Page<ServiceKey>>> {
    app.service_keys.list(&principal, query.product, query.limit, query.cursor.as_deref()).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<CreateServiceKey>,
) -> Result<(StatusCode, axum::Json<NewServiceKey>)> {
    let key = app.service_keys.create(&principal, wanted, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(key)))
}

async fn rotate(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<ServiceKeyId>,
    headers: HeaderMap,
    Json(how): Json<RotateServiceKey>,
) -> Result<(StatusCode, axum::Json<NewServiceKey>)> {
    let key = app.service_keys.rotate(&principal, id, &how, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(key)))
}

async fn revoke(State(app): State<App>, principal: Principal, PathId(id): PathId<ServiceKeyId>) -> Result<StatusCode> {
    app.service_keys.revoke(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
