//! What is shown of pools.

use std::collections::BTreeMap;
use std::time::Duration;

use super::desk::millis;
use super::keeper::SharedPools;
use super::ledger::Terms;
use super::store;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;

/// What a pool is shown for that only the vendor knows the limit of.
const HOUR: Duration = Duration::from_secs(3_600);

/// How much of a pool is used.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolUse {
    /// The pool's name.
    pub name: String,
    /// Whose it is.
    pub account: String,
    /// Units allowed in a window; `None` where only the vendor knows.
    pub limit: Option<u32>,
    /// The window.
    pub window: Duration,
    /// Units used in the last window, and lent.
    pub used: u64,
    /// The share that the vendor told last, in percent.
    pub told_percent: Option<f64>,
    /// The end of a pause, in milliseconds since 1970.
    pub blocked_until: Option<i64>,
    /// The products' parts.
    pub products: BTreeMap<String, ProductPart>,
}

/// A product's part of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductPart {
    /// Units used in the last window, and lent.
    pub used: u64,
    /// Units that it can count on.
    pub guaranteed: Option<u64>,
    /// Calls that wait.
    pub waiting: u64,
}

impl SharedPools {
    /// How much of each pool is used; with `accounts` of theirs alone. The principal must be the service.
    ///
    /// # Errors
    /// 503 when the database is away or busy.
    pub async fn used(&self, principal: &Principal, accounts: Option<&[String]>) -> Result<Vec<PoolUse>> {
        let mut tx = self.db().scoped(principal).await?;
        let rows = store::all(&mut tx, accounts).await?;
        tx.commit().await?;
        let now = millis(self.runtime().wall());
        let shown = rows.into_iter().map(|mut row| {
            let terms = Terms { allowance: self.allowed().allowance(&row.name), weights: &row.weights };
            let view = row.state.view(&terms, now);
            let part = |(used, guaranteed, waiting)| ProductPart { used, guaranteed, waiting };
            PoolUse {
                limit: view.units,
                window: terms.allowance.map_or(HOUR, |allowance| allowance.window),
                used: view.used,
                told_percent: view.told_percent,
                blocked_until: view.blocked_until,
                products: view.products.into_iter().map(|(name, figures)| (name, part(figures))).collect(),
                name: row.name,
                account: row.scope,
            }
        });
        Ok(shown.collect())
    }
}
