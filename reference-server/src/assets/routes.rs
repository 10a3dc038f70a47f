//! `/v1/assets`.

use acd_platform::assets::{self, Asset, CreateAsset, ListAssets, UpdateAsset};
use acd_platform::keys::Scope;
use acd_platform::{AssetId, Page};
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of assets.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "assets";
    const READ: Access = Access::ScopeOrUser(Scope::AssetsRead);
    const WRITE: Access = Access::Scope(Scope::AssetsWrite);
    api.tag(TAG, "Files that products share: where each is and what it is. The bytes lie elsewhere.")
        .route(
            app,
            Route::new(assets::LIST, TAG, READ, "List assets")
                .describe("A product sees its own, a user their own, an administrator all.")
                .query::<ListAssets>()
                .reply::<Page<Asset>>(StatusCode::OK, "The assets, newest first."),
            list,
        )
        .route(
            app,
            Route::new(assets::CREATE, TAG, WRITE, "Record an asset")
                .describe("A product has each content once: the same content hash again gives the asset that is there.")
                .body::<CreateAsset>()
                .reply::<Asset>(StatusCode::CREATED, "The asset, now recorded.")
                .or(StatusCode::OK, "The asset that was there, unchanged."),
            create,
        )
        .route(
            app,
            Route::new(assets::GET, TAG, READ, "Get an asset")
                .id::<AssetId>()
                .reply::<Asset>(StatusCode::OK, "The asset."),
            get,
        )
        .route(
            app,
            Route::new(assets::UPDATE, TAG, WRITE, "Change an asset's record")
                .describe("What is left out stays as it is. The content never changes: other bytes are another asset.")
                .id::<AssetId>()
                .body::<UpdateAsset>()
                .reply::<Asset>(StatusCode::OK, "The asset after the change."),
            update,
        )
        .route(
            app,
            Route::new(assets::DELETE, TAG, WRITE, "Delete an asset's record")
                .describe("The bytes stay where they are.")
                .id::<AssetId>(),
            delete,
        )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListAssets>,
) -> Result<axum::Json<Page<Asset>>> {
    app.assets.list(&principal, query).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    Json(wanted): Json<CreateAsset>,
) -> Result<(StatusCode, axum::Json<Asset>)> {
    let (asset, is_new) = app.assets.create(&principal, wanted).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(asset)))
}

async fn get(State(app): State<App>, principal: Principal, PathId(id): PathId<AssetId>) -> Result<axum::Json<Asset>> {
    app.assets.get(&principal, id).await.map(axum::Json)
}

async fn update(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<AssetId>,
    Json(change): Json<UpdateAsset>,
) -> Result<axum::Json<Asset>> {
    app.assets.update(&principal, id, &change).await.map(axum::Json)
}

async fn delete(State(app): State<App>, principal: Principal, PathId(id): PathId<AssetId>) -> Result<StatusCode> {
    app.assets.delete(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
