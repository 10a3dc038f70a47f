//! `/v1/entitlements` and those of one user.

use acd_platform::entitlements::{self, Entitlement, ListEntitlements, PutEntitlement};
use acd_platform::keys::Scope;
use acd_platform::{Page, UserId};
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

pub(super) fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "entitlements";
    const READ: Access = Access::ScopeOrUser(Scope::UsersRead);
    api.tag(TAG, "What users may use in products. `grants` says whether an entitlement gives access now.")
        .route(
            app,
            Route::new(entitlements::LIST, TAG, READ, "List entitlements")
                .describe("A product sees those to itself, a user their own, an administrator all.")
                .query::<ListEntitlements>()
                .reply::<Page<Entitlement>>(StatusCode::OK, "The entitlements, by user and product."),
            list,
        )
        .route(
            app,
            Route::new(entitlements::OF_USER, TAG, READ, "List a user's entitlements")
                .id::<UserId>()
                .reply::<Page<Entitlement>>(StatusCode::OK, "The entitlements by product, all in one page."),
            of_user,
        )
        .route(
            app,
            Route::new(entitlements::PUT, TAG, Access::Scope(Scope::UsersWrite), "Set a user's entitlement")
                .describe(
                    "To the caller's product, for a user it knows; an administrator names the product. The entitlement \
                     becomes what the body says, whatever it was.",
                )
                .id::<UserId>()
                .body::<PutEntitlement>()
                .reply::<Entitlement>(StatusCode::OK, "The entitlement."),
            put,
        )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListEntitlements>,
) -> Result<axum::Json<Page<Entitlement>>> {
    app.entitlements.list(&principal, query).await.map(axum::Json)
}

async fn of_user(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<UserId>,
) -> Result<axum::Json<Page<Entitlement>>> {
    app.entitlements.of_user(&principal, id).await.map(axum::Json)
}

async fn put(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<UserId>,
    Json(wanted): Json<PutEntitlement>,
) -> Result<axum::Json<Entitlement>> {
    app.entitlements.put(&principal, id, wanted).await.map(axum::Json)
}
