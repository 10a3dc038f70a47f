//! The SQL of API keys.

use acd_platform::keys::{ApiKey, Scope};
use acd_platform::{ApiKeyId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "id, product, name, prefix, scopes, created_at, expires_at, revoked_at, rotated_from";

#[derive(FromRow)]
pub(super) struct KeyRow {
    pub(super) id: Uuid,
    product: Option<String>,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    rotated_from: Option<Uuid>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = Problem;

    fn try_from(row: KeyRow) -> Result<Self> {
        Ok(Self {
            id: ApiKeyId::from(row.id),
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            name: row.name,
            prefix: row.prefix,
            // A scope this version does not know grants nothing here.
            scopes: row.scopes.iter().filter_map(|name| Scope::from_name(name)).collect(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            rotated_from: row.rotated_from.map(ApiKeyId::from),
        })
    }
}

/// A key to be stored.
pub(super) struct NewKey<'a> {
    pub(super) id: Uuid,
    pub(super) product: Option<&'a ProductSlug>,
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) hash: &'a [u8; 32],
    pub(super) scopes: &'a [Scope],
    pub(super) idempotency_key: Option<&'a str>,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) rotated_from: Option<Uuid>,
}

/// Stores a key; nothing when its idempotency key was used before.
pub(super) async fn insert(tx: &mut Tx, key: &NewKey<'_>) -> Result<Option<KeyRow>> {
    let sql = format!(
        "insert into api_keys
            (id, product, name, prefix, key_hash, scopes, idempotency_key, expires_at, rotated_from)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (coalesce(product, ''), idempotency_key) where idempotency_key is not null do nothing
         returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.id)
        .bind(key.product.map(ProductSlug::as_str))
        .bind(key.name)
        .bind(key.prefix)
        .bind(key.hash.as_slice())
        .bind(key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>())
        .bind(key.idempotency_key)
        .bind(key.expires_at)
        .bind(key.rotated_from)
        .fetch_optional(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("api_keys_product_fkey") => Problem::invalid("unknown_product", "product: no product has this slug"),
            _ => error.into(),
        })
}

/// The key that an idempotency key made.
pub(super) async fn by_idempotency_key(tx: &mut Tx, product: Option<&ProductSlug>, key: &str) -> Result<KeyRow> {
    let sql = format!("select {COLUMNS} from api_keys where coalesce(product, '') = $1 and idempotency_key = $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map_or("", ProductSlug::as_str))
        .bind(key)
        .fetch_one(tx.conn())
        .await?)
}

/// A key for a change, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<KeyRow>> {
    let sql = format!("select {COLUMNS} from api_keys where id = $1 for update");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Keys after a cursor, oldest first.
pub(super) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<KeyRow>> {
    let sql = format!(
        "select {COLUMNS} from api_keys
         where ($1::text is null or product = $1) and ($2::uuid is null or id > $2) order by id limit $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(after)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// Lets a key end at a time, or earlier if it already would.
pub(super) async fn expire(tx: &mut Tx, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("update api_keys set expires_at = least(coalesce(expires_at, $2), $2) where id = $1")
        .bind(id)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends a key now; one revoked before keeps its time.
pub(super) async fn revoke(tx: &mut Tx, id: Uuid, at: DateTime<Utc>) -> Result<Option<KeyRow>> {
    let sql = format!("update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning {COLUMNS}");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).bind(at).fetch_optional(tx.conn()).await?)
}

/// A key by its hash, for authentication.
pub(super) async fn by_hash(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<KeyRow>> {
    let sql = format!("select {COLUMNS} from api_keys where key_hash = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(hash.as_slice()).fetch_optional(tx.conn()).await?)
}
