//! Daily figures.

use acd_platform::ProductSlug;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::FromRow;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Writes days as Meta reports them now. What was read later stays, and so does whose an object was that is deleted.
pub(in crate::ads::performance) async fn upsert(
    tx: &mut Tx,
    account: &str,
    level: &str,
    currency: &str,
    rows: &Value,
    read_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into ads_insights_daily as d (account, level, object_id, day, product, campaign_id, ad_set_id, currency,
            spend_minor, impressions, reach, clicks, link_clicks, video_plays, video_thruplays, video_p25, video_p50,
            video_p75, video_p100, actions, action_values_minor, read_at)
         select $1, $2, r.object_id, r.day, case when $2 <> 'account' then coalesce(
                (select o.product from ads_objects as o where o.object_id = r.object_id),
                (select o.product from ads_objects as o where o.object_id = r.ad_set_id),
                (select o.product from ads_objects as o where o.object_id = r.campaign_id),
                (select s.product from ads_object_states as s where s.object_id = r.object_id)) end,
            r.campaign_id, r.ad_set_id, $3, r.spend_minor, r.impressions, r.reach, r.clicks, r.link_clicks, r.video_plays,
            r.video_thruplays, r.video_p25, r.video_p50, r.video_p75, r.video_p100, r.actions, r.action_values_minor, $5
         from jsonb_to_recordset($4) as r (object_id text, day date, campaign_id text, ad_set_id text, spend_minor bigint,
            impressions bigint, reach bigint, clicks bigint, link_clicks bigint, video_plays bigint, video_thruplays bigint,
            video_p25 bigint, video_p50 bigint, video_p75 bigint, video_p100 bigint, actions jsonb,
            action_values_minor jsonb)
         order by r.object_id, r.day
         on conflict (account, level, object_id, day) do update set
            product = coalesce(excluded.product, d.product), campaign_id = excluded.campaign_id,
            ad_set_id = excluded.ad_set_id, currency = excluded.currency, spend_minor = excluded.spend_minor,
            impressions = excluded.impressions, reach = excluded.reach, clicks = excluded.clicks,
            link_clicks = excluded.link_clicks, video_plays = excluded.video_plays,
            video_thruplays = excluded.video_thruplays, video_p25 = excluded.video_p25, video_p50 = excluded.video_p50,
            video_p75 = excluded.video_p75, video_p100 = excluded.video_p100, actions = excluded.actions,
            action_values_minor = excluded.action_values_minor, read_at = excluded.read_at
            where d.read_at <= excluded.read_at",
    )
    .bind(account)
    .bind(level)
    .bind(currency)
    .bind(rows)
    .bind(read_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sums over what a row of an answer stands for.
#[derive(Clone, Debug, Default, FromRow)]
pub(in crate::ads::performance) struct Sums {
    pub(in crate::ads::performance) currency: String,
    pub(in crate::ads::performance) spend_minor: i64,
    pub(in crate::ads::performance) impressions: i64,
    pub(in crate::ads::performance) clicks: i64,
    pub(in crate::ads::performance) link_clicks: i64,
    pub(in crate::ads::performance) conversions: i64,
    pub(in crate::ads::performance) conversion_value_minor: i64,
    pub(in crate::ads::performance) video_plays: i64,
    pub(in crate::ads::performance) video_thruplays: i64,
}

/// A row of the daily figures.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct DailyRow {
    pub(in crate::ads::performance) day: NaiveDate,
    pub(in crate::ads::performance) account: String,
    /// The campaign, ad set or ad; empty for a product's sum.
    pub(in crate::ads::performance) object: String,
    pub(in crate::ads::performance) product: Option<String>,
    pub(in crate::ads::performance) campaign_id: Option<String>,
    pub(in crate::ads::performance) ad_set_id: Option<String>,
    #[sqlx(flatten)]
    pub(in crate::ads::performance) sums: Sums,
}

/// Which rows are wanted.
#[derive(Clone, Debug)]
pub(in crate::ads::performance) struct Filter<'a> {
    pub(in crate::ads::performance) level: &'a str,
    /// Whether a product's objects are summed up.
    pub(in crate::ads::performance) is_summed: bool,
    pub(in crate::ads::performance) product: Option<&'a ProductSlug>,
    pub(in crate::ads::performance) accounts: &'a [String],
    pub(in crate::ads::performance) campaign: Option<&'a str>,
    pub(in crate::ads::performance) since: NaiveDate,
    pub(in crate::ads::performance) until: NaiveDate,
    pub(in crate::ads::performance) conversion: &'a str,
    /// Day, account and object of the row before.
    pub(in crate::ads::performance) after: Option<(NaiveDate, &'a str, &'a str)>,
    pub(in crate::ads::performance) rows: i64,
}

/// Rows by day, account and object.
pub(in crate::ads::performance) async fn list(tx: &mut Tx, filter: &Filter<'_>) -> Result<Vec<DailyRow>> {
    let (day, account, object) = match filter.after {
        Some((day, account, object)) => (Some(day), Some(account), Some(object)),
        None => (None, None, None),
    };
    let rows = sqlx::query_as(
        "with wanted as (
            select *, case when $1 then '' else object_id end as object from ads_insights_daily
            where level = $2 and ($3::text is null or product = $3) and account = any ($4)
              and ($5::text is null or campaign_id = $5) and day between $6 and $7)
         select day, account, object, product, max(campaign_id) as campaign_id, max(ad_set_id) as ad_set_id, currency,
            sum(spend_minor)::bigint as spend_minor, sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks,
            sum(link_clicks)::bigint as link_clicks,
            coalesce(round(sum((actions ->> $8)::numeric)), 0)::bigint as conversions,
            coalesce(sum((action_values_minor ->> $8)::bigint), 0)::bigint as conversion_value_minor,
            sum(video_plays)::bigint as video_plays, sum(video_thruplays)::bigint as video_thruplays
         from wanted where $9::date is null or (day, account, object) > ($9, $10, $11)
         group by day, account, object, product, currency order by day, account, object limit $12",
    )
    .bind(filter.is_summed)
    .bind(filter.level)
    .bind(filter.product.map(ProductSlug::as_str))
    .bind(filter.accounts)
    .bind(filter.campaign)
    .bind(filter.since)
    .bind(filter.until)
    .bind(filter.conversion)
    .bind(day)
    .bind(account)
    .bind(object)
    .bind(filter.rows)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Whether the caller may know a campaign, also one that is deleted.
pub(in crate::ads::performance) async fn has_campaign(tx: &mut Tx, campaign: &str) -> Result<bool> {
    let sql = "select exists (select from ads_objects where object_id = $1 and kind = 'campaign')
            or exists (select from ads_insights_daily where campaign_id = $1)
            or exists (select from ads_object_states where object_id = $1 and kind = 'campaign')";
    Ok(sqlx::query_scalar(sql).bind(campaign).fetch_one(tx.conn()).await?)
}
