use acd_meta::{AdAccountId, AdLabelId, CampaignId};
use acd_platform::ads::publications::{ItemProblem, Publication, PublicationCounts, PublicationState};
use acd_platform::{AdTemplateId, JobId, ProductSlug, PublicationId};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// What a publication shows, with its ads by where they stand.
const SHOWN: &str =
    "select p.id, p.product, p.account, p.name, p.template_id, p.source_campaign_id, p.state, p.problem, p.job_id,
        p.request_hash, p.cancel_requested_at, p.created_at, p.finished_at, c.*
     from ads_publications as p
     cross join lateral (
        select count(*) filter (where i.kind = 'ad') as ads,
            count(*) filter (where i.kind = 'ad' and i.state = 'created') as created,
            count(*) filter (where i.kind = 'ad' and i.state = 'failed') as failed,
            count(*) filter (where i.kind = 'ad' and i.state = 'not_tried') as not_tried,
            max(i.object_id) filter (where i.kind = 'campaign') as campaign_id
        from ads_publication_items as i where i.publication_id = p.id) as c";

/// A publication as it is shown.
#[derive(FromRow)]
pub(in crate::ads::publishing) struct PublicationRow {
    pub(in crate::ads::publishing) id: Uuid,
    product: String,
    account: String,
    name: Option<String>,
    template_id: Option<Uuid>,
    source_campaign_id: Option<String>,
    state: String,
    problem: Option<Json<ItemProblem>>,
    job_id: Option<Uuid>,
    pub(in crate::ads::publishing) request_hash: Vec<u8>,
    cancel_requested_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    ads: i64,
    created: i64,
    failed: i64,
    not_tried: i64,
    campaign_id: Option<String>,
}

impl TryFrom<PublicationRow> for Publication {
    type Error = Problem;

