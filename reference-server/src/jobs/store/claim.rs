//! Taking jobs that wait: each product in its turn, none beyond its limits.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow, query, query_as};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Limits that are looked at in one claim; those that were longest not looked at come first.
const LIMITS_AT_ONCE: i64 = 100;

/// Who claims what.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct Wanted<'a> {
    pub(in crate::jobs) kinds: &'a [String],
    /// Only this product's; of every product and the platform in turn when none is named.
    pub(in crate::jobs) product: Option<&'a str>,
    pub(in crate::jobs) most: i64,
    pub(in crate::jobs) worker: &'a str,
    pub(in crate::jobs) lease_id: Uuid,
    pub(in crate::jobs) lease_until: DateTime<Utc>,
    pub(in crate::jobs) now: DateTime<Utc>,
}

/// A job that was claimed.
#[derive(Clone, Debug, FromRow)]
pub(in crate::jobs) struct Claimed {
    pub(in crate::jobs) id: Uuid,
    pub(in crate::jobs) product: Option<String>,
    pub(in crate::jobs) kind: String,
    pub(in crate::jobs) payload: Value,
    pub(in crate::jobs) attempt: i32,
    pub(in crate::jobs) run_at: DateTime<Utc>,
    pub(in crate::jobs) limit_key: Option<String>,
}

/// A limit that lets something start, locked: nobody else starts jobs under it until the transaction ends.
#[derive(Debug, FromRow)]
pub(in crate::jobs) struct OpenLimit {
    id: Uuid,
    product: String,
    key: String,
    max_running: Option<i32>,
    tokens: Option<f64>,
}

/// The tokens in the bucket of a limit at `$2`.
const TOKENS: &str = "least(l.burst, l.tokens
    + greatest(0, extract(epoch from $2::timestamptz - l.refilled_at)::float8 * 1000 / l.rate_period_ms * l.rate_count))";

