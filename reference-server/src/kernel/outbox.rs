//! What a change causes, written in the change's own transaction.

use acd_platform::ProductSlug;
use sqlx::FromRow;
use uuid::Uuid;

use super::db::{Db, Tx};
use super::principal::Principal;
use super::problem::Result;
use super::request_id::RequestId;

/// Adds a row to the outbox inside the transaction of the change.
pub async fn push(
    tx: &mut Tx,
    topic: &'static str,
    product: Option<&ProductSlug>,
    payload: &serde_json::Value,
    request_id: &RequestId,
) -> Result<()> {
    sqlx::query("insert into events_outbox (topic, product, payload, request_id) values ($1, $2, $3, $4)")
        .bind(topic)
        .bind(product.map(ProductSlug::as_str))
        .bind(payload)
        .bind(request_id.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct Entry {
    id: Uuid,
    topic: String,
    product: Option<String>,
    payload: serde_json::Value,
    request_id: Option<String>,
}

/// Relays what waits, oldest first, and returns how many it were. Replicas share the work: each row goes to one.
///
/// The receiver of every entry is the structured log, where alerts and audits pick it up by topic.
pub async fn relay(db: &Db) -> Result<usize> {
    let mut tx = db.scoped(&Principal::service(RequestId::new())).await?;
    let entries: Vec<Entry> = sqlx::query_as(
        "update events_outbox set relayed_at = now() where id in (
            select id from events_outbox where relayed_at is null order by id limit 500 for update skip locked)
         returning id, topic, product, payload, request_id",
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query("delete from events_outbox where relayed_at < now() - interval '7 days'").execute(tx.conn()).await?;
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from events_outbox where relayed_at is null").fetch_one(tx.conn()).await?;
    // Before the commit: a crash in between repeats a line, it never loses one.
    for Entry { id, topic, product, payload, request_id } in &entries {
        tracing::info!(target: "acd_server::outbox", %id, topic, product, %payload, request_id, "relayed");
    }
    tx.commit().await?;
    metrics::gauge!("acd_outbox_waiting").set(waiting as f64);
    Ok(entries.len())
}
