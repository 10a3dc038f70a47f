//! `/v1/attribution` and a person's path.

use acd_platform::attribution::{
    self, AttributionReport, ConversionRule, CreateConversionRule, GetLifetimeValue, GetReport, LifetimeValue,
    ListConversionRules, ListPath, PersonPath,
};
use acd_platform::keys::Scope;
use acd_platform::{ConversionRuleId, Page, PersonId};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of attribution.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "attribution";
    const READ: Access = Access::Scope(Scope::AttributionRead);
    const WRITE: Access = Access::Scope(Scope::AttributionWrite);
    api.tag(TAG, "Which campaign a conversion came from, across products.")
        .route(
            app,
            Route::new(attribution::REPORT, TAG, READ, "Report conversions by origin")
                .describe(
                    "Each conversion is credited to the first or last touch of its person within the window, whichever \
                     product the touch was in. A product reports its own conversions.",
                )
                .query::<GetReport>()
                .reply::<AttributionReport>(StatusCode::OK, "The report, most conversions first."),
            report,
        )
        .route(
            app,
            Route::new(attribution::LIFETIME_VALUE, TAG, READ, "Report lifetime value by first touch")
                .describe("Customers by the month and origin of their first touch, and what they converted to since.")
                .query::<GetLifetimeValue>()
                .reply::<LifetimeValue>(StatusCode::OK, "The cohorts, oldest month first."),
            lifetime_value,
        )
        .route(
            app,
            Route::new(attribution::LIST_RULES, TAG, READ, "List conversion rules")
                .query::<ListConversionRules>()
                .reply::<Page<ConversionRule>>(StatusCode::OK, "The rules in force, oldest first."),
            list_rules,
        )
        .route(
            app,
            Route::new(attribution::CREATE_RULE, TAG, WRITE, "Create a conversion rule")
                .describe(
                    "Says which `track` calls of a product are conversions or refunds. It counts from now on, and within \
                     minutes what was stored before.",
                )
                .body::<CreateConversionRule>()
                .idempotency_key()
                .reply::<ConversionRule>(StatusCode::CREATED, "The rule."),
            create_rule,
        )
        .route(
            app,
            Route::new(attribution::DELETE_RULE, TAG, WRITE, "Delete a conversion rule")
                .describe("What it counted counts no more.")
                .id::<ConversionRuleId>(),
            delete_rule,
        )
        .route(
            app,
            Route::new(attribution::PATH, TAG, Access::Scope(Scope::PersonsRead), "Show a person's path")
                .describe("Touches and conversions in order: a product sees its own, an administrator all.")
                .id::<PersonId>()
                .query::<ListPath>()
                .reply::<PersonPath>(StatusCode::OK, "The path, oldest first."),
            path,
        )
}

async fn report(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<GetReport>,
) -> Result<axum::Json<AttributionReport>> {
    app.attribution.report(&principal, query).await.map(axum::Json)
}

async fn lifetime_value(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<GetLifetimeValue>,
) -> Result<axum::Json<LifetimeValue>> {
    app.attribution.lifetime_value(&principal, query).await.map(axum::Json)
}

async fn list_rules(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListConversionRules>,
) -> Result<axum::Json<Page<ConversionRule>>> {
    app.attribution.rules(&principal, query).await.map(axum::Json)
}

async fn create_rule(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<CreateConversionRule>,
) -> Result<(StatusCode, axum::Json<ConversionRule>)> {
    let rule = app.attribution.create_rule(&principal, wanted, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(rule)))
}

async fn delete_rule(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<ConversionRuleId>,
) -> Result<StatusCode> {
    app.attribution.delete_rule(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn path(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<PersonId>,
    Query(query): Query<ListPath>,
) -> Result<axum::Json<PersonPath>> {
    app.attribution.path(&principal, id, &query).await.map(axum::Json)
}
