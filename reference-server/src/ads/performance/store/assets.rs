//! Assets, and what ads that show them did.

use acd_platform::{AssetId, ProductSlug};
use sqlx::{FromRow, query_as, query_scalar};
use uuid::Uuid;

use super::daily::{Filter, Sums};
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// What an asset did in the ads of accounts with one currency.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::performance) struct AssetSums {
    pub(in crate::ads::performance) asset_id: Uuid,
    pub(in crate::ads::performance) ads: i64,
    #[sqlx(flatten)]
    pub(in crate::ads::performance) sums: Sums,
}

/// Assets by id and currency, after this one.
pub(in crate::ads::performance) async fn list(
    tx: &mut Tx,
    filter: &Filter<'_>,
    asset: Option<AssetId>,
    after: Option<(AssetId, &str)>,
) -> Result<Vec<AssetSums>> {
    let (after_asset, after_currency) = after.unzip();
    let sql =
        "select c.asset_id, count(distinct d.object_id) as ads, d.currency, sum(d.spend_minor)::bigint as spend_minor,
            sum(d.impressions)::bigint as impressions, sum(d.clicks)::bigint as clicks,
            sum(d.link_clicks)::bigint as link_clicks,
            coalesce(round(sum((d.actions ->> $5)::numeric)), 0)::bigint as conversions,
            coalesce(sum((d.action_values_minor ->> $5)::bigint), 0)::bigint as conversion_value_minor,
            sum(d.video_plays)::bigint as video_plays, sum(d.video_thruplays)::bigint as video_thruplays
         from ads_insights_daily as d
         join ads_object_states as s on s.object_id = d.object_id
         join ads_creative_assets as c on c.creative_id = s.creative_id and c.product = d.product
         where d.level = 'ad' and d.product = $1 and d.account = any ($2) and d.day between $3 and $4
            and ($6::uuid is null or c.asset_id = $6)
            and ($7::uuid is null or (c.asset_id, d.currency) > ($7, $8))
         group by c.asset_id, d.currency order by c.asset_id, d.currency limit $9";
    Ok(query_as(sql)
        .bind(filter.product.map(ProductSlug::as_str))
        .bind(filter.accounts)
        .bind(filter.since)
        .bind(filter.until)
        .bind(filter.conversion)
        .bind(asset.map(AssetId::uuid))
        .bind(after_asset.map(AssetId::uuid))
        .bind(after_currency)
        .bind(filter.rows)
        .fetch_all(tx.conn())
        .await?)
}

/// Whether an asset is one of the product's, or was when a creative was made of it.
pub(in crate::ads::performance) async fn is_known(tx: &mut Tx, product: &ProductSlug, asset: AssetId) -> Result<bool> {
    let sql = "select exists (select from shared_assets where product = $1 and id = $2)
            or exists (select from ads_creative_assets where product = $1 and asset_id = $2)";
    Ok(query_scalar(sql).bind(product.as_str()).bind(asset.uuid()).fetch_one(tx.conn()).await?)
}

/// The assets that these creatives show, by creative.
pub(in crate::ads::performance) async fn shown(tx: &mut Tx, creatives: &[&str]) -> Result<Vec<(String, Uuid)>> {
    let sql = "select creative_id, asset_id from ads_creative_assets where creative_id = any ($1)
         order by creative_id, asset_id";
    Ok(query_as(sql).bind(creatives).fetch_all(tx.conn()).await?)
}
