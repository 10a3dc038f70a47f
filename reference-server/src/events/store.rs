//! The SQL of events.

use acd_platform::ProductSlug;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::row::Row;
use super::stamp::Neighbours;
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Held by a writer that must be alone around a month's end.
const BOUNDARY_LOCK: i64 = 7_215_346_211_005;

/// A row with the times it gets when it is stored.
pub(super) struct Stamped<'a> {
    pub(super) id: Uuid,
    pub(super) received_at: DateTime<Utc>,
    pub(super) timestamp: DateTime<Utc>,
    pub(super) row: &'a Row,
}

/// Waits until no other writer is at work around the month's end.
pub(super) async fn be_alone(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(BOUNDARY_LOCK).execute(tx.conn()).await?;
    Ok(())
}

/// Stores what is not there yet and returns the ids of what was new.
///
/// One array a column: the statement stays the same for any number of rows, and PostgreSQL plans it once.
pub(super) async fn insert(
    tx: &mut Tx,
    product: &ProductSlug,
    rows: &[Stamped<'_>],
    elsewhere: &Neighbours,
) -> Result<Vec<Uuid>, sqlx::Error> {
    macro_rules! column {
        (|$row:ident| $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query_scalar(
        r#"insert into shared_events (
            id, product, type, event, category, message_id, user_id, anonymous_id, group_id, previous_id,
            "timestamp", original_timestamp, sent_at, received_at, properties, traits, context, integrations,
            utm_source, utm_medium, utm_campaign, utm_term, utm_content, referrer, url)
        select n.id, $1, n.type, n.event, n.category, n.message_id, n.user_id, n.anonymous_id, n.group_id,
            n.previous_id, n.at, n.original, n.sent, n.received, n.properties, n.traits, n.context, n.integrations,
            n.source, n.medium, n.campaign, n.term, n.content, n.referrer, n.url
        from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
                $15::jsonb[], $16::jsonb[], $17::jsonb[], $18::jsonb[],
                $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[])
            as n (id, type, event, category, message_id, user_id, anonymous_id, group_id, previous_id,
                at, original, sent, received, properties, traits, context, integrations,
                source, medium, campaign, term, content, referrer, url)
        where not exists (
            select from shared_events as stored
            where stored.product = $1 and stored.message_id = n.message_id and stored.id >= $26 and stored.id < $27)
        on conflict do nothing
        returning id"#,
    )
    .bind(product.as_str())
    .bind(column!(|r| r.id))
    .bind(column!(|r| r.row.kind.as_str()))
    .bind(column!(|r| r.row.event.as_deref()))
    .bind(column!(|r| r.row.category.as_deref()))
    .bind(column!(|r| r.row.message_id.as_str()))
    .bind(column!(|r| r.row.user_id.as_deref()))
    .bind(column!(|r| r.row.anonymous_id.as_deref()))
    .bind(column!(|r| r.row.group_id.as_deref()))
    .bind(column!(|r| r.row.previous_id.as_deref()))
    .bind(column!(|r| r.timestamp))
    .bind(column!(|r| r.row.original_timestamp))
    .bind(column!(|r| r.row.sent_at))
    .bind(column!(|r| r.received_at))
    .bind(column!(|r| r.row.properties.as_deref().map(Json)))
    .bind(column!(|r| r.row.traits.as_deref().map(Json)))
    .bind(column!(|r| r.row.context.as_deref().map(Json)))
    .bind(column!(|r| r.row.integrations.as_deref().map(Json)))
    .bind(column!(|r| r.row.attribution.source.as_deref()))
    .bind(column!(|r| r.row.attribution.medium.as_deref()))
    .bind(column!(|r| r.row.attribution.campaign.as_deref()))
    .bind(column!(|r| r.row.attribution.term.as_deref()))
    .bind(column!(|r| r.row.attribution.content.as_deref()))
    .bind(column!(|r| r.row.attribution.referrer.as_deref()))
    .bind(column!(|r| r.row.attribution.url.as_deref()))
    .bind(elsewhere.from)
    .bind(elsewhere.to)
    .fetch_all(tx.conn())
    .await
}

/// Makes the partitions between two days that are missing, and says how many it made.
pub async fn ensure_partitions(tx: &mut Tx, first: NaiveDate, last: NaiveDate) -> Result<i32> {
    Ok(sqlx::query_scalar("select acd.ensure_event_partitions($1, $2)")
        .bind(first)
        .bind(last)
        .fetch_one(tx.conn())
        .await?)
}

/// A stored event as it is read.
#[derive(FromRow)]
pub(crate) struct EventRow {
    pub(crate) id: Uuid,
    pub(super) product: String,
    #[sqlx(rename = "type")]
    pub(super) kind: String,
    pub(super) event: Option<String>,
    pub(super) category: Option<String>,
    pub(super) message_id: String,
    pub(super) user_id: Option<String>,
    pub(super) anonymous_id: Option<String>,
    pub(super) group_id: Option<String>,
    pub(super) previous_id: Option<String>,
    pub(super) timestamp: DateTime<Utc>,
    pub(super) original_timestamp: Option<DateTime<Utc>>,
    pub(super) sent_at: Option<DateTime<Utc>>,
    pub(super) received_at: DateTime<Utc>,
    pub(super) properties: Option<Json<Map<String, Value>>>,
    pub(super) traits: Option<Json<Map<String, Value>>>,
    pub(super) context: Option<Json<Map<String, Value>>>,
    pub(super) integrations: Option<Json<Map<String, Value>>>,
}

const COLUMNS: &str = r#"e.id, e.product, e.type, e.event, e.category, e.message_id, e.user_id, e.anonymous_id,
    e.group_id, e.previous_id, e."timestamp", e.original_timestamp, e.sent_at, e.received_at, e.properties, e.traits,
    e.context, e.integrations"#;

/// What to list.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    pub(super) product: Option<&'a ProductSlug>,
    pub(super) kind: Option<&'a str>,
    pub(super) event: Option<&'a str>,
    pub(super) user_id: Option<&'a str>,
    pub(super) anonymous_id: Option<&'a str>,
    pub(super) message_id: Option<&'a str>,
    pub(super) from: Option<Uuid>,
    pub(super) below: Option<Uuid>,
}

