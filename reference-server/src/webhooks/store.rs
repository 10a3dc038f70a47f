//! The SQL of webhooks.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Keeps a message; nothing when it is there already.
pub(super) async fn keep(tx: &mut Tx, hash: &[u8], body: &[u8], now: DateTime<Utc>) -> Result<Option<Uuid>> {
    let sql = "insert into shared.meta_webhook (body_hash, body, received_at) values ($1, $2, $3)
         on conflict (body_hash) do nothing returning id";
    Ok(sqlx::query_scalar(sql).bind(hash).bind(body).bind(now).fetch_optional(tx.conn()).await?)
}

/// A message that was not worked on yet, with when it came; nothing for one that was, or is gone.
pub(super) async fn waiting(tx: &mut Tx, id: Uuid) -> Result<Option<(Vec<u8>, DateTime<Utc>)>> {
    let sql = "select body, received_at from shared.meta_webhook where id = $1 and processed_at is null for update";
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(tx.conn()).await?)
}

/// Notes that a message was worked on.
pub(super) async fn processed(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let sql = "update shared.meta_webhook set processed_at = $2, error = null where id = $1";
    sqlx::query(sql).bind(id).bind(now).execute(tx.conn()).await?;
    Ok(())
}

/// Notes why a message could not be worked on.
pub(super) async fn failed(tx: &mut Tx, id: Uuid, error: &str) -> Result<()> {
    let sql = "update shared.meta_webhook set error = left($2, 2000) where id = $1 and processed_at is null";
    sqlx::query(sql).bind(id).bind(error).execute(tx.conn()).await?;
    Ok(())
}

/// Deletes so many messages that came before this time, whether they could be worked on or not, and says how many it were.
pub(super) async fn delete_before(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let sql = "delete from shared.meta_webhook where id in (
            select id from shared.meta_webhook where received_at < $1 limit $2 for update skip locked)";
    Ok(sqlx::query(sql).bind(before).bind(most).execute(tx.conn()).await?.rows_affected())
}
