//! The SQL of sources.

use acd_platform::ads::sources::{CreateMetaSource, MetaSource, MetaSourceKind};
use acd_platform::{MetaSourceId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

#[derive(FromRow)]
pub(super) struct SourceRow {
    pub(super) id: Uuid,
    kind: String,
    object_id: String,
    product: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<SourceRow> for MetaSource {
    type Error = Problem;

    fn try_from(row: SourceRow) -> Result<Self> {
        Ok(Self {
            id: MetaSourceId::from(row.id),
            kind: row.kind.parse().map_err(Problem::internal)?,
            object_id: row.object_id,
            product: row.product.parse().map_err(Problem::internal)?,
            created_at: row.created_at,
        })
    }
}

/// Stores a source; nothing when its object has an owner.
pub(super) async fn insert(tx: &mut Tx, new: &CreateMetaSource) -> Result<Option<SourceRow>> {
    let sql = "insert into ads_sources (kind, object_id, product) values ($1, $2, $3)
         on conflict (kind, object_id) do nothing returning id, kind, object_id, product, created_at";
    let query = sqlx::query_as(sql).bind(new.kind.as_str()).bind(&new.object_id).bind(new.product.as_str());
    query.fetch_optional(tx.conn()).await.map_err(|error| {
        match error.as_database_error().and_then(|db| db.constraint()) {
            Some("ads_sources_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            _ => error.into(),
        }
    })
}

/// The source of an object.
pub(super) async fn of_object(tx: &mut Tx, kind: MetaSourceKind, object_id: &str) -> Result<Option<SourceRow>> {
    let sql = "select id, kind, object_id, product, created_at from ads_sources where kind = $1 and object_id = $2";
    Ok(sqlx::query_as(sql).bind(kind.as_str()).bind(object_id).fetch_optional(tx.conn()).await?)
}

/// Sources, oldest first.
pub(super) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<SourceRow>> {
    let sql = "select id, kind, object_id, product, created_at from ads_sources
         where ($1::text is null or product = $1) and ($2::uuid is null or id > $2) order by id limit $3";
    let query = sqlx::query_as(sql).bind(product.map(ProductSlug::as_str)).bind(after).bind(rows);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Deletes a source.
pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> Result<Option<SourceRow>> {
    let sql = "delete from ads_sources where id = $1 returning id, kind, object_id, product, created_at";
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(tx.conn()).await?)
}
