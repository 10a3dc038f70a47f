//! The SQL of assets.

use acd_platform::assets::{Asset, AssetSource, AssetType, CreateAsset, UpdateAsset};
use acd_platform::{AssetId, ContentHash, ProductSlug, UserId};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "id, product, owner_id, type, source, content_hash, size_bytes, url, thumbnail_url, metadata,
    created_at, updated_at";

#[derive(FromRow)]
pub(super) struct AssetRow {
    pub(super) id: Uuid,
    product: String,
    owner_id: Option<Uuid>,
    #[sqlx(rename = "type")]
    kind: String,
    source: String,
    content_hash: Vec<u8>,
    size_bytes: i64,
    url: String,
    thumbnail_url: Option<String>,
    metadata: Json<Map<String, Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<AssetRow> for Asset {
    type Error = Problem;

    fn try_from(row: AssetRow) -> Result<Self> {
        let hash: [u8; 32] = row.content_hash.as_slice().try_into().map_err(Problem::internal)?;
        Ok(Self {
            id: AssetId::from(row.id),
            product: row.product.parse().map_err(Problem::internal)?,
            owner_id: row.owner_id.map(UserId::from),
            kind: row.kind.parse().map_err(Problem::internal)?,
            source: row.source.parse().map_err(Problem::internal)?,
            content_hash: ContentHash::from(hash),
            size_bytes: row.size_bytes.try_into().map_err(Problem::internal)?,
            url: row.url,
            thumbnail_url: row.thumbnail_url,
            metadata: row.metadata.0,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Stores an asset; nothing when the product has one with the same content.
pub(super) async fn insert(
    tx: &mut Tx,
    id: Uuid,
    product: &ProductSlug,
    size_bytes: i64,
    asset: &CreateAsset,
) -> Result<Option<AssetRow>> {
    let sql = format!(
        "insert into shared_assets
            (id, product, owner_id, type, source, content_hash, size_bytes, url, thumbnail_url, metadata)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (product, content_hash) do nothing
         returning {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(id)
        .bind(product.as_str())
        .bind(asset.owner_id.map(UserId::uuid))
        .bind(asset.kind.as_str())
        .bind(asset.source.as_str())
        .bind(asset.content_hash.as_bytes().as_slice())
        .bind(size_bytes)
        .bind(&asset.url)
        .bind(&asset.thumbnail_url)
        .bind(Json(&asset.metadata))
        .fetch_optional(tx.conn())
        .await
        .map_err(refused)
}

/// A product's asset with this content.
pub(super) async fn by_content(tx: &mut Tx, product: &ProductSlug, hash: &ContentHash) -> Result<Option<AssetRow>> {
    let sql = format!("select {COLUMNS} from shared_assets where product = $1 and content_hash = $2");
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(product.as_str())
        .bind(hash.as_bytes().as_slice())
        .fetch_optional(tx.conn())
        .await?)
}

/// An asset.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<AssetRow>> {
    let sql = format!("select {COLUMNS} from shared_assets where id = $1");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Those of these assets that are a product's.
pub(super) async fn owned(tx: &mut Tx, product: &ProductSlug, ids: &[Uuid]) -> Result<Vec<AssetRow>> {
    let sql = format!("select {COLUMNS} from shared_assets where product = $1 and id = any ($2)");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(product.as_str()).bind(ids).fetch_all(tx.conn()).await?)
}

/// Which assets a list has.
pub(super) struct Filter<'a> {
    pub(super) product: Option<&'a ProductSlug>,
    pub(super) kind: Option<AssetType>,
    pub(super) source: Option<AssetSource>,
    pub(super) owner: Option<UserId>,
    pub(super) content_hash: Option<ContentHash>,
    pub(super) below: Option<Uuid>,
}

/// Assets, newest first.
pub(super) async fn list(tx: &mut Tx, filter: &Filter<'_>, rows: i64) -> Result<Vec<AssetRow>> {
    let sql = format!(
        "select {COLUMNS} from shared_assets
         where ($1::text is null or product = $1) and ($2::text is null or type = $2)
            and ($3::text is null or source = $3) and ($4::uuid is null or owner_id = $4)
            and ($5::bytea is null or content_hash = $5) and ($6::uuid is null or id < $6)
         order by id desc limit $7"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(filter.product.map(ProductSlug::as_str))
        .bind(filter.kind.map(AssetType::as_str))
        .bind(filter.source.map(AssetSource::as_str))
        .bind(filter.owner.map(UserId::uuid))
        .bind(filter.content_hash.as_ref().map(|hash| hash.as_bytes().as_slice()))
        .bind(filter.below)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// Changes what the request names; at least one field.
pub(super) async fn update(tx: &mut Tx, id: Uuid, change: &UpdateAsset) -> Result<Option<AssetRow>> {
    let mut sql = QueryBuilder::<Postgres>::new("update shared_assets set ");
    let mut columns = sql.separated(", ");
    if let Some(owner) = change.owner_id {
        columns.push("owner_id = ").push_bind_unseparated(owner.map(UserId::uuid));
    }
    if let Some(url) = &change.url {
        columns.push("url = ").push_bind_unseparated(url);
    }
    if let Some(url) = &change.thumbnail_url {
        columns.push("thumbnail_url = ").push_bind_unseparated(url);
    }
    if let Some(metadata) = &change.metadata {
        columns.push("metadata = ").push_bind_unseparated(Json(metadata));
    }
    sql.push(" where id = ").push_bind(id).push(format_args!(" returning {COLUMNS}"));
    sql.build_query_as().fetch_optional(tx.conn()).await.map_err(refused)
}

/// Deletes an asset, and returns what it was.
pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> Result<Option<AssetRow>> {
    let sql = format!("delete from shared_assets where id = $1 returning {COLUMNS}");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

fn refused(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|db| db.constraint()) {
        Some("shared_assets_product_fkey") => Problem::invalid("unknown_product", "product: no product has this slug"),
        // Deleted since it was looked up.
        Some("shared_assets_owner_id_fkey") => Problem::not_found("owner"),
        _ => error.into(),
    }
}
