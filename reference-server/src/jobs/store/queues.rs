//! Counting.

use acd_platform::ProductSlug;
use acd_platform::jobs::JobQueue;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, query_as};

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

#[derive(FromRow)]
struct QueueRow {
    product: Option<String>,
    kind: String,
    pending: i64,
    scheduled: i64,
    running: i64,
    dead: i64,
    oldest_wait: f64,
    succeeded: i64,
    mean_wait: f64,
}

/// The jobs of each product and kind, counted. Finished ones are counted for a minute, dead ones while they are kept.
pub(in crate::jobs) async fn queues(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    now: DateTime<Utc>,
) -> Result<Vec<JobQueue>> {
    // One branch an index: a single condition over all of them would read the whole table.
    let rows: Vec<QueueRow> = query_as(
        "with counted as (
            select product, kind, state, run_at, null::float8 as waited from shared_jobs
            where state = 'pending' and limit_key is null
            union all
            select product, kind, state, run_at, null from shared_jobs where state = 'pending' and limit_key is not null
            union all
            select product, kind, state, null, null from shared_jobs where state = 'scheduled'
            union all
            select product, kind, state, null, null from shared_jobs where state = 'running'
            union all
            select product, kind, state, null, null from shared_jobs where state = 'dead'
            union all
            select product, kind, state, null, extract(epoch from started_at - run_at)::float8 from shared_jobs
            where finished_at > $1::timestamptz - interval '1 minute' and state = 'succeeded'
         )
         select product, kind,
            count(*) filter (where state = 'pending') as pending,
            count(*) filter (where state = 'scheduled') as scheduled,
            count(*) filter (where state = 'running') as running,
            count(*) filter (where state = 'dead') as dead,
            coalesce(greatest(0, extract(epoch from $1 - min(run_at)))::float8, 0) as oldest_wait,
            count(*) filter (where state = 'succeeded') as succeeded,
            coalesce(greatest(0, avg(waited)), 0) as mean_wait
         from counted where $2::text is null or product = $2
         group by product, kind order by product nulls first, kind limit 1000",
    )
    .bind(now)
    .bind(product.map(ProductSlug::as_str))
    .fetch_all(tx.conn())
    .await?;
    let queue = |row: QueueRow| {
        Ok(JobQueue {
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            kind: row.kind,
            pending: row.pending.unsigned_abs(),
            scheduled: row.scheduled.unsigned_abs(),
            running: row.running.unsigned_abs(),
            dead: row.dead.unsigned_abs(),
            oldest_wait_seconds: row.oldest_wait,
            succeeded_last_minute: row.succeeded.unsigned_abs(),
            mean_wait_seconds: row.mean_wait,
        })
    };
    rows.into_iter().map(queue).collect()
}
