//! `/v1/ads/insights/daily`, `/v1/ads/insights/assets`, `/v1/ads/winners` and `/v1/ads/changes`.

use acd_platform::Page;
use acd_platform::ads::asset_insights::{self, AssetInsights, ListAssetInsights};
use acd_platform::ads::changes::{self, AdChange, ListAdChanges};
use acd_platform::ads::daily::{self, DailyInsights, ListDailyInsights};
use acd_platform::ads::winners::{self, ListWinners, Winners};
use acd_platform::keys::Scope;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::conditional;
use crate::app::App;
use crate::kernel::extract::Query;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const TAG: &str = "ads";
const READ: Access = Access::Scope(Scope::AdsRead);

/// Adds the routes of what ads did.
pub fn routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(daily::LIST, TAG, READ, "See what ads did, day by day")
            .describe(
                "Figures are kept and at most 15 minutes old; `as_of` says when they were asked of Meta. A product sees its \
                 own campaigns alone.",
            )
            .query::<ListDailyInsights>()
            .reply::<DailyInsights>(StatusCode::OK, "The figures, oldest day first.")
            .revalidates(),
        list_daily,
    )
    .route(
        app,
        Route::new(asset_insights::LIST, TAG, READ, "See what images and videos did in ads")
            .describe(
                "The figures of all ads together that show an asset, by the creative that each has now; of an ad that shows \
                 several they count for each. Creatives know their assets when a publication made them of assets.",
            )
            .query::<ListAssetInsights>()
            .reply::<AssetInsights>(StatusCode::OK, "The figures, by asset.")
            .revalidates(),
        list_assets,
    )
    .route(
        app,
        Route::new(winners::LIST, TAG, READ, "See which ads of a campaign do better than the others")
            .describe(
                "By a sequential test that may be asked every day: the stated rate of wrong verdicts holds over all looks.",
            )
            .query::<ListWinners>()
            .reply::<Winners>(StatusCode::OK, "Campaigns with a verdict on each ad.")
            .revalidates(),
        list_winners,
    )
    .route(
        app,
        Route::new(changes::LIST, TAG, READ, "List what was changed at Meta past this API")
            .describe("Names, statuses and budgets that somebody changed in the Ads Manager; found within the hour.")
            .query::<ListAdChanges>()
            .reply::<Page<AdChange>>(StatusCode::OK, "The changes, newest first."),
        list_changes,
    )
}

async fn list_daily(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Query(query): Query<ListDailyInsights>,
) -> Result<Response> {
    let (body, max_age) = app.performance.daily(&principal, query).await?;
    conditional::reply(&headers, &body, max_age)
}

async fn list_assets(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Query(query): Query<ListAssetInsights>,
) -> Result<Response> {
    let (body, max_age) = app.performance.asset_insights(&principal, query).await?;
    conditional::reply(&headers, &body, max_age)
}

async fn list_winners(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Query(query): Query<ListWinners>,
) -> Result<Response> {
    let (body, max_age) = app.performance.winners(&principal, query).await?;
    conditional::reply(&headers, &body, max_age)
}

async fn list_changes(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListAdChanges>,
) -> Result<axum::Json<Page<AdChange>>> {
    app.performance.changes(&principal, query).await.map(axum::Json)
}
