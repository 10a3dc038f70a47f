//! Changes that were made past the hub.

use acd_meta::AdAccountId;
use acd_platform::ads::changes::AdChange;
use acd_platform::{AdChangeId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// A change as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct ChangeRow {
    pub(in crate::ads::performance) id: Uuid,
    account: String,
    product: Option<String>,
    kind: String,
    object_id: String,
    field: String,
    old_value: Option<String>,
    new_value: Option<String>,
    changed_at: Option<DateTime<Utc>>,
    detected_at: DateTime<Utc>,
}

impl TryFrom<ChangeRow> for AdChange {
    type Error = Problem;

    fn try_from(row: ChangeRow) -> Result<Self> {
        Ok(Self {
            id: AdChangeId::from(row.id),
            account: AdAccountId::from(row.account.as_str()),
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            kind: row.kind.parse().map_err(Problem::internal)?,
            object_id: row.object_id,
            field: row.field.parse().map_err(Problem::internal)?,
            old_value: row.old_value,
            new_value: row.new_value,
            changed_at: row.changed_at,
            detected_at: row.detected_at,
        })
    }
}

/// Stores a change.
pub(in crate::ads::performance) async fn insert(tx: &mut Tx, change: &AdChange) -> Result<()> {
    sqlx::query(
        "insert into ads_changes
            (id, account, product, kind, object_id, field, old_value, new_value, changed_at, detected_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(change.id.uuid())
    .bind(change.account.to_string())
    .bind(change.product.as_ref().map(ProductSlug::as_str))
    .bind(change.kind.as_str())
    .bind(&change.object_id)
    .bind(change.field.as_str())
    .bind(&change.old_value)
    .bind(&change.new_value)
    .bind(change.changed_at)
    .bind(change.detected_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes before a cursor, newest first.
pub(in crate::ads::performance) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    object: Option<&str>,
    below: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ChangeRow>> {
    let sql = "select id, account, product, kind, object_id, field, old_value, new_value, changed_at, detected_at
         from ads_changes
         where ($1::text is null or product = $1) and ($2::text is null or object_id = $2) and ($3::uuid is null or id < $3)
         order by id desc limit $4";
    Ok(sqlx::query_as(sql)
        .bind(product.map(ProductSlug::as_str))
        .bind(object)
        .bind(below)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}
