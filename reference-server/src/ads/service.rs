//! What every part of advertising begins with.

use acd_meta::AdAccountId;
use acd_platform::ProductSlug;

use super::connection::Meta;
use super::store;
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

/// Advertising through the accounts that products share. Cheap to clone.
#[derive(Clone)]
pub struct Ads {
    pub(super) db: Db,
    pub(super) clock: Clock,
    meta: Option<Meta>,
}

impl Ads {
    /// Advertising over this connection. Without one, whatever needs Meta answers 503.
    pub fn new(db: Db, clock: Clock, meta: Option<Meta>) -> Self {
        Self { db, clock, meta }
    }

    /// The connection.
    ///
    /// # Errors
    /// 503 when this process has none.
    pub fn meta(&self) -> Result<&Meta> {
        self.meta.as_ref().ok_or_else(not_connected)
    }

    /// The product that a request is for.
    pub(super) fn product(principal: &Principal, named: Option<ProductSlug>) -> Result<ProductSlug> {
        principal
            .pick_product(named)?
            .ok_or_else(|| Problem::invalid("product_required", "product: name the product whose ads are meant"))
    }

    /// The account that a request is about: the one it names, if the product may use it, or the product's only one.
    pub(super) async fn account(tx: &mut Tx, product: &ProductSlug, named: Option<AdAccountId>) -> Result<AdAccountId> {
        let accounts = store::accounts_of(tx, product).await?;
        match (named, &accounts[..]) {
            (Some(named), _) if accounts.iter().any(|account| *account == named.to_string()) => Ok(named),
            (Some(_), _) => Err(Problem::not_found("ad account")),
            (None, [only]) => Ok(AdAccountId::from(only.as_str())),
            (None, []) => Err(Problem::invalid(
                "no_ad_account",
                "the product may use no ad account; an administrator allows it with POST /v1/ads/accounts",
            )),
            (None, _) => {
                Err(Problem::invalid("account_required", "account: the product has several; name the one meant"))
            }
        }
    }
}

/// What is answered where Meta is needed and there is no way to it.
pub(super) fn not_connected() -> Problem {
    Problem::unavailable("meta_not_connected", "this process is not connected to Meta; `acd serve` is")
}