    fn try_from(row: PublicationRow) -> Result<Self> {
        let count = |count: i64| u32::try_from(count).map_err(Problem::internal);
        let (ads, created, failed, not_tried) =
            (count(row.ads)?, count(row.created)?, count(row.failed)?, count(row.not_tried)?);
        let job = row.job_id.ok_or_else(|| Problem::internal("a publication has no job"))?;
        Ok(Self {
            id: PublicationId::from(row.id),
            product: row.product.parse().map_err(Problem::internal)?,
            account: AdAccountId::from(row.account.as_str()),
            name: row.name,
            template_id: row.template_id.map(AdTemplateId::from),
            source_campaign_id: row.source_campaign_id.map(CampaignId::from),
            state: row.state.parse().map_err(Problem::internal)?,
            counts: PublicationCounts { ads, created, failed, not_tried, waiting: ads - created - failed - not_tried },
            campaign_id: row.campaign_id.map(CampaignId::from),
            problem: row.problem.map(|problem| problem.0),
            job_id: JobId::from(job),
            cancel_requested_at: row.cancel_requested_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

/// A publication to be stored.
#[derive(Clone, Copy)]
pub(in crate::ads::publishing) struct New<'a> {
    pub(in crate::ads::publishing) id: Uuid,
    pub(in crate::ads::publishing) product: &'a ProductSlug,
    pub(in crate::ads::publishing) account: &'a AdAccountId,
    pub(in crate::ads::publishing) name: Option<&'a str>,
    pub(in crate::ads::publishing) template: Option<AdTemplateId>,
    pub(in crate::ads::publishing) source: Option<&'a str>,
    pub(in crate::ads::publishing) key: Option<&'a str>,
    pub(in crate::ads::publishing) hash: &'a [u8],
    pub(in crate::ads::publishing) now: DateTime<Utc>,
}

/// Stores a publication; false when its idempotency key is taken.
pub(in crate::ads::publishing) async fn insert(tx: &mut Tx, new: New<'_>) -> Result<bool> {
    let sql =
        "insert into ads_publications (id, product, account, name, template_id, source_campaign_id, idempotency_key,
            request_hash, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (product, idempotency_key) do nothing";
    let done = query(sql)
        .bind(new.id)
        .bind(new.product.as_str())
        .bind(new.account.to_string())
        .bind(new.name)
        .bind(new.template.map(AdTemplateId::uuid))
        .bind(new.source)
        .bind(new.key)
        .bind(new.hash)
        .bind(new.now)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Says which job carries it out.
pub(in crate::ads::publishing) async fn set_job(tx: &mut Tx, id: Uuid, job: JobId) -> Result<()> {
    query("update ads_publications set job_id = $2 where id = $1").bind(id).bind(job.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// A publication, if the caller may see it.
pub(in crate::ads::publishing) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<PublicationRow>> {
    let sql = format!("{SHOWN} where p.id = $1");
    Ok(query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// The publication that this key made.
pub(in crate::ads::publishing) async fn by_key(
    tx: &mut Tx,
    product: &ProductSlug,
    key: &str,
) -> Result<Option<PublicationRow>> {
    let sql = format!("{SHOWN} where p.product = $1 and p.idempotency_key = $2");
    Ok(query_as(AssertSqlSafe(sql)).bind(product.as_str()).bind(key).fetch_optional(tx.conn()).await?)
}

/// Publications, newest first.
pub(in crate::ads::publishing) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    state: Option<PublicationState>,
    below: Option<Uuid>,
    rows: i64,
) -> Result<Vec<PublicationRow>> {
    let sql = format!(
        "{SHOWN} where ($1::text is null or p.product = $1) and ($2::text is null or p.state = $2)
            and ($3::uuid is null or p.id < $3) order by p.id desc limit $4"
    );
    Ok(query_as(AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(state.map(PublicationState::as_str))
        .bind(below)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// A publication that is locked until the transaction ends.
#[derive(FromRow)]
pub(in crate::ads::publishing) struct Locked {
    pub(in crate::ads::publishing) product: String,
    pub(in crate::ads::publishing) state: String,
    pub(in crate::ads::publishing) run: i32,
}

/// Locks a publication.
pub(in crate::ads::publishing) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Locked>> {
    let sql = "select product, state, run from ads_publications where id = $1 for update";
    Ok(query_as(sql).bind(id).fetch_optional(tx.conn()).await?)
}

/// What its holder needs to know of a publication.
#[derive(FromRow)]
pub(in crate::ads::publishing) struct Held {
    pub(in crate::ads::publishing) product: String,
    pub(in crate::ads::publishing) account: String,
    pub(in crate::ads::publishing) label_id: Option<String>,
}

/// Becomes the holder of a publication in this run of it; nothing when there is nothing left to do in it.
pub(in crate::ads::publishing) async fn hold(tx: &mut Tx, id: Uuid, run: i32, holder: Uuid) -> Result<Option<Held>> {
    let sql = "update ads_publications set state = 'running', holder = $3
         where id = $1 and run = $2 and state in ('waiting', 'running') returning product, account, label_id";
    Ok(query_as(sql).bind(id).bind(run).bind(holder).fetch_optional(tx.conn()).await?)
}

/// Locks a publication for its holder, and tells whether it was called off; nothing when another holds it by now.
pub(in crate::ads::publishing) async fn lock_held(tx: &mut Tx, id: Uuid, holder: Uuid) -> Result<Option<bool>> {
    let sql = "select cancel_requested_at is not null from ads_publications where id = $1 and holder = $2 for update";
    Ok(query_scalar(sql).bind(id).bind(holder).fetch_optional(tx.conn()).await?)
}

/// Keeps the label that everything of it carries.
pub(in crate::ads::publishing) async fn set_label(tx: &mut Tx, id: Uuid, label: &AdLabelId) -> Result<()> {
    let sql = "update ads_publications set label_id = $2 where id = $1";
    query(sql).bind(id).bind(label.as_str()).execute(tx.conn()).await?;
    Ok(())
}

/// Says why it does not go on, or that it does.
pub(in crate::ads::publishing) async fn set_problem(
    tx: &mut Tx,
    id: Uuid,
    problem: Option<&ItemProblem>,
) -> Result<()> {
    let sql = "update ads_publications set problem = $2 where id = $1 and problem is distinct from $2";
    query(sql).bind(id).bind(problem.map(Json)).execute(tx.conn()).await?;
    Ok(())
}

/// Calls it off, unless it was before.
pub(in crate::ads::publishing) async fn request_cancel(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let sql = "update ads_publications set cancel_requested_at = coalesce(cancel_requested_at, $2) where id = $1";
    query(sql).bind(id).bind(now).execute(tx.conn()).await?;
    Ok(())
}

/// Ends it.
pub(in crate::ads::publishing) async fn finish(
    tx: &mut Tx,
    id: Uuid,
    state: PublicationState,
    now: DateTime<Utc>,
) -> Result<()> {
    let sql = "update ads_publications set state = $2, finished_at = $3, holder = null, problem = null where id = $1";
    query(sql).bind(id).bind(state.as_str()).bind(now).execute(tx.conn()).await?;
    Ok(())
}

/// Opens it again, as another run, whose number it gives.
pub(in crate::ads::publishing) async fn reopen(tx: &mut Tx, id: Uuid) -> Result<i32> {
    let sql = "update ads_publications set state = 'waiting', run = run + 1, holder = null, cancel_requested_at = null,
            finished_at = null, problem = null where id = $1 returning run";
    Ok(query_scalar(sql).bind(id).fetch_one(tx.conn()).await?)
}

/// Deletes publications that ended before this time, at most so many, and says how many it were. One that somebody opens again
/// meanwhile stays.
pub(in crate::ads::publishing) async fn delete_ended(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let done = query(
        "with old as (
            select id from ads_publications where finished_at < $1
            order by finished_at limit $2 for update skip locked)
         delete from ads_publications as p using old where p.id = old.id",
    )
    .bind(before)
    .bind(most)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
