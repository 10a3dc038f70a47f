//! The SQL of pools.

use std::collections::BTreeMap;

use sqlx::FromRow;
use sqlx::types::Json;

use super::ledger::Ledger;
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

#[derive(FromRow)]
pub(super) struct PoolRow {
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) state: Json<Ledger>,
    pub(super) weights: Json<BTreeMap<String, u32>>,
}

const COLUMNS: &str = "p.name, p.scope, p.state, (
        select coalesce(jsonb_object_agg(a.product, a.weight), '{}')
        from public.ads_account_products as a where a.account = p.scope) as weights";

/// The rows of these pools, locked in one order by everybody. A pool that is new has none.
pub(super) async fn lock(tx: &mut Tx, names: &[&str], scopes: &[&str]) -> Result<Vec<PoolRow>> {
    let sql = format!(
        "select {COLUMNS} from shared.ads_pool as p
         where (p.name, p.scope) in (select * from unnest($1::text[], $2::text[]))
         order by p.name, p.scope for update of p"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(names).bind(scopes).fetch_all(tx.conn()).await?)
}

/// Makes rows for pools that are new.
pub(super) async fn create(tx: &mut Tx, names: &[&str], scopes: &[&str]) -> Result<()> {
    sqlx::query(
        "insert into shared.ads_pool (name, scope)
         select name, scope from unnest($1::text[], $2::text[]) as new (name, scope) order by 1, 2
         on conflict do nothing",
    )
    .bind(names)
    .bind(scopes)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores the rows as they are now.
pub(super) async fn save(tx: &mut Tx, rows: &[PoolRow]) -> Result<()> {
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let scopes: Vec<&str> = rows.iter().map(|row| row.scope.as_str()).collect();
    let states: Vec<&Json<Ledger>> = rows.iter().map(|row| &row.state).collect();
    sqlx::query(
        "update shared.ads_pool as p set state = new.state, updated_at = now()
         from unnest($1::text[], $2::text[], $3::jsonb[]) as new (name, scope, state)
         where p.name = new.name and p.scope = new.scope",
    )
    .bind(names)
    .bind(scopes)
    .bind(states)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Every pool, or those of these owners.
pub(super) async fn all(tx: &mut Tx, scopes: Option<&[String]>) -> Result<Vec<PoolRow>> {
    let sql = format!(
        "select {COLUMNS} from shared.ads_pool as p where $1::text[] is null or p.scope = any ($1)
         order by p.scope, p.name"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(scopes).fetch_all(tx.conn()).await?)
}
