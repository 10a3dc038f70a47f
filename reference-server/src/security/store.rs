//! The SQL of service keys and of the nonces that were used.

use acd_platform::keys::Scope;
use acd_platform::service_keys::{ServiceKey, SignatureAlgorithm};
use acd_platform::{ProductSlug, ServiceKeyId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "id, product, name, algorithm, public_key, scopes, created_at, not_before, expires_at, revoked_at, \
                       rotated_from";

#[derive(FromRow)]
pub(super) struct ServiceKeyRow {
    pub(super) id: Uuid,
    product: Option<String>,
    name: String,
    algorithm: String,
    public_key: Option<Vec<u8>>,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    not_before: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    rotated_from: Option<Uuid>,
}

impl TryFrom<ServiceKeyRow> for ServiceKey {
    type Error = Problem;

    fn try_from(row: ServiceKeyRow) -> Result<Self> {
        Ok(Self {
            id: ServiceKeyId::from(row.id),
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            name: row.name,
            algorithm: SignatureAlgorithm::from_name(&row.algorithm)
                .ok_or_else(|| Problem::internal(format!("service key {} has an unknown algorithm", row.id)))?,
            public_key: row.public_key.map(|bytes| STANDARD.encode(bytes)),
            // A scope this version does not know grants nothing here.
            scopes: row.scopes.iter().filter_map(|name| Scope::from_name(name)).collect(),
            created_at: row.created_at,
            not_before: row.not_before,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            rotated_from: row.rotated_from.map(ServiceKeyId::from),
        })
    }
}

/// A key to be stored.
pub(super) struct NewKey<'a> {
    pub(super) id: Uuid,
    pub(super) product: Option<&'a ProductSlug>,
    pub(super) name: &'a str,
    /// The public half of an Ed25519 pair; none for a secret that is derived from the id.
    pub(super) public_key: Option<&'a [u8; 32]>,
    pub(super) scopes: &'a [Scope],
    pub(super) idempotency_key: Option<&'a str>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) rotated_from: Option<Uuid>,
}

impl NewKey<'_> {
    pub(super) fn algorithm(&self) -> SignatureAlgorithm {
        match self.public_key {
            Some(_) => SignatureAlgorithm::Ed25519,
            None => SignatureAlgorithm::HmacSha256,
        }
    }
}

/// Stores a key; nothing when its idempotency key was used before.
pub(super) async fn insert(tx: &mut Tx, key: &NewKey<'_>) -> Result<Option<ServiceKeyRow>> {
    let sql = format!(
        "insert into service_keys
            (id, product, name, algorithm, public_key, scopes, idempotency_key, not_before, expires_at, rotated_from)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (coalesce(product, ''), idempotency_key) where idempotency_key is not null do nothing
         returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.id)
        .bind(key.product.map(ProductSlug::as_str))
        .bind(key.name)
        .bind(key.algorithm().as_str())
        .bind(key.public_key.map(<[u8; 32]>::as_slice))
        .bind(key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>())
        .bind(key.idempotency_key)
        .bind(key.not_before)
        .bind(key.expires_at)
        .bind(key.rotated_from)
        .fetch_optional(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("service_keys_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            _ => error.into(),
        })
}

/// The key that an idempotency key made.
pub(super) async fn by_idempotency_key(tx: &mut Tx, product: Option<&ProductSlug>, key: &str) -> Result<ServiceKeyRow> {
    let sql = format!("select {COLUMNS} from service_keys where coalesce(product, '') = $1 and idempotency_key = $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map_or("", ProductSlug::as_str))
        .bind(key)
        .fetch_one(tx.conn())
        .await?)
}

/// A key by its id, for the check of a signature.
pub(super) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<ServiceKeyRow>> {
    let sql = format!("select {COLUMNS} from service_keys where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// A key for a change, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<ServiceKeyRow>> {
    let sql = format!("select {COLUMNS} from service_keys where id = $1 for update");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Keys after a cursor, oldest first.
pub(super) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ServiceKeyRow>> {
    let sql = format!(
        "select {COLUMNS} from service_keys
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
    sqlx::query("update service_keys set expires_at = least(coalesce(expires_at, $2), $2) where id = $1")
        .bind(id)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends a key now; one revoked before keeps its time.
pub(super) async fn revoke(tx: &mut Tx, id: Uuid, at: DateTime<Utc>) -> Result<Option<ServiceKeyRow>> {
    let sql =
        format!("update service_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning {COLUMNS}");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).bind(at).fetch_optional(tx.conn()).await?)
}

/// Remembers a nonce; false when it is known and has not ended. Of two at once the second waits for the first, looks again,
/// and writes nothing.
pub(super) async fn remember(tx: &mut Tx, key: &str, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "insert into shared.signature_nonce as known (key, expires_at) values ($1, $2)
         on conflict (key) do update set expires_at = excluded.expires_at where known.expires_at <= $3",
    )
    .bind(key)
    .bind(until)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets a nonce.
pub(super) async fn forget(tx: &mut Tx, key: &str) -> Result<()> {
    sqlx::query("delete from shared.signature_nonce where key = $1").bind(key).execute(tx.conn()).await?;
    Ok(())
}

/// Deletes at most this many nonces that ended, and says how many. Rows that another replica is deleting are left to it.
pub(super) async fn purge(tx: &mut Tx, now: DateTime<Utc>, most: i64) -> Result<u64> {
    let done = sqlx::query(
        "delete from shared.signature_nonce where key in (
            select key from shared.signature_nonce where expires_at <= $1 limit $2 for update skip locked)",
    )
    .bind(now)
    .bind(most)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
