//! Ad accounts: what is known of them, and up to when changes of their objects were read.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, FromRow};

use super::objects::ObjectKind;
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// What Meta said of an account.
#[derive(FromRow)]
pub(in crate::ads::performance) struct AccountRow {
    pub(in crate::ads::performance) currency: String,
    pub(in crate::ads::performance) time_zone: String,
    pub(in crate::ads::performance) read_at: DateTime<Utc>,
}

pub(in crate::ads::performance) async fn get(tx: &mut Tx, account: &str) -> Result<Option<AccountRow>> {
    let sql = "select currency, time_zone, read_at from shared.ads_account_syncs where account = $1";
    Ok(sqlx::query_as(sql).bind(account).fetch_optional(tx.conn()).await?)
}

pub(in crate::ads::performance) async fn put(tx: &mut Tx, account: &str, row: &AccountRow) -> Result<()> {
    sqlx::query(
        "insert into shared.ads_account_syncs (account, currency, time_zone, read_at) values ($1, $2, $3, $4)
         on conflict (account) do update set currency = excluded.currency, time_zone = excluded.time_zone,
            read_at = greatest(ads_account_syncs.read_at, excluded.read_at)",
    )
    .bind(account)
    .bind(&row.currency)
    .bind(&row.time_zone)
    .bind(row.read_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Every account that a product may use.
pub(in crate::ads::performance) async fn in_use(tx: &mut Tx) -> Result<Vec<String>> {
    let sql = "select distinct account from ads_account_products order by account";
    Ok(sqlx::query_scalar(sql).fetch_all(tx.conn()).await?)
}

/// Up to which of Meta's times the changes of a kind of object were read.
pub(in crate::ads::performance) async fn until(
    tx: &mut Tx,
    account: &str,
    kind: ObjectKind,
) -> Result<Option<DateTime<Utc>>> {
    let sql = format!("select {} from shared.ads_account_syncs where account = $1", kind.mark());
    let found: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(account).fetch_optional(tx.conn()).await?;
    Ok(found.flatten())
}

/// Notes it; it never goes back.
pub(in crate::ads::performance) async fn set_until(
    tx: &mut Tx,
    account: &str,
    kind: ObjectKind,
    until: DateTime<Utc>,
) -> Result<()> {
    let mark = kind.mark();
    let sql = format!("update shared.ads_account_syncs set {mark} = greatest({mark}, $2) where account = $1");
    sqlx::query(AssertSqlSafe(sql)).bind(account).bind(until).execute(tx.conn()).await?;
    Ok(())
}
