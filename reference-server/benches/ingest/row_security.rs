//! What row security costs: the same statements with it on and off.

use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use super::{ROUNDS, Result};

const READS: usize = 20_000;

/// Takes row security off the events.
pub(super) async fn off(sql: &mut PgConnection) -> Result<()> {
    set(sql, "disable", "no force").await
}

/// Puts it on again.
pub(super) async fn on(sql: &mut PgConnection) -> Result<()> {
    set(sql, "enable", "force").await
}

async fn set(sql: &mut PgConnection, able: &str, force: &str) -> Result<()> {
    for change in [able, force] {
        sqlx::query(AssertSqlSafe(format!("alter table shared_events {change} row level security")))
            .execute(&mut *sql)
            .await?;
    }
    Ok(())
}

/// Reads a second by primary key, with row security on and off, in turns.
pub(super) async fn primary_key_reads(sql: &mut PgConnection) -> Result<(Vec<f64>, Vec<f64>)> {
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from shared_events limit 5000").fetch_all(&mut *sql).await?;
    let (mut guarded, mut open) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        guarded.push(read(sql, &ids).await?);
        off(sql).await?;
        open.push(read(sql, &ids).await?);
        on(sql).await?;
    }
    Ok((guarded, open))
}

async fn read(sql: &mut PgConnection, ids: &[Uuid]) -> Result<f64> {
    let mut tx = sql.begin().await?;
    sqlx::raw_sql("set local role acd_product; set local acd.product = 'portal28'").execute(&mut *tx).await?;
    let started = Instant::now();
    for id in ids.iter().cycle().take(READS) {
        let found: Option<(Uuid, String)> = sqlx::query_as("select id, message_id from shared_events where id = $1")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        if found.is_none() {
            return Err("a row that is there was not found".into());
        }
    }
    let rate = READS as f64 / started.elapsed().as_secs_f64();
    tx.commit().await?;
    Ok(rate)
}
