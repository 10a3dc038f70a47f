//! What assets did in all ads that show them.

use acd_meta::AdAccountId;
use acd_platform::AssetId;
use acd_platform::ads::asset_insights::{AssetInsight, AssetInsights, ListAssetInsights};
use acd_platform::ads::daily::{AdFigures, DailyLevel};
use chrono::TimeDelta;

use super::daily::{conversion, days, max_age};
use super::figures::count;
use super::service::Performance;
use super::store::assets::{self as store, AssetSums};
use super::store::daily::Filter;
use crate::ads::Ads;
use crate::kernel::paging;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

impl Performance {
    /// A page of what assets did, and for how long it is good.
    pub(super) async fn asset_insights(
        &self,
        principal: &Principal,
        query: ListAssetInsights,
    ) -> Result<(AssetInsights, TimeDelta)> {
        let now = self.clock.now();
        let limit = paging::limit(query.limit, 200, 1_000)?;
        let (since, until) = days(query.since, query.until, now.date_naive(), 28)?;
        let conversion = conversion(query.conversion)?;
        let after = query.cursor.as_deref().map(read_cursor).transpose()?;
        let product = Ads::product(principal, query.product)?;
        let mut tx = self.db().scoped(principal).await?;
        let accounts = Self::accounts(&mut tx, &product, None).await?;
        if let Some(asset) = query.asset
            && !store::is_known(&mut tx, &product, asset).await?
        {
            return Err(Problem::not_found("asset"));
        }
        tx.commit().await?;
        let meta = self.ads.meta()?;
        let client = |account: &AdAccountId| Ok(meta.on_behalf(&product, account));
        let freshness = self.fresh(client, &accounts, DailyLevel::Ad, until).await?;
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        let filter = Filter {
            level: DailyLevel::Ad.as_str(),
            is_summed: false,
            product: Some(&product),
            accounts: &accounts,
            campaign: None,
            since,
            until,
            conversion: &conversion,
            after: None,
            rows: limit + 1,
        };
        let mut tx = self.db().scoped(principal).await?;
        let mut rows = store::list(&mut tx, &filter, query.asset, after).await?;
        tx.commit().await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let cursor = |row: &AssetSums| format!("{}.{}", AssetId::from(row.asset_id), row.sums.currency);
        let next_cursor = rows.last().filter(|_| has_more).map(cursor);
        let data = rows.into_iter().map(shown).collect();
        Ok((AssetInsights { data, next_cursor, as_of: freshness.as_of }, max_age(freshness, now)))
    }
}

fn shown(row: AssetSums) -> AssetInsight {
    AssetInsight { asset_id: AssetId::from(row.asset_id), ads: count(row.ads), figures: AdFigures::from(row.sums) }
}

/// Asset and currency of the row before.
fn read_cursor(cursor: &str) -> Result<(AssetId, &str)> {
    let parts = cursor.split_once('.').and_then(|(asset, currency)| Some((asset.parse().ok()?, currency)));
    parts.filter(|(_, currency)| currency.len() == 3).ok_or_else(|| {
        Problem::bad_request("invalid_cursor", "cursor: give back next_cursor of the page before, unchanged")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let asset = AssetId::from(uuid::Uuid::from_u128(7));
        assert_eq!(read_cursor(&format!("{asset}.USD")).unwrap(), (asset, "USD"));
        for wrong in ["", "x.USD", &format!("{asset}"), &format!("{asset}.DOLLAR")] {
            assert_eq!(read_cursor(wrong).unwrap_err().code, "invalid_cursor");
        }
    }
}
