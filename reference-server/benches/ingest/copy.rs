//! The bound: COPY of the same rows into the same table with the same indexes, in one transaction.

use std::time::Instant;

use futures_util::TryStreamExt;
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

use super::Result;

/// The rows as COPY writes them.
pub(super) async fn read(sql: &mut PgConnection) -> Result<Vec<u8>> {
    let chunks: Vec<bytes::Bytes> =
        sqlx::postgres::PgConnection::copy_out_raw(sql, "copy (select * from shared_events) to stdout")
            .await?
            .try_collect()
            .await?;
    Ok(chunks.concat())
}

/// Rows a second.
pub(super) async fn write(sql: &mut PgConnection, rows: &[u8]) -> Result<f64> {
    let started = Instant::now();
    let mut copy: PgCopyIn<&mut PgConnection> = sql.copy_in_raw("copy shared_events from stdin").await?;
    for chunk in rows.chunks(256 * 1024) {
        copy.send(chunk).await?;
    }
    let stored = copy.finish().await?;
    Ok(stored as f64 / started.elapsed().as_secs_f64())
}
