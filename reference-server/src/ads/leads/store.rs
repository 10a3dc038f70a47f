//! The SQL of leads.

use acd_meta::leads::LeadAnswer;
use acd_platform::ads::leads::{HubLead, LeadState};
use acd_platform::ads::sources::{MetaSource, MetaSourceKind};
use acd_platform::{HubLeadId, PersonId, ProductSlug};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::service::ToldLead;
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// Held by those who look up owners of leads, against those who change them: no lead is left over in between.
const OWNERS_LOCK: i64 = 7_215_346_211_015;

/// Waits until nobody changes owners, and keeps it so for this transaction.
pub(super) async fn hold_owners(tx: &mut Tx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock_shared($1)").bind(OWNERS_LOCK).execute(tx.conn()).await?;
    Ok(())
}

/// Waits until nobody looks up owners, and keeps it so for this transaction.
pub(super) async fn change_owners(tx: &mut Tx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(OWNERS_LOCK).execute(tx.conn()).await?;
    Ok(())
}

/// Stores leads that are not there yet, in their order, and gives each that is new with its owner: its form's, else its page's.
pub(super) async fn insert(
    tx: &mut Tx,
    told: &[ToldLead],
    received_at: DateTime<Utc>,
) -> Result<Vec<(Uuid, Option<String>)>> {
    macro_rules! column {
        (|$lead:ident| $value:expr) => {
            told.iter().map(|$lead| $value).collect::<Vec<_>>()
        };
    }
    Ok(sqlx::query_as(
        "insert into ads_leads (lead_id, page_id, form_id, filled_in_at, received_at, product)
         select n.lead_id, n.page_id, n.form_id, n.filled_in_at, $1, coalesce(form.product, page.product)
         from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
                as n (lead_id, page_id, form_id, filled_in_at, position)
            left join ads_sources as form on form.kind = 'form' and form.object_id = n.form_id
            left join ads_sources as page on page.kind = 'page' and page.object_id = n.page_id
         order by n.position
         on conflict (lead_id) do nothing
         returning id, product",
    )
    .bind(received_at)
    .bind(column!(|lead| lead.lead_id.as_str()))
    .bind(column!(|lead| lead.page_id.as_str()))
    .bind(column!(|lead| lead.form_id.as_str()))
    .bind(column!(|lead| lead.filled_in_at))
    .fetch_all(tx.conn())
    .await?)
}

/// Gives the leads of a source that nobody has to its owner.
pub(super) async fn assign(tx: &mut Tx, source: &MetaSource) -> Result<Vec<Uuid>> {
    let sql = match source.kind {
        MetaSourceKind::Page => "update ads_leads set product = $1 where product is null and page_id = $2 returning id",
        MetaSourceKind::Form => "update ads_leads set product = $1 where product is null and form_id = $2 returning id",
        _ => return Ok(Vec::new()),
    };
    Ok(sqlx::query_scalar(sql).bind(source.product.as_str()).bind(&source.object_id).fetch_all(tx.conn()).await?)
}

/// A lead that is to be fetched.
#[derive(Debug, FromRow)]
pub(super) struct PendingLead {
    pub(super) lead_id: String,
    pub(super) page_id: String,
    pub(super) form_id: String,
    pub(super) filled_in_at: Option<DateTime<Utc>>,
}

/// A lead of this product that is not captured yet.
pub(super) async fn pending(tx: &mut Tx, id: Uuid, product: &ProductSlug) -> Result<Option<PendingLead>> {
    let sql = "select lead_id, page_id, form_id, filled_in_at from ads_leads
         where id = $1 and product = $2 and captured_at is null";
    Ok(sqlx::query_as(sql).bind(id).bind(product.as_str()).fetch_optional(tx.conn()).await?)
}

/// What was fetched.
#[derive(Debug)]
pub(super) struct Captured<'a> {
    pub(super) campaign_id: Option<&'a str>,
    pub(super) adset_id: Option<&'a str>,
    pub(super) ad_id: Option<&'a str>,
    pub(super) is_organic: Option<bool>,
    pub(super) platform: Option<&'a str>,
    pub(super) answers: Value,
    pub(super) person: Uuid,
    pub(super) anonymous_id: &'a str,
    pub(super) filled_in_at: Option<DateTime<Utc>>,
}

