//! Which products may use which ad accounts.

use std::ops::RangeInclusive;

use acd_platform::ads::accounts::{AdAccountUse, CreateAdAccountUse, ListAdAccountUses, UpdateAdAccountUse};
use acd_platform::{AdAccountUseId, Page};
use serde_json::json;

use super::pool::DEFAULT_WEIGHT;
use super::service::Ads;
use super::store;
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox, paging};

const WEIGHTS: RangeInclusive<u32> = 1..=10_000;
/// How often one looks again for a row that another request makes and deletes meanwhile.
const TRIES: usize = 3;

impl Ads {
    /// Lets a product use an account; true when it is new.
    pub async fn allow(&self, principal: &Principal, new: &CreateAdAccountUse) -> Result<(AdAccountUse, bool)> {
        let number = new.account.number();
        if number.is_empty() || number.len() > 20 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(check::invalid("account", "must be the id of an ad account, such as act_17"));
        }
        let weight = new.weight.unwrap_or(DEFAULT_WEIGHT);
        check_weight(weight)?;
        let mut tx = self.db.scoped(principal).await?;
        for _ in 0..TRIES {
            if let Some(made) = store::allow(&mut tx, &new.account.to_string(), &new.product, weight).await? {
                let made = AdAccountUse::try_from(made)?;
                announce(&mut tx, principal, "ads.account_allowed", &made).await?;
                tx.commit().await?;
                return Ok((made, true));
            }
            if let Some(found) = store::allowed(&mut tx, &new.account.to_string(), &new.product).await? {
                tx.commit().await?;
                return Ok((found.try_into()?, false));
            }
        }
        Err(Problem::unavailable("ad_account_busy", "this is being allowed and withdrawn elsewhere; try again shortly"))
    }

    /// Lists them, oldest first.
    pub async fn accounts(&self, principal: &Principal, query: ListAdAccountUses) -> Result<Page<AdAccountUse>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::uses(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, AdAccountUse::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// Changes a weight.
    pub async fn weigh(
        &self,
        principal: &Principal,
        id: AdAccountUseId,
        change: &UpdateAdAccountUse,
    ) -> Result<AdAccountUse> {
        check_weight(change.weight)?;
        let mut tx = self.db.scoped(principal).await?;
        let row = store::weigh(&mut tx, id.uuid(), change.weight).await?;
        let changed = AdAccountUse::try_from(row.ok_or_else(|| Problem::not_found("use of an ad account"))?)?;
        announce(&mut tx, principal, "ads.account_weighed", &changed).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// No longer lets a product use an account.
    pub async fn withdraw(&self, principal: &Principal, id: AdAccountUseId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::withdraw(&mut tx, id.uuid()).await?;
        let gone = AdAccountUse::try_from(row.ok_or_else(|| Problem::not_found("use of an ad account"))?)?;
        announce(&mut tx, principal, "ads.account_withdrawn", &gone).await?;
        tx.commit().await
    }
}

fn check_weight(weight: u32) -> Result<()> {
    if WEIGHTS.contains(&weight) { Ok(()) } else { Err(check::invalid("weight", "must be between 1 and 10000")) }
}

async fn announce(tx: &mut Tx, principal: &Principal, topic: &'static str, what: &AdAccountUse) -> Result<()> {
    let payload = json!({ "id": what.id, "account": what.account, "weight": what.weight });
    outbox::push(tx, topic, Some(&what.product), &payload, &principal.request_id).await
}
