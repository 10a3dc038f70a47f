//! `/v1/ads/publications`, `/v1/ads/templates`, and copies of campaigns.

use acd_meta::CampaignId;
use acd_platform::ads::publications::{
    self, CloneCampaign, CreatePublication, ListPublications, Publication, PublicationDetails,
};
use acd_platform::ads::templates::{self, AdTemplate, CreateAdTemplate, ListAdTemplates, UpdateAdTemplate};
use acd_platform::keys::Scope;
use acd_platform::{AdTemplateId, Page, PublicationId};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

const TAG: &str = "ads";
const READ: Access = Access::Scope(Scope::AdsRead);
const WRITE: Access = Access::Scope(Scope::AdsWrite);

/// Adds the routes of publications and their templates.
pub fn routes(api: Api, app: &App) -> Api {
    template_routes(publication_routes(api, app), app)
}

fn publication_routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(publications::LIST, TAG, READ, "List publications")
            .query::<ListPublications>()
            .reply::<Page<Publication>>(StatusCode::OK, "The publications, newest first."),
        list,
    )
    .route(
        app,
        Route::new(publications::CREATE, TAG, WRITE, "Publish a campaign with its ads")
            .describe(
                "A job makes it in the background, thing by thing and each once, whatever crashes. What Meta refuses is told \
                 ad by ad; the rest is made.",
            )
            .body::<CreatePublication>()
            .idempotency_key()
            .reply::<Publication>(StatusCode::CREATED, "The publication, accepted.")
            .or(StatusCode::OK, "The publication that this idempotency key made before."),
        create,
    )
    .route(
        app,
        Route::new(publications::GET, TAG, READ, "Get a publication")
            .describe("With the outcome of each thing that it makes.")
            .id::<PublicationId>()
            .reply::<PublicationDetails>(StatusCode::OK, "The publication."),
        get,
    )
    .route(
        app,
        Route::new(publications::CANCEL, TAG, WRITE, "Cancel a publication")
            .describe("What is there stays, and what Meta is being asked for is still made; nothing more is asked for.")
            .id::<PublicationId>()
            .reply::<Publication>(StatusCode::OK, "The publication."),
        cancel,
    )
    .route(
        app,
        Route::new(publications::RETRY, TAG, WRITE, "Go on with a publication")
            .describe("What is there stays; what was refused, or not tried, is tried again. One that waits goes on now.")
            .id::<PublicationId>()
            .reply::<Publication>(StatusCode::OK, "The publication."),
        retry,
    )
    .route(
        app,
        Route::new(publications::CLONE, TAG, WRITE, "Copy a campaign")
            .describe("With its ad sets, up to 50, and ads, up to 100, as a publication. The ads show the same creatives.")
            .id::<CampaignId>()
            .body::<CloneCampaign>()
            .idempotency_key()
            .reply::<Publication>(StatusCode::CREATED, "The publication that makes the copy.")
            .or(StatusCode::OK, "The publication that this idempotency key made before."),
        clone_campaign,
    )
}

fn template_routes(api: Api, app: &App) -> Api {
    api.route(
        app,
        Route::new(templates::LIST, TAG, READ, "List templates")
            .query::<ListAdTemplates>()
            .reply::<Page<AdTemplate>>(StatusCode::OK, "The templates, oldest first."),
        list_templates,
    )
    .route(
        app,
        Route::new(templates::CREATE, TAG, WRITE, "Make a template")
            .describe("It is checked with values for its variables, so that what is wrong in it shows now.")
            .body::<CreateAdTemplate>()
            .reply::<AdTemplate>(StatusCode::CREATED, "The template.")
            .or(StatusCode::OK, "The same one was there; nothing changed."),
        create_template,
    )
    .route(
        app,
        Route::new(templates::GET, TAG, READ, "Get a template")
            .id::<AdTemplateId>()
            .reply::<AdTemplate>(StatusCode::OK, "The template."),
        get_template,
    )
    .route(
        app,
        Route::new(templates::UPDATE, TAG, WRITE, "Change a template")
            .describe("What was published from it stays as it is.")
            .id::<AdTemplateId>()
            .body::<UpdateAdTemplate>()
            .reply::<AdTemplate>(StatusCode::OK, "As it is from now on."),
        update_template,
    )
    .route(
        app,
        Route::new(templates::DELETE, TAG, WRITE, "Delete a template")
            .describe("What was published from it stays.")
            .id::<AdTemplateId>(),
        delete_template,
    )
}

fn accepted((publication, is_new): (Publication, bool)) -> (StatusCode, axum::Json<Publication>) {
    (if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(publication))
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListPublications>,
) -> Result<axum::Json<Page<Publication>>> {
    app.publishing.list(&principal, query).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<CreatePublication>,
) -> Result<(StatusCode, axum::Json<Publication>)> {
    app.publishing.create(&principal, wanted, idempotency::key(&headers)?).await.map(accepted)
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<PublicationId>,
) -> Result<axum::Json<PublicationDetails>> {
    app.publishing.get(&principal, id).await.map(axum::Json)
}

async fn cancel(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<PublicationId>,
) -> Result<axum::Json<Publication>> {
    app.publishing.cancel(&principal, id).await.map(axum::Json)
}

async fn retry(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<PublicationId>,
) -> Result<axum::Json<Publication>> {
    app.publishing.retry(&principal, id).await.map(axum::Json)
}

async fn clone_campaign(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<String>,
    headers: HeaderMap,
    Json(how): Json<CloneCampaign>,
) -> Result<(StatusCode, axum::Json<Publication>)> {
    app.publishing.clone_campaign(&principal, &id, &how, idempotency::key(&headers)?).await.map(accepted)
}

async fn list_templates(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListAdTemplates>,
) -> Result<axum::Json<Page<AdTemplate>>> {
    app.publishing.templates(&principal, query).await.map(axum::Json)
}

async fn create_template(
    State(app): State<App>,
    principal: Principal,
    Json(new): Json<CreateAdTemplate>,
) -> Result<(StatusCode, axum::Json<AdTemplate>)> {
    let (made, is_new) = app.publishing.create_template(&principal, new).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(made)))
}

async fn get_template(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<AdTemplateId>,
) -> Result<axum::Json<AdTemplate>> {
    app.publishing.template(&principal, id).await.map(axum::Json)
}

async fn update_template(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<AdTemplateId>,
    Json(change): Json<UpdateAdTemplate>,
) -> Result<axum::Json<AdTemplate>> {
    app.publishing.update_template(&principal, id, &change).await.map(axum::Json)
}

async fn delete_template(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<AdTemplateId>,
) -> Result<StatusCode> {
    app.publishing.delete_template(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