/// Notes what was fetched; false when it was noted before.
pub(super) async fn captured(tx: &mut Tx, id: Uuid, lead: &Captured<'_>, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update ads_leads set campaign_id = $2, adset_id = $3, ad_id = $4, is_organic = $5, platform = $6, answers = $7,
            person_id = $8, anonymous_id = $9, filled_in_at = coalesce($10, filled_in_at), captured_at = $11,
            last_error = null
         where id = $1 and captured_at is null",
    )
    .bind(id)
    .bind(lead.campaign_id)
    .bind(lead.adset_id)
    .bind(lead.ad_id)
    .bind(lead.is_organic)
    .bind(lead.platform)
    .bind(&lead.answers)
    .bind(lead.person)
    .bind(lead.anonymous_id)
    .bind(lead.filled_in_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes why a lead could not be fetched.
pub(super) async fn failed(tx: &mut Tx, id: Uuid, error: &str) -> Result<()> {
    let sql = "update ads_leads set last_error = left($2, 2000) where id = $1 and captured_at is null";
    sqlx::query(sql).bind(id).bind(error).execute(tx.conn()).await?;
    Ok(())
}

#[derive(FromRow)]
pub(super) struct LeadRow {
    pub(super) id: Uuid,
    lead_id: String,
    product: Option<String>,
    page_id: String,
    form_id: String,
    campaign_id: Option<String>,
    adset_id: Option<String>,
    ad_id: Option<String>,
    is_organic: Option<bool>,
    platform: Option<String>,
    answers: Json<Vec<LeadAnswer>>,
    person_id: Option<Uuid>,
    anonymous_id: Option<String>,
    last_error: Option<String>,
    filled_in_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    captured_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "id, lead_id, product, page_id, form_id, campaign_id, adset_id, ad_id, is_organic, platform, answers,
    person_id, anonymous_id, last_error, filled_in_at, received_at, captured_at";

impl TryFrom<LeadRow> for HubLead {
    type Error = Problem;

    fn try_from(row: LeadRow) -> Result<Self> {
        let state = match (&row.product, row.captured_at) {
            (_, Some(_)) => LeadState::Captured,
            (Some(_), None) => LeadState::Pending,
            (None, None) => LeadState::Unassigned,
        };
        Ok(Self {
            id: HubLeadId::from(row.id),
            lead_id: row.lead_id.into(),
            product: row.product.map(|product| product.parse()).transpose().map_err(Problem::internal)?,
            state,
            page_id: row.page_id.into(),
            form_id: row.form_id.into(),
            campaign_id: row.campaign_id.map(Into::into),
            adset_id: row.adset_id.map(Into::into),
            ad_id: row.ad_id.map(Into::into),
            is_organic: row.is_organic,
            platform: row.platform,
            answers: row.answers.0,
            person_id: row.person_id.map(PersonId::from),
            anonymous_id: row.anonymous_id,
            last_error: row.last_error,
            filled_in_at: row.filled_in_at,
            received_at: row.received_at,
            captured_at: row.captured_at,
        })
    }
}

/// What to list.
pub(super) struct Filter<'a> {
    pub(super) product: Option<&'a ProductSlug>,
    pub(super) state: Option<LeadState>,
    pub(super) form_id: Option<&'a str>,
    pub(super) below: Option<Uuid>,
}

/// Leads of a filter, newest first.
pub(super) async fn list(tx: &mut Tx, filter: &Filter<'_>, rows: i64) -> Result<Vec<LeadRow>> {
    let mut sql = QueryBuilder::new(format!("select {COLUMNS} from ads_leads where true"));
    if let Some(product) = filter.product {
        sql.push(" and product = ").push_bind(product.as_str());
    }
    match filter.state {
        None => {}
        Some(LeadState::Unassigned) => {
            sql.push(" and product is null");
        }
        Some(LeadState::Pending) => {
            sql.push(" and product is not null and captured_at is null");
        }
        Some(_) => {
            sql.push(" and captured_at is not null");
        }
    }
    if let Some(form_id) = filter.form_id {
        sql.push(" and form_id = ").push_bind(form_id);
    }
    if let Some(below) = filter.below {
        sql.push(" and id < ").push_bind(below);
    }
    sql.push(" order by id desc limit ").push_bind(rows);
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}

/// One lead.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<LeadRow>> {
    let sql = format!("select {COLUMNS} from ads_leads where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}
