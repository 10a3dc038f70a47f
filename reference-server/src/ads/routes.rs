//! `/v1/ads`.

use acd_meta::insights::InsightsRow;
use acd_meta::{Created, Done};
use acd_platform::ads::accounts::{self, AdAccountUse, CreateAdAccountUse, ListAdAccountUses, UpdateAdAccountUse};
use acd_platform::ads::insights::{self, GetInsights};
use acd_platform::ads::limits::{self, AdsLimits};
use acd_platform::ads::{ListObjects, NewObject, ad_sets, ads, campaigns, creatives};
use acd_platform::keys::Scope;
use acd_platform::{AdAccountUseId, Page};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use super::kind::{AdKind, AdSetKind, CampaignKind, CreativeKind, Kind};
use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const TAG: &str = "ads";
const READ: Access = Access::Scope(Scope::AdsRead);
const WRITE: Access = Access::Scope(Scope::AdsWrite);
const ADMIN: Access = Access::Scope(Scope::Admin);

/// The five routes of one kind of object.
macro_rules! object_routes {
    ($api:ident, $app:ident, $module:ident, $kind:ty, $one:literal, $many:literal) => {
        $api.route(
            $app,
            Route::new($module::LIST, TAG, READ, concat!("List ", $many))
                .describe("Those that the product made through this API.")
                .query::<ListObjects>()
                .reply::<Page<<$kind as Kind>::Object>>(StatusCode::OK, concat!("The ", $many, ", in Meta's order.")),
            list::<$kind>,
        )
        .route(
            $app,
            Route::new($module::CREATE, TAG, WRITE, concat!("Create one of the ", $many))
                .describe("The same Idempotency-Key never makes two, whatever crashes in between.")
                .body::<NewObject<<$kind as Kind>::Create>>()
                .idempotency_key()
                .reply::<Created<<$kind as Kind>::Id>>(StatusCode::CREATED, concat!("The id of the ", $one, ".")),
            create::<$kind>,
        )
        .route(
            $app,
            Route::new($module::GET, TAG, READ, concat!("Get one of the ", $many))
                .id::<<$kind as Kind>::Id>()
                .reply::<<$kind as Kind>::Object>(StatusCode::OK, concat!("The ", $one, ".")),
            get::<$kind>,
        )
        .route(
            $app,
            Route::new($module::UPDATE, TAG, WRITE, concat!("Change one of the ", $many))
                .id::<<$kind as Kind>::Id>()
                .body::<<$kind as Kind>::Update>()
                .reply::<Done>(StatusCode::OK, "Changed."),
            update::<$kind>,
        )
        .route(
            $app,
            Route::new($module::DELETE, TAG, WRITE, concat!("Delete one of the ", $many)).id::<<$kind as Kind>::Id>(),
            delete::<$kind>,
        )
    };
}
/// Adds the routes of advertising.
pub fn routes(api: Api, app: &App) -> Api {
    let api = api.tag(
        TAG,
        "Advertising on Meta through ad accounts that products share. Bodies and answers are Meta's own; calls wait for \
         their fair turn within Meta's limits.",
    );
    let api = accounts_routes(api, app);
    let api = object_routes!(api, app, campaigns, CampaignKind, "campaign", "campaigns");
    let api = object_routes!(api, app, ad_sets, AdSetKind, "ad set", "ad sets");
    let api = object_routes!(api, app, creatives, CreativeKind, "creative", "creatives");
    let api = object_routes!(api, app, ads, AdKind, "ad", "ads");
    api.route(
        app,
        Route::new(insights::GET, TAG, READ, "Report on a campaign, ad set or ad").query::<GetInsights>().reply::<Page<
            InsightsRow,
        >>(
            StatusCode::OK,
            "Rows of the report.",
        ),
        report,
    )
    .route(
        app,
        Route::new(limits::LIST, TAG, READ, "See how much of Meta's limits is used")
            .describe("A product sees the limits of its accounts and its own part; an administrator sees all.")
            .reply::<AdsLimits>(StatusCode::OK, "The limits, by account and name."),
        used,
    )
}

fn accounts_routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(accounts::LIST, TAG, READ, "List which products may use which ad accounts")
            .query::<ListAdAccountUses>()
            .reply::<Page<AdAccountUse>>(StatusCode::OK, "Products and accounts, oldest first."),
        list_accounts,
    )
    .route(
        app,
        Route::new(accounts::CREATE, TAG, ADMIN, "Let a product use an ad account")
            .describe("Of a limit that is reached each product gets its part by weight, and what others leave unused.")
            .body::<CreateAdAccountUse>()
            .reply::<AdAccountUse>(StatusCode::CREATED, "The product may use it from now on.")
            .or(StatusCode::OK, "It might already; nothing changed."),
        allow,
    )
    .route(
        app,
        Route::new(accounts::UPDATE, TAG, ADMIN, "Change a product's weight")
            .id::<AdAccountUseId>()
            .body::<UpdateAdAccountUse>()
            .reply::<AdAccountUse>(StatusCode::OK, "As it is from now on."),
        weigh,
    )
    .route(
        app,
        Route::new(accounts::DELETE, TAG, ADMIN, "No longer let a product use an ad account")
            .describe("What the product made stays at Meta, out of its reach.")
            .id::<AdAccountUseId>(),
        withdraw,
    )
}

async fn list<K: Kind>(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListObjects>,
) -> Result<axum::Json<Page<K::Object>>> {
    app.ads.list::<K>(&principal, query).await.map(axum::Json)
}

async fn create<K: Kind>(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(new): Json<NewObject<K::Create>>,
) -> Result<(StatusCode, axum::Json<Created<K::Id>>)> {
    let id = app.ads.create::<K>(&principal, new, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(Created::new(K::Id::from(id)))))
}

async fn get<K: Kind>(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<String>,
) -> Result<axum::Json<K::Object>> {
    app.ads.get::<K>(&principal, &id).await.map(axum::Json)
}

async fn update<K: Kind>(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<String>,
    Json(change): Json<K::Update>,
) -> Result<axum::Json<Done>> {
    app.ads.update::<K>(&principal, &id, &change).await.map(axum::Json)
}

async fn delete<K: Kind>(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<String>,
) -> Result<StatusCode> {
    app.ads.delete::<K>(&principal, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn report(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<GetInsights>,
) -> Result<axum::Json<Page<InsightsRow>>> {
    app.ads.report(&principal, query).await.map(axum::Json)
}

async fn used(State(app): State<App>, principal: Principal) -> Result<axum::Json<AdsLimits>> {
    app.ads.limits(&principal).await.map(axum::Json)
}

async fn list_accounts(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListAdAccountUses>,
) -> Result<axum::Json<Page<AdAccountUse>>> {
    app.ads.accounts(&principal, query).await.map(axum::Json)
}

async fn allow(
    State(app): State<App>,
    principal: Principal,
    Json(new): Json<CreateAdAccountUse>,
) -> Result<(StatusCode, axum::Json<AdAccountUse>)> {
    let (made, is_new) = app.ads.allow(&principal, &new).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(made)))
}

async fn weigh(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<AdAccountUseId>,
    Json(change): Json<UpdateAdAccountUse>,
) -> Result<axum::Json<AdAccountUse>> {
    app.ads.weigh(&principal, id, &change).await.map(axum::Json)
}

async fn withdraw(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<AdAccountUseId>,
) -> Result<StatusCode> {
    app.ads.withdraw(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
