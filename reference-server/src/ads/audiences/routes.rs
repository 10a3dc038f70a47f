//! `/v1/ads/audiences`.

use acd_platform::ads::audiences::{
    self, AudienceSwitch, CreateHubAudience, CreateHubLookalike, GetAudienceSwitch, HubAudience, HubAudienceSize,
    ListHubAudiences, SetAudienceSwitch, ShareHubAudience,
};
use acd_platform::keys::Scope;
use acd_platform::{HubAudienceId, Page};
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const TAG: &str = "audiences";
const READ: Access = Access::Scope(Scope::AudiencesRead);
const WRITE: Access = Access::Scope(Scope::AudiencesWrite);

/// Adds the routes of audiences.
pub fn routes(api: Api, app: &App) -> Api {
    let api = api.tag(
        TAG,
        "People of a product as custom audiences at Meta: only while the product's switch is on, and only who agreed to it.",
    );
    made(switched(api, app), app)
}

fn switched(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(audiences::GET_SWITCH, TAG, READ, "See whether a product's people may leave for audiences")
            .query::<GetAudienceSwitch>()
            .reply::<AudienceSwitch>(StatusCode::OK, "The switch. It is off until somebody turns it on."),
        get_switch,
    )
    .route(
        app,
        Route::new(audiences::SET_SWITCH, TAG, WRITE, "Turn that on or off")
            .describe("Each turn is kept. What is at Meta stays there; delete audiences to have their people removed.")
            .body::<SetAudienceSwitch>()
            .reply::<AudienceSwitch>(StatusCode::OK, "The switch from now on."),
        set_switch,
    )
    .route(
        app,
        Route::new(audiences::LIST, TAG, READ, "List audiences")
            .query::<ListHubAudiences>()
            .reply::<Page<HubAudience>>(StatusCode::OK, "The audiences, oldest first."),
        list,
    )
    .route(
        app,
        Route::new(audiences::CREATE, TAG, WRITE, "Create an audience of the product's people")
            .describe(
                "Filled by a job, and renewed by one: those who are chosen then take the place of all who were. Of the \
                 chosen count who agreed to `advertising`; addresses and numbers leave hashed.",
            )
            .body::<CreateHubAudience>()
            .reply::<HubAudience>(StatusCode::CREATED, "The audience, not filled yet.")
            .or(StatusCode::OK, "It was there already; nothing changed."),
        create,
    )
}

fn made(api: Api, app: &App) -> Api {
    let one = |route: Route| route.id::<HubAudienceId>();
    api.route(
        app,
        one(Route::new(audiences::GET, TAG, READ, "Get an audience"))
            .reply::<HubAudience>(StatusCode::OK, "The audience."),
        get,
    )
    .route(
        app,
        one(Route::new(audiences::DELETE, TAG, WRITE, "Delete an audience"))
            .describe("At Meta too, where ads lose it."),
        delete,
    )
    .route(
        app,
        one(Route::new(audiences::RENEW, TAG, WRITE, "Renew an audience now"))
            .reply::<HubAudience>(StatusCode::OK, "The audience; a job renews it."),
        renew,
    )
    .route(
        app,
        one(Route::new(audiences::CREATE_LOOKALIKE, TAG, WRITE, "Create an audience of people like those of this one"))
            .body::<CreateHubLookalike>()
            .reply::<HubAudience>(StatusCode::CREATED, "The audience; Meta fills it within hours.")
            .or(StatusCode::OK, "It was there already; nothing changed."),
        create_lookalike,
    )
    .route(
        app,
        one(Route::new(audiences::SHARE, TAG, WRITE, "Let another product use an audience in its ad account"))
            .describe("It does not see who is in it.")
            .body::<ShareHubAudience>(),
        share,
    )
    .route(
        app,
        one(Route::new(audiences::UNSHARE, TAG, WRITE, "No longer let another product use an audience"))
            .body::<ShareHubAudience>(),
        unshare,
    )
    .route(
        app,
        one(Route::new(audiences::SIZE, TAG, READ, "Ask Meta how large an audience is"))
            .reply::<HubAudienceSize>(StatusCode::OK, "About so many people."),
        size,
    )
}

async fn get_switch(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<GetAudienceSwitch>,
) -> Result<axum::Json<AudienceSwitch>> {
    app.audiences.switch(&principal, query.product).await.map(axum::Json)
}

async fn set_switch(
    State(app): State<App>,
    principal: Principal,
    Json(wanted): Json<SetAudienceSwitch>,
) -> Result<axum::Json<AudienceSwitch>> {
    app.audiences.set_switch(&principal, wanted).await.map(axum::Json)
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListHubAudiences>,
) -> Result<axum::Json<Page<HubAudience>>> {
    app.audiences.list(&principal, query).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    Json(new): Json<CreateHubAudience>,
) -> Result<(StatusCode, axum::Json<HubAudience>)> {
    app.audiences.create(&principal, new).await.map(answer)
}

async fn create_lookalike(
    State(app): State<App>,
    principal: Principal,
    PathId(seed): PathId<HubAudienceId>,
    Json(new): Json<CreateHubLookalike>,
) -> Result<(StatusCode, axum::Json<HubAudience>)> {
    app.audiences.create_lookalike(&principal, seed, new).await.map(answer)
}

fn answer((made, is_new): (HubAudience, bool)) -> (StatusCode, axum::Json<HubAudience>) {
    (if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(made))
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<HubAudienceId>,
) -> Result<axum::Json<HubAudience>> {
    app.audiences.get(&principal, id).await.map(axum::Json)
}

async fn delete(State(app): State<App>, principal: Principal, PathId(id): PathId<HubAudienceId>) -> Result<StatusCode> {
    app.audiences.delete(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn renew(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<HubAudienceId>,
) -> Result<axum::Json<HubAudience>> {
    app.audiences.renew(&principal, id).await.map(axum::Json)
}

async fn share(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<HubAudienceId>,
    Json(with): Json<ShareHubAudience>,
) -> Result<StatusCode> {
    app.audiences.share(&principal, id, with, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unshare(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<HubAudienceId>,
    Json(with): Json<ShareHubAudience>,
) -> Result<StatusCode> {
    app.audiences.share(&principal, id, with, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn size(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<HubAudienceId>,
) -> Result<axum::Json<HubAudienceSize>> {
    app.audiences.size(&principal, id).await.map(axum::Json)
}
