//! How much of Meta's limits is used, and by whom.

use acd_platform::ads::limits::{AdsLimit, AdsLimits, ProductUse};
use chrono::DateTime;

use super::pool::PoolUse;
use super::service::Ads;
use super::store;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;

impl Ads {
    /// The limits of the caller's accounts. A product sees its own part alone; an administrator sees everybody's.
    pub(super) async fn limits(&self, principal: &Principal) -> Result<AdsLimits> {
        let meta = self.meta()?;
        let accounts = match principal.product() {
            None => None,
            Some(product) => {
                let mut tx = self.db.scoped(principal).await?;
                let accounts = store::accounts_of(&mut tx, product).await?;
                tx.commit().await?;
                Some(accounts)
            }
        };
        let pools = meta.pools().used(&principal.as_service(), accounts.as_deref()).await?;
        Ok(AdsLimits { data: pools.into_iter().map(|pool| shown(principal, pool)).collect() })
    }
}

fn shown(principal: &Principal, pool: PoolUse) -> AdsLimit {
    let may_see = |name: &str| principal.product().is_none_or(|own| own.as_str() == name);
    let products = pool.products.into_iter().filter(|(name, _)| may_see(name));
    AdsLimit {
        pool: pool.name,
        account: pool.account,
        limit: pool.limit,
        window_seconds: pool.window.as_secs(),
        used: pool.used,
        told_percent: pool.told_percent,
        blocked_until: pool.blocked_until.and_then(DateTime::from_timestamp_millis),
        products: products
            .map(|(name, part)| ProductUse {
                product: name.parse().ok(),
                used: part.used,
                guaranteed: part.guaranteed,
                waiting: part.waiting,
            })
            .collect(),
    }
}
