//! Changes that were made through the hub, until a reading shows them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// A change of the hub's own.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct OwnRow {
    pub(in crate::ads::performance) object_id: String,
    /// The new values by field.
    pub(in crate::ads::performance) fields: Json<BTreeMap<String, String>>,
    /// When Meta had said that it was done.
    pub(in crate::ads::performance) settled_at: Option<DateTime<Utc>>,
}

/// Notes a change before it is made.
pub(in crate::ads) async fn begin(
    tx: &mut Tx,
    object: &str,
    fields: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query("insert into shared.ads_own_changes (id, object_id, fields, begun_at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(object)
        .bind(Json(fields))
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(id)
}

/// Notes that a change was made.
pub(in crate::ads) async fn settle(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update shared.ads_own_changes set settled_at = $2 where id = $1")
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets a change that Meta refused.
pub(in crate::ads) async fn forget(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query("delete from shared.ads_own_changes where id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// The changes of these objects, oldest first.
pub(in crate::ads::performance) async fn of(tx: &mut Tx, objects: &[String]) -> Result<Vec<OwnRow>> {
    let sql = "select object_id, fields, settled_at from shared.ads_own_changes where object_id = any ($1)
         order by begun_at, id";
    Ok(sqlx::query_as(sql).bind(objects).fetch_all(tx.conn()).await?)
}

/// Forgets what a reading has shown, and what is older than anything that may still come to light.
pub(in crate::ads::performance) async fn clear(
    tx: &mut Tx,
    objects: &[String],
    settled_before: DateTime<Utc>,
    begun_before: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "delete from shared.ads_own_changes
         where (object_id = any ($1) and settled_at < $2) or begun_at < $3",
    )
    .bind(objects)
    .bind(settled_before)
    .bind(begun_before)
    .execute(tx.conn())
    .await?;
    Ok(())
}