/// Events of a filter, newest first.
pub(super) async fn list(tx: &mut Tx, filter: &Filter<'_>, rows: i64) -> Result<Vec<EventRow>> {
    let mut sql = QueryBuilder::new(format!("select {COLUMNS} from shared_events as e where true"));
    let texts = [
        (" and e.product = ", filter.product.map(ProductSlug::as_str)),
        (" and e.type = ", filter.kind),
        (" and e.event = ", filter.event),
        (" and e.anonymous_id = ", filter.anonymous_id),
        (" and e.message_id = ", filter.message_id),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            sql.push(condition).push_bind(value);
        }
    }
    if let Some(user_id) = filter.user_id {
        // The same expression as the index has; with a user id in the row it is that id.
        sql.push(" and e.user_id is not null and coalesce(e.user_id, e.anonymous_id) = ").push_bind(user_id);
    }
    if let Some(from) = filter.from {
        sql.push(" and e.id >= ").push_bind(from);
    }
    if let Some(below) = filter.below {
        sql.push(" and e.id < ").push_bind(below);
    }
    sql.push(" order by e.id desc limit ").push_bind(rows);
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}

/// One event.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<EventRow>> {
    let sql = format!("select {COLUMNS} from shared_events as e where e.id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// A count of one kind of event.
#[derive(FromRow)]
pub(super) struct CountRow {
    pub(super) product: String,
    #[sqlx(rename = "type")]
    pub(super) kind: String,
    pub(super) event: Option<String>,
    pub(super) count: i64,
    pub(super) total: i64,
}

/// Counts between two ids, by product, type and name, most first, each with the total of all.
pub(super) async fn counts(tx: &mut Tx, product: Option<&ProductSlug>, from: Uuid, to: Uuid) -> Result<Vec<CountRow>> {
    Ok(sqlx::query_as(
        "select product, type, event, count(*) as count, (sum(count(*)) over ())::bigint as total
         from shared_events where id >= $1 and id < $2 and ($3::text is null or product = $3)
         group by product, type, event order by count(*) desc, product, type, event limit 1000",
    )
    .bind(from)
    .bind(to)
    .bind(product.map(ProductSlug::as_str))
    .fetch_all(tx.conn())
    .await?)
}

/// Events of ids that belong to one person, newest first. The ids come as three columns, one entry an id.
pub(super) async fn of_ids(
    tx: &mut Tx,
    ids: &[(ProductSlug, bool, String)],
    below: Option<Uuid>,
    rows: i64,
) -> Result<Vec<EventRow>> {
    let sql = format!(
        "select {COLUMNS} from unnest($1::text[], $2::boolean[], $3::text[]) as mine (product, known, external_id)
         join lateral (
            select * from shared_events as s
            where coalesce(s.user_id, s.anonymous_id) = mine.external_id and s.product = mine.product
                and (s.user_id is not null) = mine.known and ($4::uuid is null or s.id < $4)
            order by s.id desc limit $5
         ) as e on true
         order by e.id desc limit $5"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ids.iter().map(|(product, ..)| product.as_str()).collect::<Vec<_>>())
        .bind(ids.iter().map(|(_, known, _)| *known).collect::<Vec<_>>())
        .bind(ids.iter().map(|(.., id)| id.as_str()).collect::<Vec<_>>())
        .bind(below)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// Who sent `track` calls of this name from an id on, at least so many.
pub(super) async fn actors(
    tx: &mut Tx,
    product: &ProductSlug,
    event: &str,
    from: Uuid,
    at_least: i64,
) -> Result<Vec<(bool, String)>> {
    let sql = "select user_id is not null, coalesce(user_id, anonymous_id) from shared_events
         where product = $1 and id >= $2 and type = 'track' and event = $3
         group by 1, 2 having count(*) >= $4 order by 1, 2";
    let query = sqlx::query_as(sql).bind(product.as_str()).bind(from).bind(event).bind(at_least);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// A `track` call of the past, as far as counting it needs.
#[derive(FromRow)]
pub(crate) struct PastTrack {
    pub(crate) id: Uuid,
    pub(crate) user_id: Option<String>,
    pub(crate) anonymous_id: Option<String>,
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) properties: Option<Json<Map<String, Value>>>,
    pub(crate) context: Option<Json<Map<String, Value>>>,
}

/// The calls of this name among the next so many events of a product between two ids, and the last id that was looked at;
/// none when there are no more. The context is long, and comes only where it is asked for.
pub(crate) async fn past_tracks(
    tx: &mut Tx,
    (product, event): (&str, &str),
    (after, below): (Uuid, Uuid),
    with_context: bool,
    events: i64,
) -> Result<(Vec<PastTrack>, Option<Uuid>)> {
    let last: Option<Uuid> = sqlx::query_scalar(
        "select id from shared_events where product = $1 and id > $2 and id < $3 order by id offset $4 limit 1",
    )
    .bind(product)
    .bind(after)
    .bind(below)
    .bind(events - 1)
    .fetch_optional(tx.conn())
    .await?;
    let tracks = sqlx::query_as(
        r#"select id, user_id, anonymous_id, "timestamp", properties, case when $6 then context end as context from shared_events
           where product = $1 and id > $2 and id < $3 and ($4::uuid is null or id <= $4) and type = 'track' and event = $5
           order by id"#,
    )
    .bind(product)
    .bind(after)
    .bind(below)
    .bind(last)
    .bind(event)
    .bind(with_context)
    .fetch_all(tx.conn())
    .await?;
    Ok((tracks, last))
}

/// Tracked events of these names between two ids, oldest first.
pub(super) async fn named_between(
    tx: &mut Tx,
    names: &[(ProductSlug, String)],
    (after, before): (Uuid, Uuid),
    rows: i64,
) -> Result<Vec<EventRow>> {
    let sql = format!(
        "select {COLUMNS} from shared_events as e
         where e.id > $1 and e.id < $2 and e.type = 'track'
            and (e.product, e.event) in (select * from unnest($3::text[], $4::text[]))
         order by e.id limit $5"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(before)
        .bind(names.iter().map(|(product, _)| product.as_str()).collect::<Vec<_>>())
        .bind(names.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>())
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}
