//! `/v1/meta/event`, `/v1/meta/events`, `/v1/meta/conversions` and `/v1/meta/rules`.

use acd_platform::keys::Scope;
use acd_platform::meta_events::{
    self, Conversion, ConversionSwitch, CreateMetaEventRule, GetConversionSwitch, ListConversions, ListMetaEventRules,
    ListSwitchChanges, MetaEvent, MetaEventOutcome, MetaEventResult, MetaEventRule, MetaEvents, MetaEventsReply,
    PutConversionSwitch, SwitchChange,
};
use acd_platform::{ConversionId, MetaEventRuleId, Page};
use axum::extract::{Request, State};
use http::{HeaderMap, StatusCode};
use serde_json::value::RawValue;

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query, parse_json, read_json};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::route::{Access, Api, Route};

/// The largest request: 1,000 events of 4 KiB.
const MAX_BYTES: usize = 4 << 20;

/// Adds the routes of conversions.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "conversions";
    const SEND: Access = Access::Scope(Scope::ConversionsSend);
    const READ: Access = Access::Scope(Scope::ConversionsRead);
    const MANAGE: Access = Access::Scope(Scope::ConversionsManage);
    api.tag(TAG, "Conversions for Meta. Nothing is sent until the product's switch is on and the person has agreed.")
        .route(
            app,
            Route::new(meta_events::SEND, TAG, SEND, "Send a conversion")
                .describe(
                    "The answer comes when it is on disk; Meta has it seconds later. Personal data in `user_data` are \
                     hashed on arrival. The same event name and id within 48 hours is a duplicate.",
                )
                .body::<MetaEvent>()
                .reply::<MetaEventResult>(StatusCode::OK, "Accepted, a duplicate, or refused for want of consent."),
            send,
        )
        .route(
            app,
            Route::new(meta_events::SEND_MANY, TAG, SEND, "Send many conversions")
                .describe("At most 1,000 events and 4 MiB. A bad event does not sink the others: each is answered for itself.")
                .body::<MetaEvents>()
                .reply::<MetaEventsReply>(StatusCode::OK, "What was made of each event."),
            send_many,
        )
        .route(
            app,
            Route::new(meta_events::LIST, TAG, READ, "List conversions")
                .describe("Newest first, with what became of each.")
                .query::<ListConversions>()
                .reply::<Page<Conversion>>(StatusCode::OK, "The conversions."),
            list,
        )
        .route(
            app,
            Route::new(meta_events::GET, TAG, READ, "Get a conversion")
                .id::<ConversionId>()
                .reply::<Conversion>(StatusCode::OK, "The conversion, and what became of it."),
            get,
        )
        .route(
            app,
            Route::new(meta_events::SWITCH, TAG, READ, "Get a product's switch")
                .query::<GetConversionSwitch>()
                .reply::<ConversionSwitch>(StatusCode::OK, "The switch; off where it was never set."),
            switch,
        )
        .route(
            app,
            Route::new(meta_events::PUT_SWITCH, TAG, MANAGE, "Set a product's switch")
                .describe("The whole switch. Every change is kept. What is queued when it is switched off is refused.")
                .body::<PutConversionSwitch>()
                .reply::<ConversionSwitch>(StatusCode::OK, "The switch as it is now."),
            put_switch,
        )
        .route(
            app,
            Route::new(meta_events::CHANGES, TAG, READ, "List changes of switches")
                .query::<ListSwitchChanges>()
                .reply::<Page<SwitchChange>>(StatusCode::OK, "The changes, newest first."),
            changes,
        )
        .route(
            app,
            Route::new(meta_events::LIST_RULES, TAG, READ, "List rules for Meta's events")
                .query::<ListMetaEventRules>()
                .reply::<Page<MetaEventRule>>(StatusCode::OK, "The rules, oldest first."),
            list_rules,
        )
        .route(
            app,
            Route::new(meta_events::CREATE_RULE, TAG, MANAGE, "Make a rule for Meta's events")
                .describe("Shared events of this name become events for Meta from then on, where the conditions hold. What counts as a \
                     conversion in reports, `/v1/attribution/rules` says.")
                .body::<CreateMetaEventRule>()
                .idempotency_key()
                .reply::<MetaEventRule>(StatusCode::CREATED, "The rule."),
            create_rule,
        )
        .route(
            app,
            Route::new(meta_events::DELETE_RULE, TAG, MANAGE, "End a rule for Meta's events")
                .describe("What it made stays.")
                .id::<MetaEventRuleId>(),
            delete_rule,
        )
}

async fn list_rules(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListMetaEventRules>,
) -> Result<axum::Json<Page<MetaEventRule>>> {
    app.conversions.list_rules(&principal, query).await.map(axum::Json)
}

async fn create_rule(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<CreateMetaEventRule>,
) -> Result<(StatusCode, axum::Json<MetaEventRule>)> {
    let rule = app.conversions.create_rule(&principal, wanted, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(rule)))
}

async fn delete_rule(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<MetaEventRuleId>,
) -> Result<StatusCode> {
    app.conversions.delete_rule(&principal, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send(State(app): State<App>, principal: Principal, request: Request) -> Result<axum::Json<MetaEventResult>> {
    let body = read_json(request, MAX_BYTES).await?;
    let raw: &RawValue = parse_json(&body)?;
    let mut reply = app.conversions.take(&principal, &[raw]).await?;
    let result = reply.results.pop().ok_or_else(|| Problem::internal("one event was taken and none answered"))?;
    if result.outcome == MetaEventOutcome::Invalid {
        return Err(Problem::invalid("invalid_event", result.cause.unwrap_or_default()));
    }
    Ok(axum::Json(result))
}

async fn send_many(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<axum::Json<MetaEventsReply>> {
    let body = read_json(request, MAX_BYTES).await?;
    let events: MetaEvents<Vec<&RawValue>> = parse_json(&body)?;
    app.conversions.take(&principal, &events.events).await.map(axum::Json)
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListConversions>,
) -> Result<axum::Json<Page<Conversion>>> {
    app.conversions.list(&principal, query).await.map(axum::Json)
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<ConversionId>,
) -> Result<axum::Json<Conversion>> {
    app.conversions.get(&principal, id).await.map(axum::Json)
}

async fn switch(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<GetConversionSwitch>,
) -> Result<axum::Json<ConversionSwitch>> {
    app.conversions.switch(&principal, query.product).await.map(axum::Json)
}

async fn put_switch(
    State(app): State<App>,
    principal: Principal,
    Json(wanted): Json<PutConversionSwitch>,
) -> Result<axum::Json<ConversionSwitch>> {
    app.conversions.put_switch(&principal, wanted).await.map(axum::Json)
}

async fn changes(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListSwitchChanges>,
) -> Result<axum::Json<Page<SwitchChange>>> {
    app.conversions.switch_changes(&principal, query).await.map(axum::Json)
}
