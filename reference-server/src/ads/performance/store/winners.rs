//! Ads of campaigns, day by day.

use acd_platform::{AssetId, ProductSlug};
use chrono::NaiveDate;
use sqlx::FromRow;

use super::daily::{Filter, Sums};
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// An ad on one day.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct AdDay {
    pub(in crate::ads::performance) campaign_id: String,
    pub(in crate::ads::performance) account: String,
    pub(in crate::ads::performance) ad_id: String,
    pub(in crate::ads::performance) creative_id: Option<String>,
    pub(in crate::ads::performance) day: NaiveDate,
    #[sqlx(flatten)]
    pub(in crate::ads::performance) sums: Sums,
}

/// The campaigns of which ads were shown, with this asset if one is given, by id, after this one.
pub(in crate::ads::performance) async fn campaigns(
    tx: &mut Tx,
    filter: &Filter<'_>,
    asset: Option<AssetId>,
    after: Option<&str>,
) -> Result<Vec<String>> {
    let sql = "select distinct campaign_id from ads_insights_daily as d
         where level = 'ad' and product = $1 and account = any ($2) and ($3::text is null or campaign_id = $3)
           and day between $4 and $5 and impressions > 0 and campaign_id is not null
           and ($6::text is null or campaign_id > $6)
           and ($8::uuid is null or exists (
                select from ads_object_states as s join ads_creative_assets as c on c.creative_id = s.creative_id
                where s.object_id = d.object_id and c.product = d.product and c.asset_id = $8))
         order by campaign_id limit $7";
    Ok(sqlx::query_scalar(sql)
        .bind(filter.product.map(ProductSlug::as_str))
        .bind(filter.accounts)
        .bind(filter.campaign)
        .bind(filter.since)
        .bind(filter.until)
        .bind(after)
        .bind(filter.rows)
        .bind(asset.map(AssetId::uuid))
        .fetch_all(tx.conn())
        .await?)
}

/// The ads of these campaigns, by campaign, day and ad.
pub(in crate::ads::performance) async fn ads(
    tx: &mut Tx,
    filter: &Filter<'_>,
    campaigns: &[String],
) -> Result<Vec<AdDay>> {
    let sql = "select d.campaign_id, d.account, d.object_id as ad_id, s.creative_id, d.day, d.currency, d.spend_minor,
            d.impressions, d.clicks, d.link_clicks, coalesce(round((d.actions ->> $5)::numeric), 0)::bigint as conversions,
            coalesce((d.action_values_minor ->> $5)::bigint, 0) as conversion_value_minor, d.video_plays, d.video_thruplays
         from ads_insights_daily as d left join ads_object_states as s on s.object_id = d.object_id
         where d.level = 'ad' and d.product = $1 and d.account = any ($6) and d.campaign_id = any ($2)
           and d.day between $3 and $4
         order by d.campaign_id, d.day, d.object_id";
    Ok(sqlx::query_as(sql)
        .bind(filter.product.map(ProductSlug::as_str))
        .bind(campaigns)
        .bind(filter.since)
        .bind(filter.until)
        .bind(filter.conversion)
        .bind(filter.accounts)
        .fetch_all(tx.conn())
        .await?)
}
