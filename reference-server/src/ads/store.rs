//! The SQL of ad accounts, of what products made in them, and of the domain's logs.

use acd_meta::AdAccountId;
use acd_platform::ads::accounts::AdAccountUse;
use acd_platform::{AdAccountUseId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const USE: &str = "id, account, product, weight, created_at, updated_at";

#[derive(FromRow)]
pub(super) struct UseRow {
    pub(super) id: Uuid,
    account: String,
    product: String,
    weight: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<UseRow> for AdAccountUse {
    type Error = Problem;

    fn try_from(row: UseRow) -> Result<Self> {
        Ok(Self {
            id: AdAccountUseId::from(row.id),
            account: AdAccountId::from(row.account.as_str()),
            product: row.product.parse().map_err(Problem::internal)?,
            weight: row.weight.try_into().map_err(Problem::internal)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn refused(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|db| db.constraint()) {
        Some("ads_account_products_product_fkey") => {
            Problem::invalid("unknown_product", "product: no product has this slug")
        }
        _ => error.into(),
    }
}

/// Lets a product use an account; nothing when it may already.
pub(super) async fn allow(tx: &mut Tx, account: &str, product: &ProductSlug, weight: u32) -> Result<Option<UseRow>> {
    let sql = format!(
        "insert into ads_account_products (account, product, weight) values ($1, $2, $3)
         on conflict (account, product) do nothing returning {USE}"
    );
    let weight = i32::try_from(weight).map_err(Problem::internal)?;
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(account).bind(product.as_str()).bind(weight);
    query.fetch_optional(tx.conn()).await.map_err(refused)
}

/// That a product may use an account.
pub(super) async fn allowed(tx: &mut Tx, account: &str, product: &ProductSlug) -> Result<Option<UseRow>> {
    let sql = format!("select {USE} from ads_account_products where account = $1 and product = $2");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(account).bind(product.as_str()).fetch_optional(tx.conn()).await?)
}

/// Which products may use which accounts, oldest first.
pub(super) async fn uses(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<UseRow>> {
    let sql = format!(
        "select {USE} from ads_account_products
         where ($1::text is null or product = $1) and ($2::uuid is null or id > $2) order by id limit $3"
    );
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(product.map(ProductSlug::as_str)).bind(after).bind(rows);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Changes a weight.
pub(super) async fn weigh(tx: &mut Tx, id: Uuid, weight: u32) -> Result<Option<UseRow>> {
    let sql = format!("update ads_account_products set weight = $2, updated_at = now() where id = $1 returning {USE}");
    let weight = i32::try_from(weight).map_err(Problem::internal)?;
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id).bind(weight).fetch_optional(tx.conn()).await?)
}

/// No longer lets a product use an account.
pub(super) async fn withdraw(tx: &mut Tx, id: Uuid) -> Result<Option<UseRow>> {
    let sql = format!("delete from ads_account_products where id = $1 returning {USE}");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// The accounts that a product may use.
pub(super) async fn accounts_of(tx: &mut Tx, product: &ProductSlug) -> Result<Vec<String>> {
    let sql = "select account from ads_account_products where product = $1 order by id";
    Ok(sqlx::query_scalar(sql).bind(product.as_str()).fetch_all(tx.conn()).await?)
}

/// An intent to make something, and what came of it.
#[derive(FromRow)]
pub(super) struct IntentRow {
    pub(super) id: Uuid,
    pub(super) account: String,
    pub(super) object_id: Option<String>,
    pub(super) request_hash: Vec<u8>,
    pub(super) is_busy: bool,
}

/// What an intent is to lead to.
pub(super) struct Intent<'a> {
    pub(super) product: &'a ProductSlug,
    pub(super) kind: &'static str,
    pub(super) account: &'a str,
    pub(super) key: &'a str,
    pub(super) hash: &'a [u8],
}

/// Notes an intent and holds it for so many seconds; nothing when there is one with its key.
pub(super) async fn intend(tx: &mut Tx, intent: &Intent<'_>, seconds: i32) -> Result<Option<Uuid>> {
    let sql = "insert into ads_objects (product, kind, account, idempotency_key, request_hash, busy_until)
         values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
         on conflict (product, kind, idempotency_key) do nothing returning id";
    Ok(sqlx::query_scalar(sql)
        .bind(intent.product.as_str())
        .bind(intent.kind)
        .bind(intent.account)
        .bind(intent.key)
        .bind(intent.hash)
        .bind(f64::from(seconds))
        .fetch_optional(tx.conn())
        .await?)
}

/// The intent with this key, held against others that would go on with it.
pub(super) async fn intent(tx: &mut Tx, intent: &Intent<'_>) -> Result<Option<IntentRow>> {
    let sql = "select id, account, object_id, request_hash, busy_until > now() as is_busy from ads_objects
         where product = $1 and kind = $2 and idempotency_key = $3 for update";
    let query = sqlx::query_as(sql).bind(intent.product.as_str()).bind(intent.kind).bind(intent.key);
    Ok(query.fetch_optional(tx.conn()).await?)
}

/// Holds an intent for so many seconds from now on, or lets go of it.
pub(super) async fn hold(tx: &mut Tx, id: Uuid, seconds: i32) -> Result<()> {
    let sql = "update ads_objects set busy_until = now() + make_interval(secs => $2) where id = $1";
    sqlx::query(sql).bind(id).bind(f64::from(seconds)).execute(tx.conn()).await?;
    Ok(())
}

/// Notes what came of an intent.
pub(super) async fn made(tx: &mut Tx, id: Uuid, object: &str) -> Result<()> {
    let sql = "update ads_objects set object_id = $2, busy_until = now() where id = $1";
    sqlx::query(sql).bind(id).bind(object).execute(tx.conn()).await?;
    Ok(())
}

/// Forgets an intent that surely led to nothing.
pub(super) async fn give_up(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query("delete from ads_objects where id = $1 and object_id is null").bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// Whose an object is.
#[derive(FromRow)]
pub(super) struct OwnerRow {
    pub(super) kind: String,
    pub(super) product: String,
    pub(super) account: String,
}

/// Whose this object is, if the caller may know.
pub(super) async fn owner(tx: &mut Tx, object: &str) -> Result<Option<OwnerRow>> {
    let sql = "select kind, product, account from ads_objects where object_id = $1";
    Ok(sqlx::query_as(sql).bind(object).fetch_optional(tx.conn()).await?)
}

/// Which of these objects are a product's.
pub(super) async fn owned(tx: &mut Tx, product: &ProductSlug, objects: &[String]) -> Result<Vec<String>> {
    let sql = "select object_id from ads_objects where product = $1 and object_id = any ($2)";
    Ok(sqlx::query_scalar(sql).bind(product.as_str()).bind(objects).fetch_all(tx.conn()).await?)
}

/// Which of these objects of a kind are a product's in this account.
pub(super) async fn owned_in(
    tx: &mut Tx,
    product: &ProductSlug,
    account: &str,
    kind: &str,
    objects: &[&str],
) -> Result<Vec<String>> {
    let sql = "select object_id from ads_objects
         where product = $1 and account = $2 and kind = $3 and object_id = any ($4)";
    let query = sqlx::query_scalar(sql).bind(product.as_str()).bind(account).bind(kind).bind(objects);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Notes whose an object is that was made without an intent of its own.
pub(super) async fn own(tx: &mut Tx, object: &str, owner: &OwnerRow, hash: &[u8]) -> Result<()> {
    let sql = "insert into ads_objects (product, kind, account, object_id, idempotency_key, request_hash, busy_until)
         values ($1, $2, $3, $4, $5, $6, now()) on conflict (object_id) do nothing";
    sqlx::query(sql)
        .bind(&owner.product)
        .bind(&owner.kind)
        .bind(&owner.account)
        .bind(object)
        .bind(Uuid::now_v7().to_string())
        .bind(hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets an object that is deleted.
pub(super) async fn forget(tx: &mut Tx, object: &str) -> Result<()> {
    sqlx::query("delete from ads_objects where object_id = $1").bind(object).execute(tx.conn()).await?;
    Ok(())
}

/// A log whose rows are deleted when they were kept long enough.
#[derive(Clone, Copy, Debug)]
pub(super) enum Log {
    /// What became of conversions; those still to be sent are kept.
    Conversions,
    /// What was changed at Meta past the server.
    Changes,
}

impl Log {
    pub(super) const ALL: [Self; 2] = [Self::Conversions, Self::Changes];

    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Conversions => "attribution_events",
            Self::Changes => "ads_changes",
        }
    }

    /// Deletes its rows of before a time, the oldest first and at most so many.
    pub(super) async fn delete_before(self, tx: &mut Tx, before: DateTime<Utc>, at_most: i64) -> Result<u64> {
        let sql = match self {
            Self::Conversions => {
                "with old as (select id from attribution_events where id < acd.uuid_v7_floor($1) and state <> 'pending'
                    order by id limit $2 for update skip locked)
                 delete from attribution_events as e using old where e.id = old.id"
            }
            Self::Changes => {
                "with old as (select id from ads_changes where id < acd.uuid_v7_floor($1)
                    order by id limit $2 for update skip locked)
                 delete from ads_changes as c using old where c.id = old.id"
            }
        };
        Ok(sqlx::query(sql).bind(before).bind(at_most).execute(tx.conn()).await?.rows_affected())
    }
}
