use std::time::Duration;

use acd_platform::ProductSlug;
use acd_platform::ads::publications::{ItemProblem, ItemState, PublicationItem, PublishedKind};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::ads::publishing::plan::NewItem;
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// A thing that a publication makes.
#[derive(Clone, Debug)]
pub(in crate::ads::publishing) struct Item {
    pub(in crate::ads::publishing) position: i32,
    pub(in crate::ads::publishing) kind: PublishedKind,
    pub(in crate::ads::publishing) key: String,
    pub(in crate::ads::publishing) object: Value,
    pub(in crate::ads::publishing) state: ItemState,
    pub(in crate::ads::publishing) object_id: Option<String>,
    pub(in crate::ads::publishing) problem: Option<ItemProblem>,
    pub(in crate::ads::publishing) attempts: u32,
}

#[derive(FromRow)]
struct ItemRow {
    position: i32,
    kind: String,
    key: String,
    object: Value,
    state: String,
    object_id: Option<String>,
    problem: Option<Json<ItemProblem>>,
    attempts: i32,
}

impl TryFrom<ItemRow> for Item {
    type Error = Problem;

    fn try_from(row: ItemRow) -> Result<Self> {
        Ok(Self {
            position: row.position,
            kind: row.kind.parse().map_err(Problem::internal)?,
            key: row.key,
            object: row.object,
            state: row.state.parse().map_err(Problem::internal)?,
            object_id: row.object_id,
            problem: row.problem.map(|problem| problem.0),
            attempts: row.attempts.unsigned_abs(),
        })
    }
}

impl From<Item> for PublicationItem {
    fn from(item: Item) -> Self {
        let Item { kind, key, state, object_id, problem, .. } = item;
        Self { kind, key, state, object_id, problem }
    }
}

/// Stores the things of a publication in their order.
pub(in crate::ads::publishing) async fn insert(
    tx: &mut Tx,
    publication: Uuid,
    product: &ProductSlug,
    items: &[NewItem],
) -> Result<()> {
    let sql = "insert into ads_publication_items (publication_id, position, product, kind, key, object)
         select $1, n.position, $2, n.kind, n.key, n.object
         from unnest($3::text[], $4::text[], $5::jsonb[]) with ordinality as n (kind, key, object, position)";
    query(sql)
        .bind(publication)
        .bind(product.as_str())
        .bind(items.iter().map(|item| item.kind.as_str()).collect::<Vec<_>>())
        .bind(items.iter().map(|item| item.key.as_str()).collect::<Vec<_>>())
        .bind(items.iter().map(|item| &item.object).collect::<Vec<_>>())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The things of a publication in their order.
pub(in crate::ads::publishing) async fn list(tx: &mut Tx, publication: Uuid) -> Result<Vec<Item>> {
    let sql = "select position, kind, key, object, state, object_id, problem, attempts from ads_publication_items
         where publication_id = $1 order by position";
    let rows: Vec<ItemRow> = query_as(sql).bind(publication).fetch_all(tx.conn()).await?;
    rows.into_iter().map(Item::try_from).collect()
}

/// Whoever asked Meta for something is gone: what came of it shows after so long.
pub(in crate::ads::publishing) async fn unsettle(tx: &mut Tx, publication: Uuid, settle: Duration) -> Result<()> {
    let sql = "update ads_publication_items set state = 'unsettled', settle_at = now() + make_interval(secs => $2)
         where publication_id = $1 and state = 'creating'";
    query(sql).bind(publication).bind(settle.as_secs_f64()).execute(tx.conn()).await?;
    Ok(())
}

/// How long it takes until everything that is unsettled can be looked up; nothing when nothing is.
pub(in crate::ads::publishing) async fn settles_in(tx: &mut Tx, publication: Uuid) -> Result<Option<Duration>> {
    let sql = "select greatest(0, extract(epoch from max(settle_at) - now()))::float8 from ads_publication_items
         where publication_id = $1 and state = 'unsettled'";
    let seconds: Option<f64> = query_scalar(sql).bind(publication).fetch_one(tx.conn()).await?;
    Ok(seconds.map(Duration::from_secs_f64))
}

/// Begins to make a thing.
pub(in crate::ads::publishing) async fn begin(tx: &mut Tx, publication: Uuid, position: i32) -> Result<()> {
    let sql = "update ads_publication_items set state = 'creating'
         where publication_id = $1 and position = $2";
    query(sql).bind(publication).bind(position).execute(tx.conn()).await?;
    Ok(())
}

/// A thing is there.
pub(in crate::ads::publishing) async fn made(
    tx: &mut Tx,
    publication: Uuid,
    position: i32,
    object: &str,
) -> Result<()> {
    let sql = "update ads_publication_items set state = 'created', object_id = $3, problem = null, settle_at = null
         where publication_id = $1 and position = $2";
    query(sql).bind(publication).bind(position).bind(object).execute(tx.conn()).await?;
    Ok(())
}

/// A thing will not be made: Meta refused it, or it is not even asked for.
pub(in crate::ads::publishing) async fn end(
    tx: &mut Tx,
    publication: Uuid,
    position: i32,
    state: ItemState,
    problem: &ItemProblem,
) -> Result<()> {
    let sql = "update ads_publication_items set state = $3, problem = $4, settle_at = null
         where publication_id = $1 and position = $2";
    query(sql).bind(publication).bind(position).bind(state.as_str()).bind(Json(problem)).execute(tx.conn()).await?;
    Ok(())
}

/// A thing is still to be made.
pub(in crate::ads::publishing) async fn wait(
    tx: &mut Tx,
    publication: Uuid,
    position: i32,
    attempts: u32,
    problem: Option<&ItemProblem>,
) -> Result<()> {
    let sql = "update ads_publication_items set state = 'waiting', attempts = $3, problem = $4, settle_at = null
         where publication_id = $1 and position = $2";
    query(sql)
        .bind(publication)
        .bind(position)
        .bind(attempts.cast_signed())
        .bind(problem.map(Json))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Nobody knows whether a thing is there; it can be looked up after so long.
pub(in crate::ads::publishing) async fn doubt(
    tx: &mut Tx,
    publication: Uuid,
    position: i32,
    attempts: u32,
    problem: &ItemProblem,
    settle: Duration,
) -> Result<()> {
    let sql = "update ads_publication_items
         set state = 'unsettled', attempts = $3, problem = $4, settle_at = now() + make_interval(secs => $5)
         where publication_id = $1 and position = $2";
    query(sql)
        .bind(publication)
        .bind(position)
        .bind(attempts.cast_signed())
        .bind(Json(problem))
        .bind(settle.as_secs_f64())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Nothing more is asked for: what still waits is not tried.
pub(in crate::ads::publishing) async fn give_up(
    tx: &mut Tx,
    publication: Uuid,
    problem: Option<&ItemProblem>,
) -> Result<()> {
    let sql = "update ads_publication_items set state = 'not_tried', problem = $2
         where publication_id = $1 and state = 'waiting'";
    query(sql).bind(publication).bind(problem.map(Json)).execute(tx.conn()).await?;
    Ok(())
}

/// What was not made is tried again.
pub(in crate::ads::publishing) async fn reopen(tx: &mut Tx, publication: Uuid) -> Result<()> {
    let sql = "update ads_publication_items set state = 'waiting', problem = null, attempts = 0
         where publication_id = $1 and state in ('failed', 'not_tried')";
    query(sql).bind(publication).execute(tx.conn()).await?;
    Ok(())
}