/// Locks the limits under which jobs wait and something may start. Those that another claim has are left to it.
pub(in crate::jobs) async fn open_limits(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Vec<OpenLimit>> {
    let sql = format!(
        "select l.id, coalesce(l.product, '') as product, l.key, l.max_running,
            case when l.rate_count is not null then {TOKENS} end as tokens
         from shared_job_limits as l
         where ($3::text is null or l.product = $3) and (l.rate_count is null or {TOKENS} >= 0.999999)
            and exists (select from shared_jobs as j where j.state = 'pending' and j.limit_key = l.key
                and coalesce(j.product, '') = coalesce(l.product, '') and j.kind = any($1))
         order by l.claimed_at nulls first limit $4 for update skip locked"
    );
    Ok(query_as(AssertSqlSafe(sql))
        .bind(wanted.kinds)
        .bind(wanted.now)
        .bind(wanted.product)
        .bind(LIMITS_AT_ONCE)
        .fetch_all(tx.conn())
        .await?)
}

/// Takes from the locked limits what was claimed under them.
pub(in crate::jobs) async fn take_tokens(
    tx: &mut Tx,
    limits: &[OpenLimit],
    claimed: &[Claimed],
    now: DateTime<Utc>,
) -> Result<()> {
    let used = |limit: &OpenLimit| {
        let under = |job: &&Claimed| {
            job.limit_key.as_deref() == Some(&limit.key) && job.product.as_deref().unwrap_or_default() == limit.product
        };
        claimed.iter().filter(under).count() as f64
    };
    query(
        "update shared_job_limits as l set tokens = t.tokens, refilled_at = $3, claimed_at = $3
         from unnest($1::uuid[], $2::float8[]) as t (id, tokens) where l.id = t.id",
    )
    .bind(limits.iter().map(|limit| limit.id).collect::<Vec<_>>())
    .bind(limits.iter().map(|limit| limit.tokens.map_or(0.0, |tokens| tokens - used(limit))).collect::<Vec<_>>())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first product that waits for a kind, and the next after each: one look into the index a product, however deep its
/// queue is.
const EVERY_PRODUCT: &str = "lanes (kind, product) as (
        select k.kind, (select coalesce(j.product, '') from shared_jobs as j
            where j.state = 'pending' and j.limit_key is null and j.kind = k.kind order by coalesce(j.product, '') limit 1)
        from unnest($1::text[]) as k (kind)
        union all
        select l.kind, (select coalesce(j.product, '') from shared_jobs as j
            where j.state = 'pending' and j.limit_key is null and j.kind = l.kind and coalesce(j.product, '') > l.product
            order by coalesce(j.product, '') limit 1)
        from lanes as l where l.product is not null and $2::text is null
    )";

const ONE_PRODUCT: &str = "lanes (kind, product) as (select k.kind, $2::text from unnest($1::text[]) as k (kind))";

/// Claims the jobs whose turn it is, and says whether jobs with a limit wait.
///
/// The turn of a job is how many of its product run or come before it. So a free worker goes to the product that has the
/// fewest, and chance decides between equals: even one job at a time leaves nobody out. Priorities count within a product.
pub(in crate::jobs) async fn claim(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    limits: &[OpenLimit],
) -> Result<(Vec<Claimed>, bool)> {
    let lanes = if wanted.product.is_some() { ONE_PRODUCT } else { EVERY_PRODUCT };
    // Others may lock some of the best while this looks; the more are looked at, the fewer claims come home with nothing.
    let sql = format!(
        "with recursive {lanes},
        busy (product, jobs) as (
            select coalesce(j.product, ''), count(*) from shared_jobs as j
            where j.state = 'running' and j.kind = any($1) group by 1
        ),
        waiting as (
            select l.product, j.id, j.priority, j.run_at
            from lanes as l cross join lateral (
                select j.id, j.priority, j.run_at from shared_jobs as j
                where j.state = 'pending' and j.limit_key is null and j.kind = l.kind and coalesce(j.product, '') = l.product
                order by j.priority desc, j.run_at, j.id limit $3 * 2 + 16) as j
            where l.product is not null
            union all
            select k.product, j.id, j.priority, j.run_at
            from (
                select k.product, k.key, least(floor(k.tokens + 0.000001), k.max_running - (
                    select count(*) from shared_jobs as j
                    where j.state = 'running' and j.limit_key = k.key and coalesce(j.product, '') = k.product)) as room
                from unnest($4::text[], $5::text[], $6::int[], $7::float8[]) as k (product, key, max_running, tokens)
            ) as k cross join lateral (
                select j.id, j.priority, j.run_at from shared_jobs as j
                where j.state = 'pending' and j.limit_key = k.key and coalesce(j.product, '') = k.product
                    and j.kind = any($1)
                order by j.priority desc, j.run_at, j.id limit greatest(0, least(k.room, $3))::bigint) as j
        ),
        ranked as (
            select w.id, coalesce(b.jobs, 0)
                + row_number() over (partition by w.product order by w.priority desc, w.run_at, w.id) as turn
            from waiting as w left join busy as b on b.product = w.product
        ),
        chosen as (
            select j.id from ranked as r join shared_jobs as j on j.id = r.id
            where j.state = 'pending' order by r.turn, random() limit $3 for update of j skip locked
        ),
        claimed as (
            update shared_jobs as j
            set state = 'running', attempt = j.attempt + 1, worker = $8, lease_id = $9, lease_until = $10, started_at = $11,
                progress = null, progress_note = null
            from chosen as c where j.id = c.id
            returning j.id, j.product, j.kind, j.payload, j.attempt, j.run_at, j.limit_key
        )
        select c.*, exists (select from shared_jobs as j where j.state = 'pending' and j.limit_key is not null
            and ($2::text is null or coalesce(j.product, '') = $2)) as is_limited
        from (values (true)) as always (row) left join claimed as c on true"
    );
    #[derive(FromRow)]
    struct Found {
        id: Option<Uuid>,
        product: Option<String>,
        kind: Option<String>,
        payload: Option<Value>,
        attempt: Option<i32>,
        run_at: Option<DateTime<Utc>>,
        limit_key: Option<String>,
        is_limited: bool,
    }
    let found: Vec<Found> = query_as(AssertSqlSafe(sql))
        .bind(wanted.kinds)
        .bind(wanted.product)
        .bind(wanted.most)
        .bind(limits.iter().map(|limit| limit.product.as_str()).collect::<Vec<_>>())
        .bind(limits.iter().map(|limit| limit.key.as_str()).collect::<Vec<_>>())
        .bind(limits.iter().map(|limit| limit.max_running).collect::<Vec<_>>())
        .bind(limits.iter().map(|limit| limit.tokens).collect::<Vec<_>>())
        .bind(wanted.worker)
        .bind(wanted.lease_id)
        .bind(wanted.lease_until)
        .bind(wanted.now)
        .fetch_all(tx.conn())
        .await?;
    let is_limited = found.iter().any(|row| row.is_limited);
    let job = |row: Found| {
        Some(Claimed {
            id: row.id?,
            product: row.product,
            kind: row.kind?,
            payload: row.payload?,
            attempt: row.attempt?,
            run_at: row.run_at?,
            limit_key: row.limit_key,
        })
    };
    Ok((found.into_iter().filter_map(job).collect(), is_limited))
}
