//! The reading half: one event, lists, counts.

use acd_platform::events::{self, CountEvents, Event, EventCount, EventCounts, ListEvents};
use acd_platform::keys::Scope;
use acd_platform::{EventId, Page, ProductSlug};
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use sqlx::types::Json;
use uuid::Uuid;

use super::stamp::floor;
use super::store::{self, EventRow, Filter};
use crate::app::App;
use crate::kernel::db::{Db, Tx};
use crate::kernel::extract::{PathId, Query};
use crate::kernel::paging;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::route::{Access, Api, Route};

/// Who did something since a time, at least so often: whether a known user, and the product's id.
pub(crate) async fn actors(
    tx: &mut Tx,
    product: &ProductSlug,
    event: &str,
    since: DateTime<Utc>,
    at_least: u32,
) -> Result<Vec<(bool, String)>> {
    store::actors(tx, product, event, floor(since), at_least.into()).await
}

/// Adds the routes that read events.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "events";
    const ACCESS: Access = Access::ScopeOrUser(Scope::EventsRead);
    api.tag(
        TAG,
        "Events as stored: one, a filtered list, counts. The same rows are in the SQL views of the schema events.",
    )
    .route(
        app,
        Route::new(events::LIST, TAG, ACCESS, "List events")
            .describe("Newest first. A product sees its own, a user their own, an administrator all.")
            .query::<ListEvents>()
            .reply::<Page<Event>>(StatusCode::OK, "The events, newest first."),
        list,
    )
    .route(
        app,
        Route::new(events::COUNTS, TAG, ACCESS, "Count events")
            .query::<CountEvents>()
            .reply::<EventCounts>(StatusCode::OK, "The counts, most first."),
        counts,
    )
    .route(
        app,
        Route::new(events::GET, TAG, ACCESS, "Get an event")
            .id::<EventId>()
            .reply::<Event>(StatusCode::OK, "The event."),
        get,
    )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListEvents>,
) -> Result<axum::Json<Page<Event>>> {
    let product = principal.pick_product(query.product)?;
    let limit = paging::limit(query.limit, 100, 1_000)?;
    let cursor = paging::read_cursor(query.cursor.as_deref())?;
    let to = query.received_to.map(floor);
    let filter = Filter {
        product: product.as_ref(),
        kind: query.kind.as_deref(),
        event: query.event.as_deref(),
        user_id: query.user_id.as_deref(),
        anonymous_id: query.anonymous_id.as_deref(),
        message_id: query.message_id.as_deref(),
        from: query.received_from.map(floor),
        below: [cursor, to].into_iter().flatten().min(),
    };
    let mut tx = app.db.scoped(&principal).await?;
    let rows = store::list(&mut tx, &filter, limit + 1).await?;
    tx.commit().await?;
    page(rows, limit).map(axum::Json)
}

async fn get(State(app): State<App>, principal: Principal, PathId(id): PathId<EventId>) -> Result<axum::Json<Event>> {
    let mut tx = app.db.scoped_planned_once(&principal).await?;
    let row = store::get(&mut tx, id.uuid()).await?;
    tx.commit().await?;
    event_of(row.ok_or_else(|| Problem::not_found("event"))?).map(axum::Json)
}

async fn counts(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<CountEvents>,
) -> Result<axum::Json<EventCounts>> {
    let product = principal.pick_product(query.product)?;
    let to = query.received_to.unwrap_or_else(|| app.clock.now());
    let from = query.received_from.or_else(|| to.checked_sub_signed(TimeDelta::days(30))).unwrap_or(to);
    if from > to || to - from > TimeDelta::days(366) {
        return Err(Problem::bad_request(
            "invalid_query",
            "received_from: must lie before received_to, by at most 366 days",
        ));
    }
    let mut tx = app.db.scoped(&principal).await?;
    let rows = store::counts(&mut tx, product.as_ref(), floor(from), floor(to)).await?;
    tx.commit().await?;
    let total = rows.first().map_or(0, |row| row.total.unsigned_abs());
    let counts = rows
        .into_iter()
        .map(|row| {
            let product = row.product.parse().map_err(Problem::internal)?;
            Ok(EventCount { product, kind: row.kind, event: row.event, count: row.count.unsigned_abs() })
        })
        .collect::<Result<_>>()?;
    Ok(axum::Json(EventCounts { total, counts }))
}

/// The events of a person's ids, as far as the caller may see them.
pub(crate) async fn timeline(
    db: &Db,
    principal: &Principal,
    ids: &[(ProductSlug, bool, String)],
    below: Option<Uuid>,
    limit: i64,
) -> Result<Page<Event>> {
    let mut tx = db.scoped(principal).await?;
    let rows = store::of_ids(&mut tx, ids, below, limit + 1).await?;
    tx.commit().await?;
    page(rows, limit)
}

/// Tracked events of these names that are stored between two ids, oldest first, in a transaction of the service.
pub(crate) async fn named_between(
    tx: &mut Tx,
    names: &[(ProductSlug, String)],
    between: (Uuid, Uuid),
    limit: i64,
) -> Result<Vec<Event>> {
    store::named_between(tx, names, between, limit).await?.into_iter().map(event_of).collect()
}

fn page(rows: Vec<EventRow>, limit: i64) -> Result<Page<Event>> {
    let page = paging::page(rows, limit, |row| row.id, event_of);
    Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
}

fn event_of(row: EventRow) -> Result<Event> {
    let object = |json: Option<Json<serde_json::Map<String, serde_json::Value>>>| json.map(|Json(map)| map);
    Ok(Event {
        id: EventId::from(row.id),
        product: row.product.parse().map_err(Problem::internal)?,
        kind: row.kind,
        event: row.event,
        category: row.category,
        message_id: row.message_id,
        user_id: row.user_id,
        anonymous_id: row.anonymous_id,
        group_id: row.group_id,
        previous_id: row.previous_id,
        timestamp: row.timestamp,
        original_timestamp: row.original_timestamp,
        sent_at: row.sent_at,
        received_at: row.received_at,
        properties: object(row.properties),
        traits: object(row.traits),
        context: object(row.context),
        integrations: object(row.integrations),
    })
}
