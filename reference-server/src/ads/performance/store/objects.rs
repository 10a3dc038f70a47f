//! Campaigns, ad sets and ads as Meta last showed them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// A kind of object whose changes are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ads::performance) enum ObjectKind {
    Campaign,
    AdSet,
    Ad,
}

impl ObjectKind {
    pub(in crate::ads::performance) fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::AdSet => "ad_set",
            Self::Ad => "ad",
        }
    }

    /// The column that says up to when its changes were read.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Campaign => "campaigns_until",
            Self::AdSet => "ad_sets_until",
            Self::Ad => "ads_until",
        }
    }
}

/// An object as Meta shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::ads::performance) struct Seen {
    pub(in crate::ads::performance) object_id: String,
    pub(in crate::ads::performance) campaign_id: Option<String>,
    pub(in crate::ads::performance) ad_set_id: Option<String>,
    pub(in crate::ads::performance) creative_id: Option<String>,
    pub(in crate::ads::performance) name: Option<String>,
    pub(in crate::ads::performance) status: Option<String>,
    pub(in crate::ads::performance) daily_budget: Option<String>,
    pub(in crate::ads::performance) lifetime_budget: Option<String>,
    pub(in crate::ads::performance) updated_time: Option<DateTime<Utc>>,
}

/// An object as it was seen before.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct StateRow {
    pub(in crate::ads::performance) object_id: String,
    pub(in crate::ads::performance) name: Option<String>,
    pub(in crate::ads::performance) status: Option<String>,
    pub(in crate::ads::performance) daily_budget: Option<String>,
    pub(in crate::ads::performance) lifetime_budget: Option<String>,
    pub(in crate::ads::performance) updated_time: Option<DateTime<Utc>>,
    pub(in crate::ads::performance) read_at: DateTime<Utc>,
}

/// These objects as they were seen before, locked in one order by everybody.
pub(in crate::ads::performance) async fn lock(tx: &mut Tx, ids: &[String]) -> Result<Vec<StateRow>> {
    let sql = "select object_id, name, status, daily_budget, lifetime_budget, updated_time, read_at
         from ads_object_states where object_id = any ($1) order by object_id for update";
    Ok(sqlx::query_as(sql).bind(ids).fetch_all(tx.conn()).await?)
}

/// Which of these are deleted or archived, with that status.
pub(in crate::ads::performance) async fn gone(tx: &mut Tx, ids: &[String]) -> Result<Vec<(String, String)>> {
    let sql = "select object_id, status from ads_object_states
         where object_id = any ($1) and status in ('DELETED', 'ARCHIVED')";
    Ok(sqlx::query_as(sql).bind(ids).fetch_all(tx.conn()).await?)
}

/// Stores objects as they are now, and gives whose each is: its own maker's, else that of what it is in.
pub(in crate::ads::performance) async fn upsert(
    tx: &mut Tx,
    account: &str,
    kind: ObjectKind,
    seen: &Value,
    read_at: DateTime<Utc>,
) -> Result<Vec<(String, Option<String>)>> {
    let rows = sqlx::query_as(
        "insert into ads_object_states as s (object_id, account, kind, product, campaign_id, ad_set_id, creative_id, name,
            status, daily_budget, lifetime_budget, updated_time, read_at)
         select r.object_id, $1, $2, coalesce(
                (select o.product from ads_objects as o where o.object_id = r.object_id),
                (select o.product from ads_objects as o where o.object_id = r.ad_set_id),
                (select o.product from ads_objects as o where o.object_id = r.campaign_id)),
            r.campaign_id, r.ad_set_id, r.creative_id, r.name, r.status, r.daily_budget, r.lifetime_budget, r.updated_time, $4
         from jsonb_to_recordset($3) as r (object_id text, campaign_id text, ad_set_id text, creative_id text, name text,
            status text, daily_budget text, lifetime_budget text, updated_time timestamptz)
         order by r.object_id
         on conflict (object_id) do update set product = coalesce(excluded.product, s.product),
            campaign_id = excluded.campaign_id, ad_set_id = excluded.ad_set_id,
            creative_id = coalesce(excluded.creative_id, s.creative_id), name = excluded.name, status = excluded.status,
            daily_budget = excluded.daily_budget, lifetime_budget = excluded.lifetime_budget,
            updated_time = excluded.updated_time, read_at = excluded.read_at
            where s.read_at <= excluded.read_at
         returning object_id, product",
    )
    .bind(account)
    .bind(kind.as_str())
    .bind(seen)
    .bind(read_at)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
