//! The SQL of the seed.

use chrono::NaiveDate;
use sqlx::AssertSqlSafe;

use super::TableReport;
use super::rows::Row;
use crate::events::ensure_partitions;
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Rows a statement: some megabytes of JSON.
const CHUNK: usize = 5_000;

/// Makes the partitions of these days.
pub(super) async fn make_partitions(db: &Db, first: NaiveDate, last: NaiveDate) -> Result<()> {
    let mut tx = db.scoped(&Principal::service(RequestId::new())).await?;
    ensure_partitions(&mut tx, first, last).await?;
    tx.commit().await
}

/// Inserts the rows that are not there yet, all or none.
pub(super) async fn insert<R: Row>(db: &Db, rows: &[R]) -> Result<TableReport> {
    let table = R::TABLE;
    // Quoted, because some columns are named like types.
    let columns = R::COLUMNS.split(", ").map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
    // The table's own row type names every column's type, so one statement serves all tables.
    let sql = format!(
        "insert into {table} ({columns})
         select {columns} from json_populate_recordset(null::{table}, $1::json) on conflict do nothing"
    );
    let mut tx = db.scoped(&Principal::service(RequestId::new())).await?;
    let mut inserted = 0;
    for chunk in rows.chunks(CHUNK) {
        let json = serde_json::to_string(chunk).map_err(Problem::internal)?;
        let done = sqlx::query(AssertSqlSafe(sql.clone())).persistent(false).bind(json).execute(tx.conn()).await?;
        inserted += usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
    }
    tx.commit().await?;
    Ok(TableReport { table, inserted, unchanged: rows.len().saturating_sub(inserted) })
}
