//! What every part of it begins with.

use acd_meta::AdAccountId;
use acd_platform::ProductSlug;

use super::fresh::Flights;
use crate::ads::{Ads, store};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Figures of ads, kept day by day. Cheap to clone.
#[derive(Clone)]
pub struct Performance {
    pub(super) ads: Ads,
    pub(super) clock: Clock,
    pub(super) flights: Flights,
}

impl Performance {
    /// Figures of the ads that are reached through this connection.
    pub fn new(ads: Ads, clock: Clock) -> Self {
        Self { ads, clock, flights: Flights::default() }
    }

    pub(super) fn db(&self) -> &Db {
        &self.ads.db
    }

    /// A transaction of the service's own: what is read of Meta concerns all products of an account.
    pub(super) async fn as_service(&self) -> Result<Tx> {
        self.db().scoped(&Principal::service(RequestId::new())).await
    }

    /// The accounts of a product that a request is about: the one it names, or all.
    pub(super) async fn accounts(
        tx: &mut Tx,
        product: &ProductSlug,
        named: Option<AdAccountId>,
    ) -> Result<Vec<AdAccountId>> {
        let accounts = store::accounts_of(tx, product).await?;
        let accounts = accounts.into_iter().map(|account| AdAccountId::from(account.as_str()));
        match named {
            None => Ok(accounts.collect()),
            Some(named) => {
                let found: Vec<_> = accounts.filter(|account| *account == named).collect();
                if found.is_empty() { Err(Problem::not_found("ad account")) } else { Ok(found) }
            }
        }
    }
}

impl std::fmt::Debug for Performance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Performance")
    }
}
