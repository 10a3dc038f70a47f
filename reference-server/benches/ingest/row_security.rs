//! What row security costs: the same statements with it on and off.

use std::time::{Duration, Instant};

use acd_server::kernel::db::begin_statement;
use acd_server::kernel::principal::{Actor, Principal};
use acd_server::kernel::request_id::RequestId;
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

/// Reads a second by primary key.
#[derive(Default)]
pub(super) struct Reads {
    /// As a request does it: transaction, role and claims, read, commit.
    pub(super) whole: Vec<f64>,
    /// The read alone, inside one transaction.
    pub(super) bare: Vec<f64>,
}

/// Reads with row security on and off, in turns.
pub(super) async fn primary_key_reads(sql: &mut PgConnection) -> Result<(Reads, Reads)> {
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from shared_events limit 5000").fetch_all(&mut *sql).await?;
    let (mut guarded, mut open) = (Reads::default(), Reads::default());
    for round in 0..=ROUNDS {
        for (reads, guard) in [(&mut guarded, true), (&mut open, false)] {
            if guard {
                on(sql).await?;
            } else {
                off(sql).await?;
            }
            let (whole, bare) = (whole(sql, &ids).await?, bare(sql, &ids).await?);
            // The first round warms caches.
            if round > 0 {
                reads.whole.push(whole);
                reads.bare.push(bare);
            }
        }
    }
    on(sql).await?;
    Ok((guarded, open))
}

fn begin() -> String {
    let actor = Actor::Product("portal28".parse().unwrap_or_else(|_| unreachable!("a constant that is a slug")));
    let principal = Principal { actor, scopes: Vec::new(), request_id: RequestId::new() };
    begin_statement(&principal, Duration::from_secs(30)) + "; set local plan_cache_mode = force_generic_plan"
}

async fn whole(sql: &mut PgConnection, ids: &[Uuid]) -> Result<f64> {
    let begin = begin();
    let started = Instant::now();
    for id in ids.iter().cycle().take(READS / 4) {
        let mut tx = sql.begin_with(AssertSqlSafe(begin.clone())).await?;
        read(&mut tx, id).await?;
        tx.commit().await?;
    }
    Ok((READS / 4) as f64 / started.elapsed().as_secs_f64())
}

async fn bare(sql: &mut PgConnection, ids: &[Uuid]) -> Result<f64> {
    let mut tx = sql.begin_with(AssertSqlSafe(begin())).await?;
    let started = Instant::now();
    for id in ids.iter().cycle().take(READS) {
        read(&mut tx, id).await?;
    }
    let rate = READS as f64 / started.elapsed().as_secs_f64();
    tx.commit().await?;
    Ok(rate)
}

async fn read(sql: &mut PgConnection, id: &Uuid) -> Result<()> {
    let found: Option<(Uuid, String)> =
        sqlx::query_as("select id, message_id from shared_events where id = $1").bind(id).fetch_optional(sql).await?;
    found.map(drop).ok_or_else(|| "a row that is there was not found".into())
}
