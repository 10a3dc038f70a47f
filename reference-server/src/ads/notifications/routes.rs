//! `/v1/ads/notifications`.

use acd_platform::Page;
use acd_platform::ads::notifications::{self, ListMetaNotifications, MetaNotification};
use acd_platform::keys::Scope;
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::Query;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of changes.
pub fn routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(notifications::LIST, "ads", Access::Scope(Scope::AdsRead), "List what Meta told of")
            .describe(
                "Changes of pages and Instagram accounts that are the product's, and of ads that it made: problems, reviews, \
                 statuses. Kept for 90 days.",
            )
            .query::<ListMetaNotifications>()
            .reply::<Page<MetaNotification>>(StatusCode::OK, "The changes, newest first."),
        list,
    )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListMetaNotifications>,
) -> Result<axum::Json<Page<MetaNotification>>> {
    app.notifications.list(&principal, query).await.map(axum::Json)
}
