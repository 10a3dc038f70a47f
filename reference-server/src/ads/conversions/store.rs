//! The SQL of conversions.

use std::collections::HashSet;

use acd_platform::meta_events::{Conversion, ConversionOrigin, ConversionState, ListConversions};
use acd_platform::{ConversionId, EventId, MetaEventRuleId, ProductSlug};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::row::Row;
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// A conversion with what was found out about it when it is stored.
#[derive(Clone, Debug)]
pub(super) struct NewConversion<'a> {
    pub(super) id: Uuid,
    pub(super) product: &'a ProductSlug,
    pub(super) row: &'a Row,
    pub(super) refusal: Option<String>,
}

macro_rules! column {
    ($rows:expr, |$row:ident| $value:expr) => {
        $rows.iter().map(|$row| $value).collect::<Vec<_>>()
    };
}

/// Stores what is no repetition and returns the ids of what was stored. What is refused keeps nothing of the person.
pub(super) async fn insert(
    tx: &mut Tx,
    rows: &[NewConversion<'_>],
    now: DateTime<Utc>,
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "insert into attribution_events (
            id, product, pixel_id, event_name, event_id, event_time, user_id, anonymous_id, email_hashes, agreed_at,
            rule_id, source_event_id, state, cause, deduplicates, payload, next_attempt_at, received_at, settled_at)
         select n.id, n.product, n.pixel_id, n.event_name, n.event_id, n.event_time, n.user_id, n.anonymous_id,
            case when n.cause is null then n.hashes end, n.agreed_at, n.rule_id, n.source_id,
            case when n.cause is null then 'pending' else 'refused' end, n.cause, n.cause is null,
            case when n.cause is null then n.payload end, $15, $15, case when n.cause is not null then $15 end
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                $8::text[], $9::text[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::text[], $14::jsonb[])
            as n (id, product, pixel_id, event_name, event_id, event_time, user_id, anonymous_id, hashes, agreed_at,
                rule_id, source_id, cause, payload)
         -- Two transactions with the same events take them in the same order, so that neither waits for the other's.
         order by n.pixel_id, n.event_name, n.event_id
         on conflict do nothing
         returning id",
    )
    .bind(column!(rows, |r| r.id))
    .bind(column!(rows, |r| r.product.as_str()))
    .bind(column!(rows, |r| r.row.pixel_id.as_str()))
    .bind(column!(rows, |r| r.row.event_name.as_str()))
    .bind(column!(rows, |r| r.row.event_id.as_str()))
    .bind(column!(rows, |r| r.row.event_time))
    .bind(column!(rows, |r| r.row.user_id.as_deref()))
    .bind(column!(rows, |r| r.row.anonymous_id.as_deref()))
    .bind(column!(rows, |r| r.row.email_hashes.as_deref()))
    .bind(column!(rows, |r| r.row.agreed_at))
    .bind(column!(rows, |r| r.row.source.map(|source| source.rule)))
    .bind(column!(rows, |r| r.row.source.map(|source| source.event)))
    .bind(column!(rows, |r| r.refusal.as_deref()))
    .bind(column!(rows, |r| Json(&*r.row.payload)))
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().collect())
}

