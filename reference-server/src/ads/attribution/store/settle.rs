//! Rules that are to be applied to the events that were there before every replica knew them.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::rules::{COLUMNS, RuleRow};
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// A rule that has events to look at.
#[derive(FromRow)]
pub(in crate::ads::attribution) struct Unsettled {
    #[sqlx(flatten)]
    pub(in crate::ads::attribution) rule: RuleRow,
    pub(in crate::ads::attribution) applied_to: Uuid,
    pub(in crate::ads::attribution) since: DateTime<Utc>,
}

/// The oldest rule made before a time that is not settled and that no other replica is at work on, locked until the
/// transaction ends.
pub(in crate::ads::attribution) async fn next(tx: &mut Tx, made_before: DateTime<Utc>) -> Result<Option<Unsettled>> {
    let sql = format!(
        "select {COLUMNS}, applied_to, created_at as since from conversion_rules
         where settled_at is null and ended_at is null and created_at <= $1 order by id limit 1 for update skip locked"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(made_before).fetch_optional(tx.conn()).await?)
}

/// Notes how far a rule was applied, and when it was settled.
pub(in crate::ads::attribution) async fn note(
    tx: &mut Tx,
    rule: Uuid,
    to: Uuid,
    settled: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query("update conversion_rules set applied_to = $2, settled_at = $3 where id = $1")
        .bind(rule)
        .bind(to)
        .bind(settled)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Deletes at most this many conversions of rules that ended, and says how many.
pub(in crate::ads::attribution) async fn purge(tx: &mut Tx, most: i64) -> Result<u64> {
    let done = sqlx::query(
        "delete from shared_conversions where (event_id, rule_id) in (
            select c.event_id, c.rule_id from conversion_rules as r cross join lateral (
                select event_id, rule_id from shared_conversions where rule_id = r.id limit $1
            ) as c
            where r.ended_at is not null limit $1)",
    )
    .bind(most)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