/// Ends the time in which repetitions of these count as such, where it began before a moment; says of how many.
pub(super) async fn retire(tx: &mut Tx, rows: &[NewConversion<'_>], before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "update attribution_events as old set deduplicates = false
         from unnest($1::text[], $2::text[], $3::text[]) as n (pixel_id, event_name, event_id)
         where old.pixel_id = n.pixel_id and old.event_name = n.event_name and old.event_id = n.event_id
            and old.deduplicates and old.received_at <= $4",
    )
    .bind(column!(rows, |r| r.row.pixel_id.as_str()))
    .bind(column!(rows, |r| r.row.event_name.as_str()))
    .bind(column!(rows, |r| r.row.event_id.as_str()))
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// A pixel for which something of a product is due.
#[derive(Debug, FromRow)]
pub(super) struct Due {
    pub(super) product: String,
    pub(super) pixel_id: String,
    /// Whether the product's switch lets it go there.
    pub(super) may_go: bool,
}

/// What is due: for each product with something that is, the pixel of what waits longest.
pub(super) async fn due(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Due>> {
    Ok(sqlx::query_as(
        "select p.slug as product, first.pixel_id, coalesce(switch.enabled and switch.pixel_id = first.pixel_id, false) as may_go
         from products as p
            cross join lateral (
                select e.pixel_id from attribution_events as e
                where e.product = p.slug and e.state = 'pending' and e.next_attempt_at <= $1
                order by e.next_attempt_at limit 1
            ) as first
            left join lateral (
                select s.enabled, s.pixel_id from shared_conversion_switches as s
                where s.product = p.slug order by s.id desc limit 1
            ) as switch on true",
    )
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// A conversion that a sender has a lease of.
#[derive(Debug, FromRow)]
pub(super) struct Claimed {
    pub(super) id: Uuid,
    pub(super) event_name: String,
    pub(super) event_time: DateTime<Utc>,
    pub(super) user_id: Option<String>,
    pub(super) anonymous_id: Option<String>,
    pub(super) email_hashes: Option<String>,
    pub(super) agreed_at: Option<DateTime<Utc>>,
    pub(super) attempts: i32,
    pub(super) cause: Option<String>,
    pub(super) payload: Option<Json<Box<RawValue>>>,
}

/// Takes what is due of a pixel until the lease ends; what another sender has is left to it.
pub(super) async fn claim(
    tx: &mut Tx,
    (product, pixel_id): (&str, &str),
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    most: i64,
) -> Result<Vec<Claimed>> {
    Ok(sqlx::query_as(
        "update attribution_events as e set lease = $3, next_attempt_at = $5, attempts = e.attempts + 1
         from (select id from attribution_events
            where product = $1 and pixel_id = $2 and state = 'pending' and next_attempt_at <= $4
            order by next_attempt_at, id limit $6 for update skip locked) as mine
         where e.id = mine.id
         returning e.id, e.event_name, e.event_time, e.user_id, e.anonymous_id, e.email_hashes, e.agreed_at, e.attempts,
            e.cause, e.payload",
    )
    .bind(product)
    .bind(pixel_id)
    .bind(lease)
    .bind(now)
    .bind(until)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// What became of a claimed conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) id: Uuid,
    pub(super) state: ConversionState,
    pub(super) cause: Option<String>,
    pub(super) fbtrace_id: Option<String>,
    /// For what stays pending: when it is due again.
    pub(super) next_attempt_at: DateTime<Utc>,
}

/// Writes down what became of conversions whose lease is still this one; says of how many.
pub(super) async fn settle(tx: &mut Tx, lease: Uuid, settled: &[Settled], now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query(
        "update attribution_events as e set state = n.state, next_attempt_at = n.due,
            -- What waits again without having been tried keeps what the last attempt said.
            cause = coalesce(n.cause, case when n.state = 'pending' then e.cause end),
            fbtrace_id = coalesce(n.trace, case when n.state = 'pending' then e.fbtrace_id end),
            lease = null, deduplicates = n.state in ('pending', 'sent'),
            settled_at = case when n.state <> 'pending' then $7::timestamptz end,
            email_hashes = case when n.state = 'pending' then e.email_hashes end,
            payload = case when n.state = 'pending' then e.payload else e.payload - 'user_data' end
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) as n (id, state, cause, trace, due)
         where e.id = n.id and e.lease = $1",
    )
    .bind(lease)
    .bind(column!(settled, |s| s.id))
    .bind(column!(settled, |s| s.state.as_str()))
    .bind(column!(settled, |s| s.cause.as_deref()))
    .bind(column!(settled, |s| s.fbtrace_id.as_deref()))
    .bind(column!(settled, |s| s.next_attempt_at))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

const COLUMNS: &str = "id, product, pixel_id, event_name, event_id, event_time, rule_id, source_event_id, state, cause, \
                       attempts, fbtrace_id, received_at, settled_at";

/// A conversion as it is read.
#[derive(FromRow)]
pub(super) struct ConversionRow {
    pub(super) id: Uuid,
    product: String,
    pixel_id: String,
    event_name: String,
    event_id: String,
    event_time: DateTime<Utc>,
    rule_id: Option<Uuid>,
    source_event_id: Option<Uuid>,
    state: String,
    cause: Option<String>,
    attempts: i32,
    fbtrace_id: Option<String>,
    received_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

impl TryFrom<ConversionRow> for Conversion {
    type Error = Problem;

    fn try_from(row: ConversionRow) -> Result<Self> {
        Ok(Self {
            id: ConversionId::from(row.id),
            product: row.product.parse().map_err(Problem::internal)?,
            pixel_id: row.pixel_id,
            event_name: row.event_name,
            event_id: row.event_id,
            event_time: row.event_time,
            origin: if row.rule_id.is_some() { ConversionOrigin::Rule } else { ConversionOrigin::Api },
            rule_id: row.rule_id.map(MetaEventRuleId::from),
            source_event_id: row.source_event_id.map(EventId::from),
            state: row.state.parse().map_err(Problem::internal)?,
            cause: row.cause,
            attempts: row.attempts.unsigned_abs(),
            fbtrace_id: row.fbtrace_id,
            received_at: row.received_at,
            settled_at: row.settled_at,
        })
    }
}

/// Conversions of a filter, newest first.
pub(super) async fn list(
    tx: &mut Tx,
    query: &ListConversions,
    product: Option<&ProductSlug>,
    below: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ConversionRow>> {
    let sql = format!(
        "select {COLUMNS} from attribution_events
         where ($1::text is null or product = $1) and ($2::uuid is null or id < $2) and ($3::text is null or state = $3)
            and ($4::text is null or event_id = $4)
         order by id desc limit $5"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(below)
        .bind(query.state.map(ConversionState::as_str))
        .bind(query.event_id.as_deref())
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// One conversion.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<ConversionRow>> {
    let sql = format!("select {COLUMNS} from attribution_events where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// The position of a cursor, locked until the transaction ends; nothing while another replica has it.
pub(super) async fn lock_cursor(tx: &mut Tx, name: &str) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar("select position from shared.meta_event_cursor where name = $1 for update skip locked")
        .bind(name)
        .fetch_optional(tx.conn())
        .await?)
}

/// Moves a locked cursor on.
pub(super) async fn move_cursor(tx: &mut Tx, name: &str, position: Uuid) -> Result<()> {
    sqlx::query("update shared.meta_event_cursor set position = $2 where name = $1")
        .bind(name)
        .bind(position)
        .execute(tx.conn())
        .await?;
    Ok(())
}
